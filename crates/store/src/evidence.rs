//! The event log as it is asked for.

use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use serde::{Deserialize, Serialize};

/// Which events; every part that is set must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// A type (`call.ringing`) or a stage (`call`).
    pub kind: Option<String>,
    /// About this number.
    pub number: Option<PhoneNumber>,
    /// About this call.
    pub call: Option<Id>,
    /// About this campaign.
    pub campaign: Option<Id>,
    /// About one of these sellers; none: about any, or about none.
    pub sellers: Option<Vec<String>>,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReport {
    /// Entries read.
    pub entries: u64,
    /// The newest entry's hash; of an empty log: 64 zeros.
    pub head_hash: String,
    /// The key that the head is signed with, hexadecimal.
    pub key: String,
    /// What is wrong first; none: the log is whole.
    pub fault: Option<ChainFault>,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainFault {
    /// The first bad entry, or where one is missing.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}
