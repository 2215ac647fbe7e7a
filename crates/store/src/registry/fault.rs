//! What can be wrong with a list's file.

/// Why a list's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It could not be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is not what it was when it was written.
    #[error("{0}")]
    Damaged(String),
    /// A number that is not ten digits of +1.
    #[error("a list holds a number that is not ten digits of +1")]
    NoNumber,
}

/// Results of this module.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}
