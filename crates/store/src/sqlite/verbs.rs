//! The verbs of [`Store`], each on the writer's thread or on a reader.

use std::sync::Arc;

use jiff::Timestamp;
use ringfence_core::dial::Permit;
use ringfence_core::evidence::{Event, EventDraft, SignedHead};
use ringfence_core::gate::{CallRequest, EmergencyArea, Facts, Relationship, SourceFailure};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::seller::Seller;

use super::known::Known;
use super::writer::Touches;
use super::{
    SqliteStore, call, campaign, clock, consent, dial, evidence, gate, lead, list, list_file,
    list_prune, operator, outcome, seller, suppression,
};
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
use crate::list::{ListFile, ListImport, ListPruning, ListVersion};
use crate::operator::{OverrideDraft, OverrideRecord, RelationshipDraft, StopRecord, StopScope};
use crate::seller::{Prompt, PromptKind, SellerRecord};
use crate::suppression::{
    InFlight, OptOutReceipt, Revocation, SuppressionDraft, SuppressionRecord,
};
use crate::{Page, PageRequest, Result, Store, StoreError};

/// For commands whose records carry no time.
const NO_TIME: Timestamp = Timestamp::UNIX_EPOCH;

impl Store for SqliteStore {
    fn test_clock(&self) -> Result<Option<TestClock>> {
        self.readers.read(clock::test_clock)
    }

    fn start_test_clock(&self, start: Timestamp) -> Result<TestClock> {
        self.writer.write(start, clock::start_test_clock)
    }

    fn has_real_records(&self) -> Result<bool> {
        self.readers.read(clock::has_real_records)
    }

    fn ready(&self) -> Result<()> {
        self.writer.write(NO_TIME, |_| Ok(()))
    }

    fn put_seller(&self, id: &str, profile: Seller, now: Timestamp) -> Result<SellerRecord> {
        let id = id.to_owned();
        self.writer
            .write(now, move |work| seller::put(work, &id, profile))
    }

    fn seller(&self, id: &str) -> Result<SellerRecord> {
        self.readers
            .read(|conn| seller::find(conn, id)?.ok_or(StoreError::NotFound("seller")))
    }

    fn sellers(&self, page: &PageRequest) -> Result<Page<SellerRecord>> {
        self.readers.read(|conn| seller::all(conn, page))
    }

    fn put_prompt(
        &self,
        seller: &str,
        kind: PromptKind,
        prompt: Prompt,
        now: Timestamp,
    ) -> Result<()> {
        let seller = seller.to_owned();
        self.writer.write(now, move |work| {
            seller::put_prompt(work, &seller, kind, &prompt)
        })
    }

    fn prompt(&self, seller: &str, kind: PromptKind) -> Result<Option<Prompt>> {
        self.readers.read(|conn| seller::prompt(conn, seller, kind))
    }

    fn record_consent(&self, consent: ConsentDraft, now: Timestamp) -> Result<ConsentRecord> {
        self.writer
            .write_keeping(now, move |work| consent::record(work, consent))
    }

    fn confirm_consent(
        &self,
        id: &Id,
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<ConsentRecord> {
        let id = id.to_owned();
        self.writer
            .write(now, move |work| consent::confirm(work, &id, &confirmation))
    }

    fn consent(&self, id: &Id) -> Result<ConsentRecord> {
        self.readers.read(|conn| consent::find(conn, id))
    }

    fn consents_of(&self, number: PhoneNumber) -> Result<Vec<ConsentRecord>> {
        self.readers.read(|conn| consent::of(conn, number))
    }

    fn revoke(&self, revocation: Revocation, now: Timestamp) -> Result<OptOutReceipt> {
        self.writer
            .write(now, move |work| suppression::revoke(work, &revocation))
    }

    fn suppress(&self, suppression: SuppressionDraft, now: Timestamp) -> Result<OptOutReceipt> {
        self.writer
            .write(now, move |work| suppression::suppress(work, &suppression))
    }

    fn suppressions_of(&self, number: PhoneNumber) -> Result<Vec<SuppressionRecord>> {
        self.readers.read(|conn| suppression::of(conn, number))
    }

    fn import_list(&self, list: ListImport, now: Timestamp) -> Result<ListVersion> {
        list_file::import(self, list, now)
    }

    fn check_lists(
        &self,
        numbers: &[PhoneNumber],
        seller: Option<&str>,
    ) -> Result<Vec<Vec<String>>> {
        self.readers.read(|conn| {
            let book = self.shelf.book(conn)?;
            numbers
                .iter()
                .map(|number| list::check(conn, &book, *number, seller))
                .collect()
        })
    }

    fn list_faults(&self, now: Timestamp) -> Result<Vec<SourceFailure>> {
        self.shelf.tell(now);
        let book = self.readers.read(|conn| self.shelf.book(conn))?;
        Ok(book.faults(now))
    }

    fn list_files(&self) -> Result<Vec<ListFile>> {
        let book = self.readers.read(|conn| self.shelf.newest(conn))?;
        Ok(list_file::all(&book))
    }

    fn lists(&self) -> Result<Vec<ListVersion>> {
        self.readers.read(list::versions)
    }

    fn prunable_lists(&self, days: u16, now: Timestamp) -> Result<ListPruning> {
        list_prune::plan(self, days, now)
    }

    fn prune_lists(&self, days: u16, now: Timestamp) -> Result<ListPruning> {
        list_prune::prune(self, days, now)
    }

    fn put_emergency_area(&self, area: EmergencyArea, now: Timestamp) -> Result<()> {
        self.writer
            .write(now, move |work| operator::put_area(work, &area))
    }

    fn delete_emergency_area(&self, id: &str, now: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.writer
            .write(now, move |work| operator::delete_area(work, &id))
    }

    fn emergency_areas(&self) -> Result<Vec<EmergencyArea>> {
        self.readers.read(operator::areas)
    }

    fn record_override(&self, draft: OverrideDraft, now: Timestamp) -> Result<OverrideRecord> {
        self.writer
            .write(now, move |work| operator::record_override(work, draft))
    }

    fn overrides(&self, seller: Option<&str>) -> Result<Vec<OverrideRecord>> {
        self.readers.read(|conn| operator::overrides(conn, seller))
    }

    fn record_relationship(&self, draft: RelationshipDraft, now: Timestamp) -> Result<Id> {
        self.writer
            .write(now, move |work| operator::record_relationship(work, &draft))
    }

    fn relationships_of(&self, number: PhoneNumber) -> Result<Vec<(String, Relationship)>> {
        self.readers
            .read(|conn| operator::relationships(conn, number))
    }

    fn stop(
        &self,
        scope: StopScope,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<InFlight>> {
        self.writer
            .write(now, move |work| operator::stop(work, &scope, reason))
    }

    fn resume(&self, scope: &StopScope, now: Timestamp) -> Result<bool> {
        let scope = scope.to_owned();
        self.writer
            .write(now, move |work| operator::resume(work, &scope))
    }

    fn stops(&self) -> Result<Vec<StopRecord>> {
        self.readers.read(operator::stops)
    }

    fn facts(
        &self,
        request: &CallRequest,
        settings: &GateSettings,
        now: Timestamp,
    ) -> Result<Facts> {
        self.readers.read(|conn| {
            gate::facts(
                conn,
                &mut Known::default(),
                &self.shelf,
                request,
                settings,
                now,
            )
        })
    }

    fn reserve(
        &self,
        reservation: Reservation,
        decide: Decide,
        now: Timestamp,
    ) -> Result<Reserved> {
        let shelf = Arc::clone(&self.shelf);
        let touches = Touches::of(&reservation.request);
        self.writer.write_ahead(now, touches, move |work| {
            gate::reserve(work, &shelf, &reservation, &decide)
        })
    }

    fn reserve_then(
        &self,
        reservation: Reservation,
        decide: Decide,
        now: Timestamp,
        then: Box<dyn FnOnce(Result<Reserved>) + Send>,
    ) {
        let shelf = Arc::clone(&self.shelf);
        let touches = Touches::of(&reservation.request);
        self.writer.write_ahead_then(
            now,
            touches,
            move |work| gate::reserve(work, &shelf, &reservation, &decide),
            then,
        );
    }

    fn decision(&self, id: &Id) -> Result<DecisionRecord> {
        self.readers.read(|conn| gate::find(conn, id))
    }

    fn decisions_of(
        &self,
        number: PhoneNumber,
        page: &PageRequest,
    ) -> Result<Page<DecisionRecord>> {
        self.readers.read(|conn| gate::of(conn, number, page))
    }

    fn put_rule_pack(&self, pack: RulePackRecord, now: Timestamp) -> Result<()> {
        self.writer
            .write(now, move |work| gate::put_pack(work, &pack))
    }

    fn rule_pack(&self, sha256: &str) -> Result<RulePackRecord> {
        self.readers.read(|conn| gate::pack(conn, sha256))
    }

    fn rule_packs(&self) -> Result<Vec<(String, String)>> {
        self.readers.read(gate::packs)
    }

    fn redeem(&self, token: &str, now: Timestamp) -> Result<Permit> {
        let token = token.to_owned();
        let attempt = self
            .writer
            .write(now, move |work| dial::redeem(work, &token))?;
        Ok(dial::mint(attempt))
    }

    fn settle(
        &self,
        attempt: &Id,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<AttemptRecord> {
        let attempt = attempt.to_owned();
        self.writer.write_keeping(now, move |work| {
            outcome::settle(work, &attempt, &settlement)
        })
    }

    fn void(&self, attempt: &Id, why: &str, now: Timestamp) -> Result<()> {
        let attempt = attempt.to_owned();
        let why = why.to_owned();
        self.writer
            .write_keeping(now, move |work| dial::void(work, &attempt, &why))
    }

    fn expire_permits(&self, now: Timestamp) -> Result<Vec<Id>> {
        self.writer.write(now, dial::expire)
    }

    fn recover(&self, now: Timestamp) -> Result<Recovery> {
        self.writer.write(now, outcome::recover)
    }

    fn attempt(&self, id: &Id) -> Result<AttemptRecord> {
        self.readers.read(|conn| dial::find(conn, id))
    }

    fn update_call(
        &self,
        id: &Id,
        update: CallUpdate,
        events: Vec<EventDraft>,
        now: Timestamp,
    ) -> Result<CallRecord> {
        let id = id.to_owned();
        self.writer
            .write(now, move |work| call::update(work, &id, &update, events))
    }

    fn call(&self, id: &Id) -> Result<CallRecord> {
        self.readers.read(|conn| call::find(conn, id))
    }

    fn calls(&self, campaign: Option<&Id>, page: &PageRequest) -> Result<Page<CallRecord>> {
        self.readers.read(|conn| call::all(conn, campaign, page))
    }

    fn calls_of(&self, number: PhoneNumber, page: &PageRequest) -> Result<Page<CallRecord>> {
        self.readers.read(|conn| call::of(conn, number, page))
    }

    fn create_campaign(&self, plan: CampaignPlan, now: Timestamp) -> Result<Campaign> {
        self.writer
            .write(now, move |work| campaign::create(work, plan))
    }

    fn campaign(&self, id: &Id) -> Result<Campaign> {
        self.readers.read(|conn| campaign::find(conn, id))
    }

    fn campaigns(&self, page: &PageRequest) -> Result<Page<Campaign>> {
        self.readers.read(|conn| campaign::all(conn, page))
    }

    fn set_campaign_state(
        &self,
        id: &Id,
        state: CampaignState,
        now: Timestamp,
    ) -> Result<Campaign> {
        let id = id.to_owned();
        self.writer
            .write(now, move |work| campaign::set_state(work, &id, state))
    }

    fn campaign_counts(&self, id: &Id) -> Result<CampaignCounts> {
        self.readers.read(|conn| campaign::counts(conn, id))
    }

    fn import_leads(
        &self,
        campaign: Option<&Id>,
        leads: Vec<LeadDraft>,
        now: Timestamp,
    ) -> Result<LeadImport> {
        let campaign = campaign.cloned();
        self.writer.write(now, move |work| {
            lead::import(work, campaign.as_ref(), leads)
        })
    }

    fn lead(&self, id: &Id) -> Result<Lead> {
        self.readers.read(|conn| lead::find(conn, id))
    }

    fn leads(
        &self,
        campaign: &Id,
        state: Option<LeadState>,
        page: &PageRequest,
    ) -> Result<Page<Lead>> {
        self.readers
            .read(|conn| lead::all(conn, campaign, state, page))
    }

    fn claim_due(&self, campaign: &Id, limit: u32, now: Timestamp) -> Result<Vec<Lead>> {
        let campaign = campaign.to_owned();
        self.writer
            .write(now, move |work| lead::claim_due(work, &campaign, limit))
    }

    fn requeue(
        &self,
        lead: &Id,
        at: Timestamp,
        progress: LeadProgress,
        now: Timestamp,
    ) -> Result<()> {
        let lead = lead.to_owned();
        self.writer
            .write(now, move |work| lead::requeue(work, &lead, at, &progress))
    }

    fn finish(
        &self,
        lead: &Id,
        state: LeadState,
        progress: LeadProgress,
        now: Timestamp,
    ) -> Result<()> {
        let lead = lead.to_owned();
        self.writer
            .write(now, move |work| lead::finish(work, &lead, state, &progress))
    }

    fn append(&self, events: Vec<EventDraft>, now: Timestamp) -> Result<Vec<Event>> {
        self.writer.write(now, move |work| {
            events.into_iter().map(|event| work.append(event)).collect()
        })
    }

    fn events(&self, after: u64, limit: u32, filter: &EventFilter) -> Result<Vec<Event>> {
        self.readers
            .read(|conn| evidence::events(conn, after, limit, filter))
    }

    fn head(&self) -> Result<Option<SignedHead>> {
        self.readers.read(evidence::head)
    }

    fn verify_chain(&self, checkpoint: Option<&str>) -> Result<ChainReport> {
        self.readers
            .read(|conn| evidence::verify(conn, &self.public, checkpoint))
    }

    fn export_checkpoint(&self) -> Result<String> {
        self.readers.read(evidence::checkpoint)
    }
}
