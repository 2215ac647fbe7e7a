//! One task per call: feeds the call machine of core with what happens on the leg and executes what it answers.
//! It decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::call::{
    Call, CallState, CancelWhy, Ending, Input, Output, Outputs, Plan, Settlement, TimerKind,
};
use ringfence_core::dial::Permit;
use ringfence_core::evidence::{EventDraft, Subject};
use ringfence_core::gate::CallRequest;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::outcome::Outcome;
use ringfence_store::call::CallUpdate;
use ringfence_telephony::{DialOrder, Leg, Slot};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::calls::{Calls, Command, Progress, blocking};
use crate::prompts::CallPrompts;

/// How a call ended, for the campaign that it was made for.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub settlement: Settlement,
    pub at: Timestamp,
}

/// A call to be driven.
pub(crate) struct Drive {
    pub calls: Arc<Calls>,
    pub call: Id,
    pub request: CallRequest,
    pub inbox: mpsc::Receiver<Command>,
    pub progress: Arc<Progress>,
}

/// The call while it is driven.
struct Driven {
    calls: Arc<Calls>,
    subject: Subject,
    call: Id,
    attempt: Id,
    to: PhoneNumber,
    seller: String,
    machine: Call,
    leg: Option<Leg>,
    timers: BTreeMap<TimerKind, Instant>,
    progress: Arc<Progress>,
    kept: (mpsc::Sender<bool>, mpsc::Receiver<bool>),
}

impl Drive {
    /// Drives it to its end; every road ends in one settlement.
    pub async fn run(self, permit: Permit, slot: Slot) -> Ended {
        let Self {
            calls,
            call,
            request,
            mut inbox,
            progress,
        } = self;
        let prompts = match blocking({
            let calls = Arc::clone(&calls);
            let seller = request.seller.clone();
            move || calls.prompts.of_seller(&*calls.store, &seller)
        })
        .await
        {
            Ok(prompts) => prompts,
            Err(error) => {
                tracing::error!(%call, %error, "not dialed: no prompts");
                let what = error.to_string();
                return never_placed(&calls, &call, &permit, Outcome::Failed, &what).await;
            }
        };
        // INVARIANT (opt-out-wins): an opt-out or a hold since the permit was redeemed; nothing has been sent yet.
        if progress.withdrawn.load(Ordering::Acquire) {
            let what = "opted out, or held, before it was dialed";
            return never_placed(&calls, &call, &permit, Outcome::Cancelled, what).await;
        }
        let plan = plan(&calls, &prompts, slot.trunk());
        let mut driven = Driven {
            subject: subject(&call, &request, &permit),
            attempt: permit.attempt().clone(),
            to: permit.to(),
            seller: request.seller,
            machine: Call::new(plan),
            leg: None,
            timers: BTreeMap::new(),
            progress,
            kept: mpsc::channel(4),
            call,
            calls,
        };
        let mut to_place = Some((
            permit,
            DialOrder {
                slot,
                prompts: prompts.prompts,
            },
        ));
        let mut outputs = driven.machine.start(driven.calls.clock.now());
        loop {
            if let Some(settlement) = driven.execute(outputs, &mut to_place).await {
                return driven.settle(settlement).await;
            }
            let input = driven.next(&mut inbox).await;
            outputs = driven.machine.handle(input, driven.calls.clock.now());
            let answered = driven.machine.answered_at().is_some();
            driven.progress.answered.store(answered, Ordering::Release);
        }
    }
}

impl Driven {
    /// Waits for the next thing that happens.
    async fn next(&mut self, inbox: &mut mpsc::Receiver<Command>) -> Input {
        let due = self
            .timers
            .iter()
            .min_by_key(|(_, at)| **at)
            .map(|(which, at)| (*which, *at));
        let leg = &mut self.leg;
        tokio::select! {
            // What the callee does comes before what others want, and both before the clock.
            biased;
            kept = self.kept.1.recv() => {
                if kept == Some(true) { Input::OptOutRecorded } else { Input::OptOutNotRecorded }
            }
            input = async { match leg { Some(leg) => leg.events.recv().await, None => std::future::pending().await } } => {
                // A leg that says no more has ended, and is not asked again.
                input.unwrap_or_else(|| {
                    self.leg = None;
                    Input::Ended(Ending::Failed { what: "the line went away".to_owned() })
                })
            }
            command = inbox.recv() => match command {
                Some(Command::Said { text, is_final, judged }) => Input::Said { text, is_final, judged },
                Some(Command::Cancel(why)) => Input::Cancel(why),
                None => Input::Cancel(CancelWhy::Shutdown),
            },
            () = tokio::time::sleep_until(due.map_or_else(far_off, |(_, at)| at)) => {
                let which = due.map_or(TimerKind::HangUp, |(which, _)| which);
                self.timers.remove(&which);
                Input::Timer(which)
            }
        }
    }

    /// Executes what the machine asked for: the line first, the log right after, as one write.
    async fn execute(
        &mut self,
        outputs: Outputs,
        to_place: &mut Option<(Permit, DialOrder)>,
    ) -> Option<Settlement> {
        let mut events = Vec::new();
        let mut settlement = None;
        for output in outputs {
            if self.leg.as_ref().is_some_and(|leg| leg.execute(&output)) {
                continue;
            }
            match output {
                Output::PlaceCallee => {
                    if let Some((permit, order)) = to_place.take() {
                        self.place(permit, order, &mut events);
                    }
                }
                Output::RecordOptOut { channel, said } => {
                    self.record_opt_out(channel_name(channel), said);
                }
                Output::SetTimer { which, after_ms } => {
                    let at = Instant::now() + Duration::from_millis(u64::from(after_ms));
                    self.timers.insert(which, at);
                }
                Output::Event { kind, data } => {
                    events.push(EventDraft::new(kind, self.subject.clone(), data));
                }
                Output::Settle(end) => settlement = Some(*end),
                // Without a leg there is nothing to play into or to end; agents other than announcements are refused
                // before a call is reserved.
                Output::CancelCallee
                | Output::HangUpCallee
                | Output::Play { .. }
                | Output::StopPlaying
                | Output::InviteAgent
                | Output::AnswerAgent
                | Output::BridgeAgent
                | Output::RefuseAgent { .. }
                | Output::HangUpAgent => {}
            }
        }
        if !events.is_empty() {
            self.write(events).await;
        }
        settlement
    }

    fn place(&mut self, permit: Permit, order: DialOrder, events: &mut Vec<EventDraft>) {
        let invited = json!({ "trunk": order.slot.trunk() });
        match self.calls.line.dial(permit, order) {
            Ok(leg) => {
                self.leg = Some(leg);
                events.push(EventDraft::new(
                    "call.invited",
                    self.subject.clone(),
                    invited,
                ));
            }
            Err(error) => {
                tracing::warn!(call = %self.call, %error, "not dialed");
                // Nothing was sent, so nothing will be heard: the machine settles on this timer.
                self.timers.insert(TimerKind::HangUp, Instant::now());
            }
        }
    }

    /// Writes what happened. A failure is logged: the call goes on, for the callee is on it.
    async fn write(&self, events: Vec<EventDraft>) {
        let update = CallUpdate {
            // Only the settlement ends a call: whoever sees `ended` sees the outcome with it.
            state: Some(self.machine.state()).filter(|state| *state != CallState::Ended),
            answered_by: self.machine.answered_by(),
            answered_at: self.machine.answered_at(),
            opt_out: self.machine.opted_out(),
            disclosure: Some(json!(self.machine.disclosure())),
        };
        let (calls, id, now) = (
            Arc::clone(&self.calls),
            self.call.clone(),
            self.calls.clock.now(),
        );
        let written = blocking(move || calls.store.update_call(&id, update, events, now)).await;
        if let Err(error) = written {
            tracing::error!(call = %self.call, %error, "the call's record was not written");
        }
    }

    /// INVARIANT (opt-out-wins): goes on trying until it is durable, also after the call.
    fn record_opt_out(&self, channel: &'static str, said: String) {
        let (calls, tell, progress) = (
            Arc::clone(&self.calls),
            self.kept.0.clone(),
            Arc::clone(&self.progress),
        );
        let (call, number, seller) = (self.call.clone(), self.to, self.seller.clone());
        let heard = std::time::Instant::now();
        tokio::spawn(async move {
            let mut wait = Duration::from_millis(50);
            // Whoever heard the words first may have kept them already.
            while !progress.opt_out_kept.load(Ordering::Acquire) {
                let (inner, call_id) = (Arc::clone(&calls), call.clone());
                let (seller, said) = (seller.clone(), said.clone());
                let kept = blocking(move || {
                    inner.keep_opt_out(number, &seller, channel, &said, &call_id, None)
                })
                .await;
                match kept {
                    Ok(()) => {
                        calls.opt_out_times.took(heard.elapsed());
                        break;
                    }
                    Err(error) => {
                        tracing::error!(%call, %error, "an opt-out is not recorded yet");
                        tokio::time::sleep(wait).await;
                        wait = (wait * 2).min(Duration::from_secs(10));
                    }
                }
            }
            let _ = tell.send(true).await;
        });
    }

    async fn settle(self, settlement: Settlement) -> Ended {
        let at = self.calls.clock.now();
        let stored = ringfence_store::dial::Settlement {
            outcome: settlement.outcome,
            sip_status: settlement.sip_status,
            answered_by: settlement.answered_by,
            opt_out: settlement.opt_out,
            disclosure: Some(json!(settlement.disclosure)),
            answered_at: self.machine.answered_at(),
            ended_at: at,
            note: settlement.detail.clone(),
        };
        settle_stored(&self.calls, &self.call, &self.attempt, stored).await;
        Ended { settlement, at }
    }
}

/// Settles an attempt; what cannot be written is an orphan for the next start, and counts as made.
async fn settle_stored(
    calls: &Arc<Calls>,
    call: &Id,
    attempt: &Id,
    settlement: ringfence_store::dial::Settlement,
) {
    let (store, attempt, now) = (Arc::clone(&calls.store), attempt.clone(), calls.clock.now());
    if let Err(error) = blocking(move || store.settle(&attempt, settlement, now)).await {
        tracing::error!(%call, %error, "the call is not settled");
    }
}

/// Ends an attempt of which nothing was sent.
async fn never_placed(
    calls: &Arc<Calls>,
    call: &Id,
    permit: &Permit,
    outcome: Outcome,
    what: &str,
) -> Ended {
    let at = calls.clock.now();
    let mut stored = ringfence_store::dial::Settlement::unanswered(outcome, None, at);
    stored.note = Some(what.to_owned());
    settle_stored(calls, call, permit.attempt(), stored).await;
    let settlement = Settlement {
        outcome,
        sip_status: None,
        answered_by: None,
        opt_out: false,
        opt_out_recorded: false,
        disclosure: ringfence_core::disclose::Disclosure::default(),
        detail: Some(what.to_owned()),
        retry_after_s: None,
    };
    Ended { settlement, at }
}

fn plan(calls: &Calls, prompts: &CallPrompts, trunk: &str) -> Plan {
    let playable = &prompts.prompts;
    let mut plan = Plan::announcement(
        playable.message.is_some(),
        playable.acknowledgement.is_some(),
    );
    plan.leaves_voicemail = prompts.may_leave_voicemail;
    plan.has_farewell = playable.farewell.is_some();
    if let Some(ring_ms) = calls.line.ring_ms_max(trunk) {
        plan.ring_ms_max = ring_ms;
    }
    plan
}

fn subject(call: &Id, request: &CallRequest, permit: &Permit) -> Subject {
    Subject {
        number: Some(permit.to()),
        seller: Some(request.seller.clone()),
        campaign: request.campaign.clone(),
        lead: request.lead.clone(),
        decision: Some(permit.decision().clone()),
        attempt: Some(permit.attempt().clone()),
        call: Some(call.clone()),
        ..Subject::default()
    }
}

fn channel_name(channel: ringfence_core::call::OptOutChannel) -> &'static str {
    match channel {
        ringfence_core::call::OptOutChannel::Keypad => "call-keypad",
        ringfence_core::call::OptOutChannel::Voice => "call-voice",
    }
}

fn far_off() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
