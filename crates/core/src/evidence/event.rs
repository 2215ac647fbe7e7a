//! One entry of the log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object::CanonicalObject;
use crate::id::Id;
use crate::lead::PhoneNumber;

/// Under which clock a record was made; records of the test clock can never pass for evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockKind {
    /// The world's.
    #[default]
    Real,
    /// One that was set with `--clock`, or the demo's.
    Test,
}

impl ClockKind {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Test => "test",
        }
    }
}

/// What an event is about; what it is not about is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subject {
    /// The callee's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<PhoneNumber>,
    /// The seller's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller: Option<String>,
    /// `cmp_...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Id>,
    /// `lead_...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<Id>,
    /// `con_...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Id>,
    /// `dec_...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Id>,
    /// `att_...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Id>,
    /// `call_...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Id>,
    /// `lst_...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Id>,
}

impl Subject {
    /// The subject's canonical text.
    #[must_use]
    pub fn canonical(&self) -> String {
        let Self {
            number,
            seller,
            campaign,
            lead,
            consent,
            decision,
            attempt,
            call,
            list,
        } = self;
        let about = About {
            number: *number,
            seller: seller.as_deref(),
            campaign: campaign.as_ref(),
            lead: lead.as_ref(),
            consent: consent.as_ref(),
            decision: decision.as_ref(),
            attempt: attempt.as_ref(),
            call: call.as_ref(),
            list: list.as_ref(),
        };
        about.canonical()
    }
}

/// A [`Subject`] of borrowed parts, for who needs its text only.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The callee's number.
    pub number: Option<PhoneNumber>,
    /// The seller's id.
    pub seller: Option<&'a str>,
    /// `cmp_...`
    pub campaign: Option<&'a Id>,
    /// `lead_...`
    pub lead: Option<&'a Id>,
    /// `con_...`
    pub consent: Option<&'a Id>,
    /// `dec_...`
    pub decision: Option<&'a Id>,
    /// `att_...`
    pub attempt: Option<&'a Id>,
    /// `call_...`
    pub call: Option<&'a Id>,
    /// `lst_...`
    pub list: Option<&'a Id>,
}

impl About<'_> {
    /// The canonical text of the [`Subject`] with these parts.
    #[must_use]
    pub fn canonical(&self) -> String {
        let Self {
            number,
            seller,
            campaign,
            lead,
            consent,
            decision,
            attempt,
            call,
            list,
        } = self;
        // Room for a number, a seller and three ids.
        CanonicalObject::with_capacity(256)
            .text_if_any("attempt", attempt.map(Id::as_str))
            .text_if_any("call", call.map(Id::as_str))
            .text_if_any("campaign", campaign.map(Id::as_str))
            .text_if_any("consent", consent.map(Id::as_str))
            .text_if_any("decision", decision.map(Id::as_str))
            .text_if_any("lead", lead.map(Id::as_str))
            .text_if_any("list", list.map(Id::as_str))
            .text_if_any("number", number.map(PhoneNumber::e164).as_deref())
            .text_if_any("seller", *seller)
            .finish()
    }
}

/// What a stage says; the store adds id, place in the chain, clock and hash.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    /// `stage.verb`, such as `call.ringing`.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// What happened, as a JSON object.
    pub data: Value,
}

impl EventDraft {
    /// A draft.
    #[must_use]
    pub fn new(kind: impl Into<String>, subject: Subject, data: Value) -> Self {
        Self {
            kind: kind.into(),
            subject,
            data,
        }
    }
}

/// One entry of the log, as it is stored, shown and sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `evt_...`
    pub id: Id,
    /// Its place in the chain, from 1, without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// `stage.verb`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Under which clock.
    pub clock: ClockKind,
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub data: Value,
    /// The hash of the entry before, hexadecimal; of the first entry: 64 zeros.
    pub prev: String,
    /// SHA-256 over the canonical form of everything else, hexadecimal.
    pub hash: String,
}
