//! What can go wrong, as far as callers act on it.

/// A failure of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such record.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The record is not in a state that allows this, such as a permit that was used already.
    #[error("{0}")]
    Conflict(String),
    /// The input cannot be kept.
    #[error("{what}")]
    Invalid {
        /// What is wrong with it, for the caller to read; without personal data.
        what: String,
    },
    /// The database could not be reached or written; nothing was kept, and trying again may help.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The database holds what it must not hold.
    #[error("store corrupt: {0}")]
    Corrupt(String),
}

/// The store's results.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// Input that cannot be kept.
    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}
