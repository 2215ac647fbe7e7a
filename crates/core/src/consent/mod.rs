//! The consent ledger's records. A consent is granted, perhaps confirmed, perhaps revoked; each is an entry of
//! its own and none is ever edited (invariant `append-only`).

mod elements;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::Id;

pub use elements::{Element, Elements, find_elements};

/// What a call is for; it decides which consent and which lists bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Selling, or anything mixed with selling.
    Telemarketing,
    /// Not selling: appointments, deliveries, service.
    Informational,
    /// A health-care message of a HIPAA entity.
    Healthcare,
    /// Collecting a debt (Regulation F).
    DebtCollection,
    /// For a tax-exempt nonprofit.
    Charity,
    /// Political.
    Political,
    /// Necessary for health and safety (47 CFR 64.1200(f)(4)).
    Emergency,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::Telemarketing,
        Self::Informational,
        Self::Healthcare,
        Self::DebtCollection,
        Self::Charity,
        Self::Political,
        Self::Emergency,
    ];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telemarketing => "telemarketing",
            Self::Informational => "informational",
            Self::Healthcare => "healthcare",
            Self::DebtCollection => "debt-collection",
            Self::Charity => "charity",
            Self::Political => "political",
            Self::Emergency => "emergency",
        }
    }
}

/// How the callee agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentLevel {
    /// Spoken.
    Oral,
    /// Prior express consent: gave the number for the purpose.
    Express,
    /// Prior express written consent (47 CFR 64.1200(f)(9)).
    ExpressWritten,
}

impl ConsentLevel {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Oral, Self::Express, Self::ExpressWritten];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oral => "oral",
            Self::Express => "express",
            Self::ExpressWritten => "express-written",
        }
    }
}

/// One consent as the gate sees it at an instant: the grant, with what has since been recorded about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// `con_...`
    pub id: Id,
    /// The seller named.
    pub seller: String,
    /// How it was given.
    pub level: ConsentLevel,
    /// What it covers.
    pub purposes: Vec<Purpose>,
    /// When the callee gave it.
    pub granted_at: Timestamp,
    /// Whether it covers an artificial voice.
    pub artificial_voice: bool,
    /// Whether a confirmation is needed before it stands.
    pub double_opt_in: bool,
    /// When it was confirmed, if it was.
    pub confirmed_at: Option<Timestamp>,
    /// When it ends by its own terms.
    pub expires_at: Option<Timestamp>,
    /// The hash of the exact text that was shown.
    pub text_sha256: String,
    /// The elements that the text lacks, for this seller's name.
    pub missing: Vec<Element>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_serde() {
        let said = |word| serde_json::Value::String(String::from(word));
        for purpose in Purpose::ALL {
            assert_eq!(said(purpose.as_str()), serde_json::json!(purpose));
        }
        for level in ConsentLevel::ALL {
            assert_eq!(said(level.as_str()), serde_json::json!(level));
        }
    }
}
