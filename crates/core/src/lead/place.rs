//! Where a lead says they are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A two-letter code of a state, DC or a territory, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StateCode([u8; 2]);

/// A text that is not two letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a state is two letters, such as `NY`")]
pub struct StateCodeError;

impl StateCode {
    /// Reads two letters in either case; whether such a state exists, the rule pack knows.
    ///
    /// # Errors
    /// [`StateCodeError`] when the text is not two ASCII letters.
    pub fn parse(text: &str) -> Result<Self, StateCodeError> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(StateCodeError),
        }
    }

    /// The two letters as one number, in their order: for comparing many.
    #[must_use]
    #[inline]
    pub const fn number(self) -> u16 {
        u16::from_be_bytes(self.0)
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for StateCode {
    type Error = StateCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<StateCode> for String {
    fn from(code: StateCode) -> Self {
        code.as_str().to_owned()
    }
}

/// What is known of the callee's whereabouts beside the number itself; each part may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    /// Five digits.
    pub zip: Option<String>,
    /// The state that was stated.
    pub state: Option<StateCode>,
    /// An IANA time zone, such as `America/New_York`.
    pub time_zone: Option<String>,
}
