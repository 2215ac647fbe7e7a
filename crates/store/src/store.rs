//! The seam itself.

use jiff::Timestamp;
use ringfence_core::dial::Permit;
use ringfence_core::evidence::{Event, EventDraft, SignedHead};
use ringfence_core::gate::{CallRequest, EmergencyArea, Facts, Relationship, SourceFailure};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::seller::Seller;

use crate::Result;
use crate::backup::Copies;
use crate::call::{CallRecord, CallUpdate};
use crate::campaign::{
    Campaign, CampaignCounts, CampaignPlan, CampaignState, Lead, LeadDraft, LeadImport,
    LeadProgress, LeadState,
};
use crate::clock::TestClock;
use crate::consent::{Confirmation, ConsentDraft, ConsentRecord};
use crate::dial::{AttemptRecord, Recovery, Settlement};
use crate::evidence::{ChainReport, EventFilter};
use crate::gate::{Decide, DecisionRecord, GateSettings, Reservation, Reserved, RulePackRecord};
use crate::hold::Holds;
use crate::key::Keys;
use crate::list::{ListFile, ListImport, ListPruning, ListVersion};
use crate::operator::{OverrideDraft, OverrideRecord, RelationshipDraft, StopRecord, StopScope};
use crate::page::{Page, PageRequest};
use crate::scrub::Scrubs;
use crate::seller::{Prompt, PromptKind, SellerRecord};
use crate::suppression::{OptOutReceipt, Revocation, SuppressionDraft, SuppressionRecord};
use crate::webhook::Outbox;

/// The store of record. Every verb that writes is durable when it returns, with its event in the same transaction.
/// All of them block for as long as a disk write takes: call them from threads that may block.
///
/// Unless a verb says otherwise it fails with [`StoreError::Unavailable`](crate::StoreError) when the database
/// cannot be read or written, and then has kept nothing.
pub trait Store: Copies + Holds + Keys + Outbox + Scrubs + Send + Sync {
    // ---- clock and health

    /// The test clock, if this database is one of the test clock.
    fn test_clock(&self) -> Result<Option<TestClock>>;

    /// Makes this a database of the test clock, or moves its start. `Conflict` if it [has real
    /// records](Store::has_real_records).
    fn start_test_clock(&self, start: Timestamp) -> Result<TestClock>;

    /// Whether it holds a decision or call made under the real clock.
    fn has_real_records(&self) -> Result<bool>;

    /// Whether the database can be written just now: for `/ready`.
    fn ready(&self) -> Result<()>;

    // ---- sellers

    /// Puts a seller, whole.
    fn put_seller(&self, id: &str, profile: Seller, now: Timestamp) -> Result<SellerRecord>;

    /// One seller, or `NotFound`.
    fn seller(&self, id: &str) -> Result<SellerRecord>;

    /// Sellers by id.
    fn sellers(&self, page: &PageRequest) -> Result<Page<SellerRecord>>;

    /// Puts a prompt. `NotFound` if there is no such seller.
    fn put_prompt(
        &self,
        seller: &str,
        kind: PromptKind,
        prompt: Prompt,
        now: Timestamp,
    ) -> Result<()>;

    /// The newest prompt of this kind.
    fn prompt(&self, seller: &str, kind: PromptKind) -> Result<Option<Prompt>>;

    // ---- consent

    /// Records a consent as it is. `Invalid` when granted in the future.
    fn record_consent(&self, consent: ConsentDraft, now: Timestamp) -> Result<ConsentRecord>;

    /// Confirms a double opt-in; a second confirmation changes nothing. `NotFound`; `Invalid` when in the future.
    fn confirm_consent(
        &self,
        id: &Id,
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<ConsentRecord>;

    /// One consent, or `NotFound`.
    fn consent(&self, id: &Id) -> Result<ConsentRecord>;

    /// Every consent of a number, oldest first.
    fn consents_of(&self, number: PhoneNumber) -> Result<Vec<ConsentRecord>>;

    // ---- suppression

    /// Takes an opt-out: consent withdrawn, number suppressed, everything queued or reserved for it cancelled, in one
    /// transaction. `Invalid` when in the future.
    fn revoke(&self, revocation: Revocation, now: Timestamp) -> Result<OptOutReceipt>;

    /// Suppresses a number; cancels likewise. `Invalid` when in the future.
    fn suppress(&self, suppression: SuppressionDraft, now: Timestamp) -> Result<OptOutReceipt>;

    /// Every internal entry of a number, oldest first.
    fn suppressions_of(&self, number: PhoneNumber) -> Result<Vec<SuppressionRecord>>;

    // ---- lists

    /// Takes in a list, all or nothing. `Invalid` for a change list without its full list, rows that do not fit the
    /// kind, or a state's list without its code.
    fn import_list(&self, list: ListImport, now: Timestamp) -> Result<ListVersion>;

    /// The names of the lists that hold each number, in the order of `numbers`; whatever their owner or age, or only
    /// those that bind `seller`.
    fn check_lists(
        &self,
        numbers: &[PhoneNumber],
        seller: Option<&str>,
    ) -> Result<Vec<Vec<String>>>;

    /// What of the lists cannot be read, such as a file that vanished, among exactly those versions that some decision at
    /// `now` could need, whoever the seller: such decisions deny. Opens the lists that nobody has asked yet, which takes a
    /// third of a second for the whole registry. A version that nobody can need from `now` on is let go of soon after.
    fn list_faults(&self, now: Timestamp) -> Result<Vec<SourceFailure>>;

    /// The files in which the numbers of the lists are: a copy of the store needs them, too.
    fn list_files(&self) -> Result<Vec<ListFile>>;

    /// Every list version on file, newest first.
    fn lists(&self) -> Result<Vec<ListVersion>>;

    /// What [`prune_lists`](Self::prune_lists) would do; changes nothing.
    fn prunable_lists(&self, days: u16, now: Timestamp) -> Result<ListPruning>;

    /// Removes the files of versions that bind nobody now or from a date to come, for no seller or area code, and have
    /// not for so many `days`. The rows stay; a question about a day on which only such a version bound fails from here
    /// on, and so denies. `Invalid` for days outside [`PRUNE_DAYS`](crate::list::PRUNE_DAYS), `Conflict` while a backup
    /// copies the files.
    fn prune_lists(&self, days: u16, now: Timestamp) -> Result<ListPruning>;

    // ---- what the operator puts

    /// Puts an emergency area.
    fn put_emergency_area(&self, area: EmergencyArea, now: Timestamp) -> Result<()>;

    /// Takes an emergency area back, or `NotFound`.
    fn delete_emergency_area(&self, id: &str, now: Timestamp) -> Result<()>;

    /// Every emergency area on file.
    fn emergency_areas(&self) -> Result<Vec<EmergencyArea>>;

    /// Records a counsel override.
    fn record_override(&self, draft: OverrideDraft, now: Timestamp) -> Result<OverrideRecord>;

    /// Every counsel override on file, of one seller or of all.
    fn overrides(&self, seller: Option<&str>) -> Result<Vec<OverrideRecord>>;

    /// Records an inquiry or a purchase. `Invalid` when in the future.
    fn record_relationship(&self, draft: RelationshipDraft, now: Timestamp) -> Result<Id>;

    /// Inquiries and purchases of a number, of all sellers, as `(seller, relationship)`.
    fn relationships_of(&self, number: PhoneNumber) -> Result<Vec<(String, Relationship)>>;

    /// Presses STOP. Reserved attempts within its scope are voided; the calls under way are returned for the driver.
    fn stop(
        &self,
        scope: StopScope,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<crate::suppression::InFlight>>;

    /// Releases STOP; whether it was pressed.
    fn resume(&self, scope: &StopScope, now: Timestamp) -> Result<bool>;

    /// Every STOP that is pressed.
    fn stops(&self) -> Result<Vec<StopRecord>>;

    // ---- gate

    /// Everything that a decision about this call would rest on at `now`: for a dry run, which stores nothing.
    fn facts(
        &self,
        request: &CallRequest,
        settings: &GateSettings,
        now: Timestamp,
    ) -> Result<Facts>;

    /// Reads the facts, decides, records and, if allowed, takes the attempt, in one transaction. A denial is stored too.
    /// `Conflict`, and nothing stored, for a line plan of a campaign that is not running.
    fn reserve(&self, reservation: Reservation, decide: Decide, now: Timestamp)
    -> Result<Reserved>;

    /// The same without waiting: `then` is called when the record is durable, or cannot be, on a thread of the store, which
    /// it must not hold up. `Unavailable` at once while too many wait.
    fn reserve_then(
        &self,
        reservation: Reservation,
        decide: Decide,
        now: Timestamp,
        then: Box<dyn FnOnce(Result<Reserved>) + Send>,
    );

    /// One decision, or `NotFound`.
    fn decision(&self, id: &Id) -> Result<DecisionRecord>;

    /// Every rule pack on file as `(sha256, version)`, the newest kept first.
    fn rule_packs(&self) -> Result<Vec<(String, String)>>;

    /// Decisions about a number, newest first.
    fn decisions_of(&self, number: PhoneNumber, page: &PageRequest)
    -> Result<Page<DecisionRecord>>;

    /// Keeps a rule pack; the same again changes nothing.
    fn put_rule_pack(&self, pack: RulePackRecord, now: Timestamp) -> Result<()>;

    /// A rule pack on file, or `NotFound`.
    fn rule_pack(&self, sha256: &str) -> Result<RulePackRecord>;

    // ---- dial

    /// Turns a token into the permit, once; the attempt is `dialing`, durably, when this returns. `NotFound` for a token
    /// that never was; `Conflict` for one that is used, void or expired.
    fn redeem(&self, token: &str, now: Timestamp) -> Result<Permit>;

    /// Settles an attempt, with its call. `Conflict` if it is settled already, or was voided by an opt-out or STOP.
    fn settle(&self, attempt: &Id, settlement: Settlement, now: Timestamp)
    -> Result<AttemptRecord>;

    /// Voids a reserved attempt: nothing was sent. `Conflict` once it is redeemed or settled.
    fn void(&self, attempt: &Id, why: &str, now: Timestamp) -> Result<()>;

    /// Voids every permit that has expired unused and unsettled; to be called now and then.
    fn expire_permits(&self, now: Timestamp) -> Result<Vec<Id>>;

    /// Puts in order what a dead process left behind. Only at a dialer's start, before it dials.
    fn recover(&self, now: Timestamp) -> Result<Recovery>;

    /// One attempt, or `NotFound`.
    fn attempt(&self, id: &Id) -> Result<AttemptRecord>;

    // ---- calls

    /// Changes a call's record, with the events that say so, in one transaction. `Conflict` once it has ended.
    fn update_call(
        &self,
        id: &Id,
        update: CallUpdate,
        events: Vec<EventDraft>,
        now: Timestamp,
    ) -> Result<CallRecord>;

    /// One call, or `NotFound`.
    fn call(&self, id: &Id) -> Result<CallRecord>;

    /// Calls, newest first; of one campaign, or of all.
    fn calls(&self, campaign: Option<&Id>, page: &PageRequest) -> Result<Page<CallRecord>>;

    /// Calls to a number, newest first.
    fn calls_of(&self, number: PhoneNumber, page: &PageRequest) -> Result<Page<CallRecord>>;

    // ---- campaigns and leads

    /// Puts a new campaign.
    fn create_campaign(&self, plan: CampaignPlan, now: Timestamp) -> Result<Campaign>;

    /// One campaign, or `NotFound`.
    fn campaign(&self, id: &Id) -> Result<Campaign>;

    /// Campaigns, newest first.
    fn campaigns(&self, page: &PageRequest) -> Result<Page<Campaign>>;

    /// Starts, holds or ends a campaign. `Conflict` for a step that its state does not allow.
    fn set_campaign_state(&self, id: &Id, state: CampaignState, now: Timestamp)
    -> Result<Campaign>;

    /// A campaign in figures.
    fn campaign_counts(&self, id: &Id) -> Result<CampaignCounts>;

    /// Takes leads in, in one transaction; a number that the campaign has already is a duplicate. Without a campaign
    /// nothing is a duplicate, and nothing is called.
    fn import_leads(
        &self,
        campaign: Option<&Id>,
        leads: Vec<LeadDraft>,
        now: Timestamp,
    ) -> Result<LeadImport>;

    /// One lead, or `NotFound`.
    fn lead(&self, id: &Id) -> Result<Lead>;

    /// A campaign's leads in the order they came; in one state, or in any.
    fn leads(
        &self,
        campaign: &Id,
        state: Option<LeadState>,
        page: &PageRequest,
    ) -> Result<Page<Lead>>;

    /// Claims up to `limit` due leads of a running campaign, the longest due first; each is given once.
    fn claim_due(&self, campaign: &Id, limit: u32, now: Timestamp) -> Result<Vec<Lead>>;

    /// Puts a claimed lead, or one whose call is over, back to wait until `at`: `deferred` if the gate said so, else
    /// `queued`. `Conflict` if it was cancelled meanwhile, or is in no one's hands.
    fn requeue(
        &self,
        lead: &Id,
        at: Timestamp,
        progress: LeadProgress,
        now: Timestamp,
    ) -> Result<()>;

    /// Ends a lead: `done`, `denied` or `cancelled`. A lead cancelled meanwhile stays cancelled and takes the outcome.
    fn finish(
        &self,
        lead: &Id,
        state: LeadState,
        progress: LeadProgress,
        now: Timestamp,
    ) -> Result<()>;

    // ---- evidence

    /// Appends events of stages that keep no other record, in order, in one transaction.
    fn append(&self, events: Vec<EventDraft>, now: Timestamp) -> Result<Vec<Event>>;

    /// Events after `after` (0: from the first), in order.
    fn events(&self, after: u64, limit: u32, filter: &EventFilter) -> Result<Vec<Event>>;

    /// The newest signed head; none of an empty log.
    fn head(&self) -> Result<Option<SignedHead>>;

    /// Verifies the whole log; with a checkpoint exported earlier, also that it is still the log's beginning.
    /// `Invalid` for a text that is no checkpoint.
    fn verify_chain(&self, checkpoint: Option<&str>) -> Result<ChainReport>;

    /// The newest head as a text to keep elsewhere. `NotFound` of an empty log.
    fn export_checkpoint(&self) -> Result<String>;
}
