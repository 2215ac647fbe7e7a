//! What is heard and said on a call: RTP, prompts, keys, ears. All of it runs in one pacer thread, so that no busy
//! task can delay a frame of the disclosure.

mod ears;
mod echo;
pub mod g711;
pub(crate) mod keypad;
#[cfg(test)]
mod loopback;
pub(crate) mod pacer;
mod playing;
pub(crate) mod ports;
mod prompt;
pub(crate) mod rtcp;
pub(crate) mod rtp;
pub(crate) mod session;
mod source;
mod tone;

pub use prompt::{PROMPT_S_MAX, Prompt, PromptError};
