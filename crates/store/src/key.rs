//! API keys and idempotency keys.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use ringfence_core::id::Id;
use serde::{Deserialize, Serialize};

use crate::Result;

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything, for every seller.
    Admin,
    /// Runs campaigns and calls.
    Operator,
    /// Records and reads what the law asks for.
    Compliance,
    /// Reads.
    ReadOnly,
    /// Brings leads and consents in.
    Ingest,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Operator,
        Self::Compliance,
        Self::ReadOnly,
        Self::Ingest,
    ];

    /// As it stands on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Compliance => "compliance",
            Self::ReadOnly => "read-only",
            Self::Ingest => "ingest",
        }
    }

    /// Reads what stands on the command line.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// An API key to record; the key itself never reaches the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyDraft {
    /// SHA-256 of the key.
    pub sha256: [u8; 32],
    /// What it may do.
    pub role: Role,
    /// For whom; empty: for every seller.
    pub sellers: BTreeSet<String>,
    /// For people.
    pub name: Option<String>,
}

/// An API key on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// `key_...`
    pub id: Id,
    /// What it may do.
    pub role: Role,
    /// For whom; empty: for every seller.
    pub sellers: BTreeSet<String>,
    /// For people.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// One POST with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The header's value.
    pub key: String,
    /// Who asks: the API key's id.
    pub caller: Id,
    /// SHA-256 over method, path and body.
    pub body_sha256: [u8; 32],
}

/// What is known of such a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing; it is yours now: `idempotency_finish` or `idempotency_abandon` must follow.
    Fresh,
    /// It was answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body's exact bytes.
        body: Vec<u8>,
    },
    /// The same key came with another body.
    OtherBody,
    /// The first is still being answered.
    UnderWay,
}

/// The verbs about API keys and requests that are made once; part of [`Store`](crate::Store).
pub trait Keys {
    /// Records an API key.
    fn create_key(&self, key: ApiKeyDraft, now: Timestamp) -> Result<ApiKey>;

    /// The key with this hash, unless there is none or it was taken back.
    fn authenticate(&self, sha256: &[u8; 32]) -> Result<Option<ApiKey>>;

    /// Takes a key back, or `NotFound`.
    fn revoke_key(&self, id: &Id, now: Timestamp) -> Result<()>;

    /// Every key, newest first.
    fn keys(&self) -> Result<Vec<ApiKey>>;

    /// Looks an idempotent POST up and, if it is fresh, holds it. What is older than `age_max` is forgotten. One that a
    /// dead process left stays under way until then: nobody knows whether it dialed.
    fn idempotency_begin(
        &self,
        request: &IdempotentRequest,
        age_max: SignedDuration,
        now: Timestamp,
    ) -> Result<Idempotency>;

    /// Keeps the answer.
    fn idempotency_finish(
        &self,
        request: &IdempotentRequest,
        status: u16,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<()>;

    /// Lets the key go: nothing was done.
    fn idempotency_abandon(&self, request: &IdempotentRequest) -> Result<()>;
}
