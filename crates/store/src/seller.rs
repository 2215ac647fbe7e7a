//! Sellers and their recorded prompts.

use jiff::Timestamp;
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

/// What a recorded prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptKind {
    /// Played first to every person.
    Disclosure,
    /// Played after an opt-out.
    Acknowledgement,
    /// Left on a machine.
    Voicemail,
    /// What an announcement says.
    Message,
}

impl PromptKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Disclosure,
        Self::Acknowledgement,
        Self::Voicemail,
        Self::Message,
    ];

    /// As it stands in a path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disclosure => "disclosure",
            Self::Acknowledgement => "acknowledgement",
            Self::Voicemail => "voicemail",
            Self::Message => "message",
        }
    }

    /// Reads what stands in a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
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
