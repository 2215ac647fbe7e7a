//! Who picks up at the simulated carrier, or does not.

use serde::{Deserialize, Serialize};

/// One callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persona {
    /// Says hello, listens to the end, then hangs up.
    Listens,
    /// Presses 9 while the disclosure is being played.
    PressesNine,
    /// Presses 9 after it.
    PressesNineLate,
    /// Says "stop calling me" while it is being played; the words go out by the text side channel.
    SaysStop,
    /// Says it after the disclosure.
    SaysStopLate,
    /// Says hello and hangs up while it is being played.
    HangsUpEarly,
    /// Sends back whatever it hears, packet for packet.
    Echoes,
    /// A greeting, a beep of 1000 Hz, silence.
    Voicemail,
    /// 486.
    Busy,
    /// Rings for ever; 487 to our CANCEL.
    NoAnswer,
    /// Answers 200 when our CANCEL has come.
    AnswersIntoCancel,
    /// 603.
    Declines,
    /// 404.
    NotInService,
    /// 480.
    Unavailable,
    /// 503 with Retry-After.
    Overloaded,
    /// Never says anything, not even 100.
    Silent,
}

impl Persona {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Listens,
        Self::PressesNine,
        Self::PressesNineLate,
        Self::SaysStop,
        Self::SaysStopLate,
        Self::HangsUpEarly,
        Self::Echoes,
        Self::Voicemail,
        Self::Busy,
        Self::NoAnswer,
        Self::AnswersIntoCancel,
        Self::Declines,
        Self::NotInService,
        Self::Unavailable,
        Self::Overloaded,
        Self::Silent,
    ];

    /// The status it refuses with, if it refuses.
    pub(super) fn refuses(self) -> Option<u16> {
        match self {
            Self::Busy => Some(486),
            Self::Declines => Some(603),
            Self::NotInService => Some(404),
            Self::Unavailable => Some(480),
            Self::Overloaded => Some(503),
            _ => None,
        }
    }

    /// Whether anybody picks up by itself.
    pub(super) fn answers(self) -> bool {
        let never = matches!(
            self,
            Self::NoAnswer | Self::AnswersIntoCancel | Self::Silent
        );
        self.refuses().is_none() && !never
    }
}
