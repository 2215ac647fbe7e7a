//! SIP signalling on `rsipstack`, seen by nobody outside this folder.

pub(crate) mod callee;
mod probe;
mod refresh;
mod requests;
pub(crate) mod sdp;
mod stack;
mod target;

pub use probe::TrunkHealth;
pub(crate) use stack::Stack;
