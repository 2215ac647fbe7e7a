//! Sellers and their recorded prompts.

use jiff::Timestamp;
pub use ringfence_core::call::PromptKind;
use ringfence_core::seller::Seller;
use serde::{Deserialize, Serialize};

/// A seller on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellerRecord {
    /// The id that the operator chose, such as `acme-solar`.
    pub id: String,
    /// As it was put last.
    #[serde(flatten)]
    pub profile: Seller,
    /// When it was put last.
    pub updated_at: Timestamp,
}

/// A recorded prompt and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The file as it came.
    pub wav: Vec<u8>,
    /// What it says.
    pub words: String,
    /// SHA-256 of `wav`, hexadecimal.
    pub sha256: String,
    /// How long it plays, in milliseconds.
    pub duration_ms: u64,
}
