//! What the operator puts: the STOP button, counsel overrides, relationships.

use std::fmt;

use jiff::Timestamp;
use ringfence_core::gate::RelationshipKind;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use serde::{Deserialize, Serialize};

/// What a STOP button stops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopScope {
    /// Everything.
    All,
    /// One seller.
    Seller(String),
    /// One campaign.
    Campaign(Id),
}

impl fmt::Display for StopScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Seller(seller) => write!(f, "seller {seller}"),
            Self::Campaign(campaign) => write!(f, "campaign {campaign}"),
        }
    }
}

/// A pressed STOP button, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRecord {
    /// What it stops.
    pub scope: StopScope,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// A counsel's relaxation of one rule, to record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideDraft {
    /// For whom.
    pub seller: String,
    /// The rule's id.
    pub rule: String,
    /// From when.
    pub from: Timestamp,
    /// Until when, exclusive.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Where the advice is kept.
    pub document: String,
}

/// A counsel override on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideRecord {
    /// `ovr_...`
    pub id: Id,
    /// As it was recorded.
    #[serde(flatten)]
    pub draft: OverrideDraft,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// An inquiry or a purchase, to record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationshipDraft {
    /// Whose.
    pub number: PhoneNumber,
    /// With whom.
    pub seller: String,
    /// What happened.
    pub kind: RelationshipKind,
    /// When.
    pub at: Timestamp,
}
