//! SIP signalling on `rsipstack`, seen by nobody outside this folder.

pub(crate) mod callee;
mod requests;
pub(crate) mod sdp;
mod stack;

pub(crate) use stack::Stack;
