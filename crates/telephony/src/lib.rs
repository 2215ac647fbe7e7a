//! The line: SIP and RTP towards carriers, prompts, keys, ears, and the simulated carrier that tests and demos call.
//!
//! The server's driver sees [`Dial`], [`Leg`] and the core's `Input` and `Output`; the SIP stack stays in here.

mod leg;
mod line;
mod media;
pub mod simulated;
mod sip;
mod trunk;

use std::sync::Arc;

use jiff::Timestamp;

pub use leg::{Leg, LegHandle};
pub use line::{Dial, DialError, DialOrder, Line, LineConfig, LineError, Prompts};
pub use media::{PROMPT_S_MAX, Prompt, PromptError, g711};
pub use sip::TrunkHealth;
pub use trunk::{RING_SECONDS_MIN, Slot, Transport, TrunkConfig};

/// What every log filter must hold: below `warn` the SIP stack logs whole messages, with numbers and digests.
pub const LOG_FILTER: &str = "rsipstack=warn";

/// The world's clock, as the server has it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
