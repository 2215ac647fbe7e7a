//! Holds: numbers whose callees said something that may have been an opt-out, until a person decides.

use jiff::Timestamp;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use serde::{Deserialize, Serialize};

use crate::suppression::{Heard, OptOutReceipt, OptOutScope, Revocation};
use crate::{Page, PageRequest, Result};

/// A hold to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoldDraft {
    /// Who said it.
    pub number: PhoneNumber,
    /// Whom it binds; none: every seller.
    pub seller: Option<String>,
    /// The call it was said in.
    pub call: Option<Id>,
    /// Where it was said, such as `call-voice`.
    pub channel: String,
    /// The words.
    pub said: String,
    /// How they were understood.
    pub heard: Heard,
    /// When they were said.
    pub at: Timestamp,
    /// Undecided until then, they are an opt-out.
    pub due_at: Timestamp,
}

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldState {
    /// Nobody has decided; the number is not called.
    Open,
    /// It was no opt-out.
    Released,
    /// It was one, or counts as one.
    OptedOut,
}

/// A hold on file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoldRecord {
    /// `hold_...`
    pub id: Id,
    /// As it was made.
    #[serde(flatten)]
    pub draft: HoldDraft,
    /// Where it stands.
    pub state: HoldState,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// By whom: an API key's id, `command-line`, `time`, or `opt-out` when the callee said so plainly afterwards.
    pub decided_by: Option<String>,
    /// What was noted.
    pub note: Option<String>,
}

/// How many numbers wait for a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoldCount {
    /// All of them.
    pub open: u64,
    /// Those whose day is past, which count as opt-outs as soon as somebody looks.
    pub overdue: u64,
    /// When the first becomes an opt-out.
    pub first_due_at: Option<Timestamp>,
}

/// An opt-out that is kept for a seller that is not on file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrangersOptOut {
    /// The seller as it was named.
    pub seller: String,
    /// Who opted out.
    pub number: PhoneNumber,
    /// The latest time that it was said.
    pub at: Timestamp,
}

/// A person's decision, or time's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// By whom.
    pub by: String,
    /// Why.
    pub note: Option<String>,
}

/// The verbs about holds, and opt-outs of many numbers at once; part of [`Store`](crate::Store).
pub trait Holds {
    /// Holds a number, durably; reserved attempts are voided. A call that has an open hold keeps that one. `Invalid` when
    /// in the future.
    fn hold(&self, draft: HoldDraft, now: Timestamp) -> Result<HoldRecord>;

    /// One hold, or `NotFound`.
    fn find_hold(&self, id: &Id) -> Result<HoldRecord>;

    /// Holds, newest first; in one state, or in any; of these sellers and those that bind every seller, or of all when none
    /// is named.
    fn holds(
        &self,
        state: Option<HoldState>,
        sellers: &[String],
        page: &PageRequest,
    ) -> Result<Page<HoldRecord>>;

    /// Open holds in the order in which they become opt-outs, those whose day is past first; of these sellers and those that
    /// bind every seller, or of all when none is named. `Invalid` for a cursor that is not of this list.
    fn open_holds(&self, sellers: &[String], page: &PageRequest) -> Result<Page<HoldRecord>>;

    /// How many holds of that list are open at `now`.
    fn open_hold_count(&self, sellers: &[String], now: Timestamp) -> Result<HoldCount>;

    /// Every hold of a number, oldest first.
    fn holds_of(&self, number: PhoneNumber) -> Result<Vec<HoldRecord>>;

    /// It was no opt-out: the number may be called again, and its waiting leads are due at once. `Conflict` if it is
    /// decided already.
    fn release_hold(&self, id: &Id, review: Review, now: Timestamp) -> Result<HoldRecord>;

    /// It was an opt-out, since the words were said. `Conflict` if it is decided already.
    fn opt_out_hold(
        &self,
        id: &Id,
        review: Review,
        scope: OptOutScope,
        now: Timestamp,
    ) -> Result<(HoldRecord, OptOutReceipt)>;

    /// Up to `limit` holds that were due for a decision by `now` are opt-outs.
    fn expire_holds(
        &self,
        scope: OptOutScope,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(HoldRecord, OptOutReceipt)>>;

    /// Opt-outs for sellers that are not on file, by the name as it was given; at most `limit` of them, in order of name and
    /// number, each number once a name.
    fn opt_outs_of_strangers(&self, limit: u32) -> Result<Vec<StrangersOptOut>>;

    /// Takes many opt-outs in one transaction, all or none. `Invalid` when one lies in the future.
    fn revoke_all(
        &self,
        revocations: Vec<Revocation>,
        now: Timestamp,
    ) -> Result<Vec<OptOutReceipt>>;
}
