//! The consent ledger's records as they are written and shown.

use jiff::Timestamp;
use ringfence_core::consent::{ConsentLevel, Elements, Purpose};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A consent as it is recorded; kept as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentDraft {
    /// Whose.
    pub number: PhoneNumber,
    /// The seller named; it may be put later.
    pub seller: String,
    /// How it was given.
    pub level: ConsentLevel,
    /// What it covers.
    pub purposes: Vec<Purpose>,
    /// Where it was given, such as `web-form`.
    pub channel: String,
    /// When the callee gave it.
    pub granted_at: Timestamp,
    /// The exact text that was shown; kept once by its hash.
    pub text: String,
    /// What proves it, as the caller says.
    pub proof: Value,
    /// Whether it covers an artificial voice.
    pub artificial_voice: bool,
    /// Whether a confirmation is needed before it stands.
    pub double_opt_in: bool,
    /// When it ends by its own terms.
    pub expires_at: Option<Timestamp>,
}

/// A confirmation of a double opt-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// How it was confirmed.
    pub channel: String,
    /// What proves it.
    pub proof: Value,
    /// When.
    pub at: Timestamp,
}

/// A consent on file with what has since been recorded about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// `con_...`
    pub id: Id,
    /// As it was recorded.
    #[serde(flatten)]
    pub draft: ConsentDraft,
    /// SHA-256 of the text, hexadecimal.
    pub text_sha256: String,
    /// The elements of the text, for the seller's name as it is now.
    pub elements: Elements,
    /// When it was recorded here.
    pub recorded_at: Timestamp,
    /// The first confirmation.
    pub confirmation: Option<Confirmation>,
}
