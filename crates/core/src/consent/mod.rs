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
