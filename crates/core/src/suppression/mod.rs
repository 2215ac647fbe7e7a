//! Who must not be called, as facts for the gate.

mod scope;

pub use scope::revokes_all;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::Id;

/// An entry of the internal do-not-call list: a suppression, or the suppression that a revocation makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalEntry {
    /// `sup_...`
    pub id: Id,
    /// The seller it binds; none: every seller.
    pub seller: Option<String>,
    /// Whether the callee withdrew consent (a revocation), and not only "do not call".
    pub revocation: bool,
    /// Since when.
    pub at: Timestamp,
    /// Who or what asked for it, in the recorder's words.
    pub reason: String,
}

/// A version of a dated list that covers this number, with the answer for this number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAnswer {
    /// `lst_...`
    pub version: Id,
    /// The list's own name: `national`, a state's code, or what the operator called it.
    pub name: String,
    /// When the copy was obtained.
    pub obtained_at: Timestamp,
    /// From when it binds.
    pub effective_at: Option<Timestamp>,
    /// When it stops being current.
    pub expires_at: Option<Timestamp>,
    /// Whether the number is on it.
    pub listed: bool,
}

/// An answer of the Reassigned Numbers Database about this number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReassignedAnswer {
    /// The consent date that the question named.
    pub consent_date: jiff::civil::Date,
    /// `yes`: permanently disconnected since that date.
    pub answer: Reassigned,
    /// When it was asked.
    pub asked_at: Timestamp,
}

/// The three answers; `no-data` is not `no` (47 CFR 64.1200(m)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reassigned {
    /// Reassigned or disconnected since the date.
    Yes,
    /// Not disconnected since the date.
    No,
    /// The database cannot say.
    NoData,
}
