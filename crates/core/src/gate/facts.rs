//! What the gate knows at one instant about one call. Facts are stored with the decision, so that it can be
//! replayed; each group serves one family of checks, and no check reads another's group.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::consent::{Consent, Purpose};
use crate::id::Id;
use crate::lead::{Place, StateCode};
use crate::seller::Seller;
use crate::suppression::{InternalEntry, ListAnswer, ReassignedAnswer};

/// The call that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRequest {
    /// As it was given; it need not be a number.
    pub to: String,
    /// The seller's id; it need not exist.
    pub seller: String,
    /// What the call is for.
    pub purpose: Purpose,
    /// The number to present; none: any that the seller has in force.
    pub caller_id: Option<String>,
    /// Where the callee says they are.
    pub place: Place,
    /// The lead, if one is meant.
    pub lead: Option<Id>,
    /// The campaign, if one is meant.
    pub campaign: Option<Id>,
}

/// Everything that a decision rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The call that is asked for.
    pub request: CallRequest,
    /// The operator's switches in force.
    pub policy: Policy,
    /// The seller, if it is known.
    pub seller: Option<SellerFacts>,
    /// Every consent on file for this number, of any seller.
    pub consents: Vec<Consent>,
    /// Every list's answer.
    pub suppressions: Suppressions,
    /// Earlier attempts to this number for this seller, not void, of the longest cap's period, oldest first.
    pub attempts: Vec<Attempt>,
    /// The campaign, if one is meant.
    pub campaign: Option<CampaignFacts>,
    /// Emergency areas on file.
    pub emergency_areas: Vec<EmergencyArea>,
    /// Counsel overrides on file for this seller.
    pub overrides: Vec<Override>,
    /// Inquiries and purchases of this callee with this seller.
    pub relationships: Vec<Relationship>,
    /// STOP buttons pressed that bind this call.
    pub stops: Vec<Stop>,
    /// Sources that could not be read; each denies.
    pub failures: Vec<SourceFailure>,
    /// Holds on this number that bind this seller and that nobody has decided, oldest first. Left out when there are none,
    /// so that facts from before there were holds are still the same bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
}

/// The operator's switches. The default is the strict profile; none relaxes a rule without a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Seconds kept free before the closing of calling hours.
    pub closing_margin_seconds: u32,
    /// Deny a number on the national list even when written consent or a relationship lifts it.
    pub national_hit_always_denies: bool,
    /// Need a fresh `no` from the Reassigned Numbers Database for every call.
    pub reassigned_required: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            closing_margin_seconds: 60,
            national_hit_always_denies: false,
            reassigned_required: false,
        }
    }
}

/// The seller, and whether its disclosure can be played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellerFacts {
    /// As it was put.
    pub profile: Seller,
    /// What would be played first.
    pub disclosure: DisclosureFacts,
}

/// What would be played first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureFacts {
    /// The words of the recorded prompt, if there is one.
    pub words: Option<String>,
    /// Whether a configured TTS will speak the seller's script.
    pub spoken_by_tts: bool,
}

/// Every list's answer about this number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressions {
    /// Internal entries that bind this seller, oldest first.
    pub internal: Vec<InternalEntry>,
    /// The newest national version that this seller may use and that covers the area code.
    pub national: Option<ListAnswer>,
    /// The newest version of each state's list that binds this seller.
    pub states: Vec<ListAnswer>,
    /// Litigator lists that hold the number.
    pub litigator: Vec<ListAnswer>,
    /// Answers of the Reassigned Numbers Database, oldest first.
    pub reassigned: Vec<ReassignedAnswer>,
}

/// An earlier attempt that counts towards caps: every INVITE sent, and every attempt reserved and not void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// `att_...`
    pub id: Id,
    /// When it was reserved.
    pub at: Timestamp,
    /// The campaign it was made for.
    pub campaign: Option<Id>,
    /// Whether a person was talked to (12 CFR 1006.14(b)(2)(i)(B)). Left out when not, as of old.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conversed: bool,
}

/// The campaign's own limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignFacts {
    /// How often one lead may be tried.
    pub attempts_max: u32,
    /// How often this one was.
    pub attempts: u32,
}

/// An area under a declared emergency, as the operator put it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyArea {
    /// The operator's id for it.
    pub id: String,
    /// Whole states.
    pub states: Vec<StateCode>,
    /// Five-digit ZIP codes.
    pub zips: Vec<String>,
    /// From when.
    pub from: Timestamp,
    /// Until when, exclusive; none: until it is taken back.
    pub to: Option<Timestamp>,
    /// Who declared it.
    pub source: String,
}

/// A counsel's recorded relaxation of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// `ovr_...`
    pub id: Id,
    /// The rule's id.
    pub rule: String,
    /// From when.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Option<Timestamp>,
    /// Where the advice is kept.
    pub document: String,
}

/// An established business relationship's ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relationship {
    /// What happened.
    pub kind: RelationshipKind,
    /// When.
    pub at: Timestamp,
}

/// What makes a relationship, and how long it lasts (47 CFR 64.1200(f)(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationshipKind {
    /// An inquiry or application: 3 months.
    Inquiry,
    /// A purchase or transaction: 18 months.
    Purchase,
}

/// A pressed STOP button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Since when.
    pub since: Timestamp,
    /// What it stops: everything, one seller, one campaign.
    pub scope: String,
    /// Why, in the operator's words.
    pub reason: Option<String>,
}

/// A source of facts that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFailure {
    /// Which.
    pub source: String,
    /// What went wrong, without personal data.
    pub detail: String,
}

/// A number that waits for a person's decision, because its callee said something unclear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// `hold_...`
    pub id: Id,
    /// Since when.
    pub at: Timestamp,
}
