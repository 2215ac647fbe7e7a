//! How a call ended, in our words.

use serde::{Deserialize, Serialize};

/// A call's outcome; an opt-out stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A person answered and was disclosed to whole, or cut it short by hanging up or opting out.
    Answered,
    /// A person answered and, through us, heard no whole disclosure.
    Abandoned,
    /// A machine answered.
    Machine,
    /// Our ring limit, 408.
    NoAnswer,
    /// 486, 600.
    Busy,
    /// 603.
    Declined,
    /// 607: the callee's network says that such calls are unwanted.
    Unwanted,
    /// 404, 410, 484, 604.
    BadNumber,
    /// 480, the far side's own 487.
    Unavailable,
    /// Other 4xx, 5xx.
    CarrierError,
    /// By us: STOP, hang-up, an opt-out elsewhere.
    Cancelled,
    /// No answer from the carrier at all.
    Failed,
}

impl Outcome {
    /// What a final SIP response from the carrier means, when we had not cancelled the call ourselves.
    ///
    /// A 487 here is the far side's own. 2xx and 1xx are no refusals: they answer `carrier-error`, as a response
    /// that should not have come, and 3xx does too, because redirections are not followed.
    #[must_use]
    pub fn from_sip_status(status: u16) -> Self {
        match status {
            408 => Self::NoAnswer,
            486 | 600 => Self::Busy,
            603 => Self::Declined,
            607 => Self::Unwanted,
            404 | 410 | 484 | 604 => Self::BadNumber,
            480 | 487 => Self::Unavailable,
            _ => Self::CarrierError,
        }
    }

    /// The word of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::Machine => "machine",
            Self::NoAnswer => "no-answer",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Unwanted => "unwanted",
            Self::BadNumber => "bad-number",
            Self::Unavailable => "unavailable",
            Self::CarrierError => "carrier-error",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// Who picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// Voicemail, an answering machine, an announcement.
    Machine,
    /// Not known; treated as a person.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_of_the_api() {
        for (status, want) in [
            (408, Outcome::NoAnswer),
            (486, Outcome::Busy),
            (600, Outcome::Busy),
            (603, Outcome::Declined),
            (607, Outcome::Unwanted),
            (404, Outcome::BadNumber),
            (410, Outcome::BadNumber),
            (484, Outcome::BadNumber),
            (604, Outcome::BadNumber),
            (480, Outcome::Unavailable),
            (487, Outcome::Unavailable),
            (401, Outcome::CarrierError),
            (403, Outcome::CarrierError),
            (407, Outcome::CarrierError),
            (500, Outcome::CarrierError),
            (503, Outcome::CarrierError),
            (302, Outcome::CarrierError),
            (606, Outcome::CarrierError),
        ] {
            assert_eq!(Outcome::from_sip_status(status), want, "{status}");
            let word = serde_json::to_value(want).unwrap();
            assert_eq!(word.as_str(), Some(want.as_str()));
        }
    }
}
