//! The campaign loop: leads -> reserve -> dial -> drive -> settle. A lead that may not be called yet waits for its
//! first legal instant; one that may never be called ends with its reasons.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ringfence_core::campaign::{Next, Pacing, RetrySchedule};
use ringfence_core::gate::Verdict;
use ringfence_core::id::Id;
use ringfence_core::outcome::Outcome;
use ringfence_store::campaign::{Campaign, CampaignState, Lead, LeadProgress, LeadState};
use ringfence_store::{PageRequest, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::calls::{Calls, Placed, blocking};
use crate::desk::DeskError;

/// Leads claimed at once: few enough that a dead process holds few.
const CLAIM_MAX: u32 = 50;

/// Runs every running campaign until the process closes.
pub struct Dialer {
    calls: Arc<Calls>,
    tick: Duration,
    at_work: Mutex<BTreeSet<Id>>,
}

impl Dialer {
    /// A dialer that looks for due leads every `tick`.
    #[must_use]
    pub fn new(calls: Arc<Calls>, tick: Duration) -> Self {
        Self {
            calls,
            tick,
            at_work: Mutex::default(),
        }
    }

    /// Puts in order what a dead process left: an orphan counts as made and takes the next step of its schedule.
    ///
    /// # Errors
    /// The store's failure; nothing may be dialed then.
    pub fn recover(&self) -> Result<usize, StoreError> {
        let (store, now) = (&self.calls.store, self.calls.clock.now());
        let recovery = store.recover(now)?;
        for lead in &recovery.leads_in_call {
            let Some(campaign) = &lead.campaign else {
                continue;
            };
            let schedule = schedule(&store.campaign(campaign)?);
            let progress = LeadProgress {
                outcome: Some(Outcome::Failed),
                ..LeadProgress::default()
            };
            let next = schedule.after_outcome(Outcome::Failed, false, lead.attempts, now);
            step(
                &*self.calls.store,
                &lead.id,
                next,
                LeadState::Done,
                progress,
                now,
            )?;
        }
        if !recovery.orphans.is_empty() {
            tracing::warn!(
                orphans = recovery.orphans.len(),
                "attempts of a dead process count as made"
            );
        }
        Ok(recovery.orphans.len())
    }

    /// Runs until the desk closes.
    pub async fn run(self: Arc<Self>) {
        while !self.calls.is_closing() {
            if let Err(error) = self.start_workers().await {
                tracing::error!(%error, "campaigns cannot be read; nothing new is dialed");
            }
            self.pause().await;
        }
    }

    async fn start_workers(self: &Arc<Self>) -> Result<(), DeskError> {
        let store = Arc::clone(&self.calls.store);
        let running = blocking(move || running_campaigns(&*store)).await?;
        for campaign in running {
            if self
                .at_work
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(campaign.id.clone())
            {
                let this = Arc::clone(self);
                tokio::spawn(async move {
                    let id = campaign.id.clone();
                    if let Err(error) = this.work(campaign).await {
                        tracing::error!(campaign = %id, %error, "the campaign waits");
                    }
                    this.at_work
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&id);
                });
            }
        }
        Ok(())
    }

    /// Waits for a change, or for the next tick.
    async fn pause(&self) {
        tokio::select! {
            () = self.calls.changed.notified() => {}
            () = tokio::time::sleep(self.tick) => {}
        }
    }

    /// Works one campaign off while it runs.
    async fn work(&self, campaign: Campaign) -> Result<(), DeskError> {
        let campaign = Arc::new(campaign);
        let places = usize::try_from(campaign.plan.concurrency)
            .unwrap_or(1)
            .clamp(1, Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(places));
        let mut pacing = Pacing::new(campaign.plan.calls_per_second);
        loop {
            if self.calls.is_closing() || !self.still_running(&campaign.id).await? {
                return Ok(());
            }
            let (store, id, now) = (
                Arc::clone(&self.calls.store),
                campaign.id.clone(),
                self.calls.clock.now(),
            );
            let due = blocking(move || store.claim_due(&id, CLAIM_MAX, now)).await?;
            if due.is_empty() {
                if self.end_if_done(&campaign.id).await? {
                    return Ok(());
                }
                self.pause().await;
                continue;
            }
            let mut due = due.into_iter();
            let mut tried = Ok(true);
            let mut untried = None;
            for lead in due.by_ref() {
                tried = self.attempt(&campaign, &lead, &places, &mut pacing).await;
                if !matches!(tried, Ok(true)) {
                    untried = Some(lead);
                    break;
                }
            }
            // Claimed leads are in no one's hands but ours: none is kept when the campaign or the store stops.
            self.give_back(untried.into_iter().chain(due)).await?;
            tried?;
        }
    }

    /// Leads that were claimed and not tried wait where they stood.
    async fn give_back(&self, leads: impl Iterator<Item = Lead>) -> Result<(), DeskError> {
        for lead in leads {
            let (store, now) = (Arc::clone(&self.calls.store), self.calls.clock.now());
            let progress = LeadProgress {
                outcome: lead.last_outcome,
                reasons: lead.last_reasons,
                decision: lead.last_decision,
            };
            blocking(move || unless_cancelled(store.requeue(&lead.id, now, progress, now))).await?;
        }
        Ok(())
    }

    /// Tries one lead. False: the campaign no longer runs, and the lead was not touched.
    async fn attempt(
        &self,
        campaign: &Arc<Campaign>,
        lead: &Lead,
        places: &Arc<Semaphore>,
        pacing: &mut Pacing,
    ) -> Result<bool, DeskError> {
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            return Ok(false);
        };
        let slot = loop {
            if self.calls.is_closing() || !self.still_running(&campaign.id).await? {
                return Ok(false);
            }
            if let Err(wait) = pacing.take(self.calls.clock.now()) {
                tokio::time::sleep(wait.unsigned_abs().min(self.tick)).await;
                continue;
            }
            match self.calls.admit(&campaign.plan.trunk, self.tick).await {
                Ok(slot) => break slot,
                Err(DeskError::NoCapacity { .. }) => {
                    pacing.give_back();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error),
            }
        };
        let request = campaign.request(lead);
        let agent = campaign.plan.agent.clone();
        let placed = match self.calls.place_in(slot, request, agent).await {
            // The campaign was held or ended in between.
            Err(DeskError::Store(StoreError::Conflict(_))) => return Ok(false),
            placed => placed?,
        };
        if placed.ended.is_none() {
            pacing.give_back();
        }
        self.follow(campaign, lead, placed, place).await?;
        Ok(true)
    }

    /// What becomes of the lead: at once when the gate refused, after the call when it was placed.
    async fn follow(
        &self,
        campaign: &Arc<Campaign>,
        lead: &Lead,
        placed: Placed,
        place: OwnedSemaphorePermit,
    ) -> Result<(), DeskError> {
        let decision = placed.reserved.decision;
        let reasons: BTreeSet<_> = decision.codes().collect();
        let progress = LeadProgress {
            outcome: None,
            reasons: reasons.into_iter().collect(),
            decision: Some(placed.reserved.decision_id),
        };
        let calls = Arc::clone(&self.calls);
        let lead_id = lead.id.clone();
        let Some(ended) = placed.ended else {
            let now = calls.clock.now();
            let (next, end) = match decision.verdict {
                // Allowed, and then an opt-out or STOP came between.
                Verdict::Allow => (Next::Retry(now), LeadState::Done),
                Verdict::Defer | Verdict::Deny => (
                    RetrySchedule::after_refusal(&decision, now),
                    LeadState::Denied,
                ),
            };
            return blocking(move || step(&*calls.store, &lead_id, next, end, progress, now)).await;
        };
        let schedule = schedule(campaign);
        // The store counts a redeemed permit as an attempt of the lead.
        let attempts = lead.attempts.saturating_add(1);
        tokio::spawn(async move {
            let Ok(ended) = ended.await else { return };
            let progress = LeadProgress {
                outcome: Some(ended.settlement.outcome),
                ..progress
            };
            let next = schedule.after_outcome(
                ended.settlement.outcome,
                ended.settlement.opt_out,
                attempts,
                ended.at,
            );
            let next = match (next, ended.settlement.retry_after_s) {
                (Next::Retry(at), Some(seconds)) => Next::Retry(later(at, ended.at, seconds)),
                (next, _) => next,
            };
            let inner = Arc::clone(&calls);
            let now = calls.clock.now();
            let stepped = blocking(move || {
                step(
                    &*inner.store,
                    &lead_id,
                    next,
                    LeadState::Done,
                    progress,
                    now,
                )
            })
            .await;
            if let Err(error) = stepped {
                tracing::error!(%error, "a lead's next step is not recorded");
            }
            drop(place);
            calls.changed.notify_waiters();
        });
        Ok(())
    }

    async fn still_running(&self, id: &Id) -> Result<bool, DeskError> {
        let (store, id) = (Arc::clone(&self.calls.store), id.clone());
        blocking(move || Ok::<_, StoreError>(store.campaign(&id)?.state == CampaignState::Running))
            .await
    }

    /// Ends the campaign when no lead waits, is claimed or is in a call.
    async fn end_if_done(&self, id: &Id) -> Result<bool, DeskError> {
        let (store, id, now) = (
            Arc::clone(&self.calls.store),
            id.clone(),
            self.calls.clock.now(),
        );
        blocking(move || {
            let counts = store.campaign_counts(&id)?;
            let open = [
                LeadState::Queued,
                LeadState::Deferred,
                LeadState::Reserved,
                LeadState::InCall,
            ];
            let left: u64 = open
                .iter()
                .filter_map(|state| counts.states.get(state))
                .sum();
            if left == 0 {
                unless_cancelled(
                    store
                        .set_campaign_state(&id, CampaignState::Done, now)
                        .map(drop),
                )?;
            }
            Ok::<_, StoreError>(left == 0)
        })
        .await
    }
}

fn running_campaigns(store: &dyn ringfence_store::Store) -> Result<Vec<Campaign>, StoreError> {
    let mut found = Vec::new();
    let mut page = PageRequest::first(1000);
    loop {
        let campaigns = store.campaigns(&page)?;
        found.extend(
            campaigns
                .items
                .into_iter()
                .filter(|campaign| campaign.state == CampaignState::Running),
        );
        match campaigns.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(found),
        }
    }
}

fn schedule(campaign: &Campaign) -> RetrySchedule {
    let read: Result<RetrySchedule, _> = serde_json::from_value(campaign.plan.retry.clone());
    let mut schedule = read.unwrap_or_default();
    schedule.attempts_max = campaign.plan.attempts_max;
    schedule
}

/// The later of the schedule's instant and the carrier's `Retry-After`, which may ask for an hour at most.
fn later(at: Timestamp, ended: Timestamp, retry_after_seconds: u32) -> Timestamp {
    let wait = SignedDuration::from_secs(i64::from(retry_after_seconds.min(3600)));
    ended.checked_add(wait).map_or(at, |asked| asked.max(at))
}

fn step(
    store: &dyn ringfence_store::Store,
    lead: &Id,
    next: Next,
    end: LeadState,
    progress: LeadProgress,
    now: Timestamp,
) -> Result<(), StoreError> {
    unless_cancelled(match next {
        Next::Retry(at) => store.requeue(lead, at, progress, now),
        Next::Finish => store.finish(lead, end, progress, now),
    })
}

/// A lead or campaign that was cancelled meanwhile stays so.
fn unless_cancelled(result: Result<(), StoreError>) -> Result<(), StoreError> {
    match result {
        Err(StoreError::Conflict(_)) => Ok(()),
        other => other,
    }
}
