//! The signed head: what stands beside the table, so that a missing tail is found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The newest entry, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The newest entry's place; also how many there are.
    pub seq: u64,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// The public key, hexadecimal.
    pub key: String,
    /// Ed25519 over the above, hexadecimal.
    pub signature: String,
}
