//! One live call as a state machine over both legs: `handle(input, now) -> Outputs`.
//!
//! It does nothing itself: a driver feeds it what happens and executes what it answers.
//!
//! ```text
//! dialing -> ringing -> disclosing -> conversing -> ended      (callee leg; any of them may end)
//! none | waiting -> answered | called -> up -> bridged         (agent leg)
//! ```

mod agent;
mod hear;
mod input;
mod output;
mod plan;
mod settle;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::disclose::{Disclosure, Evidence, Interruption};
use crate::outcome::AnsweredBy;
use agent::AgentState;
pub use input::{CancelWhy, Ending, Input, Judged};
pub use output::{OptOutChannel, Output, Outputs, PlayFrom, PromptKind, Settlement, TimerKind};
pub use plan::{AgentKind, AgentLeg, Plan};

/// A call's state as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallState {
    /// The INVITE is out, or about to be.
    Dialing,
    /// The callee's phone rings.
    Ringing,
    /// Somebody or something answered; the disclosure comes first.
    Disclosing,
    /// It was played whole.
    Conversing,
    /// Over.
    Ended,
}

/// Why we withdrew a call that nobody had answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Withdrawn {
    /// The ring limit.
    RingLimit,
    /// From outside.
    Outside(CancelWhy),
}

/// How far an opt-out of this call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OptOut {
    None,
    Recording,
    Recorded,
    NotRecorded,
}

/// How long the leg may take to report its end, in milliseconds: a BYE or CANCEL that nobody answers runs 32 s
/// (RFC 3261 timers B and F), and the line reports before that.
const END_MS_MAX: u32 = 40_000;
/// Longest acknowledgement, farewell or voicemail, in milliseconds.
const CLOSING_MS_MAX: u32 = 60_000;
/// How long the callee has to answer the farewell with a key or a word, in milliseconds.
const LISTEN_AFTER_FAREWELL_MS: u32 = 3_000;

/// One call.
#[derive(Debug)]
pub struct Call {
    plan: Plan,
    state: CallState,
    started: bool,
    carrier_replied: bool,
    answered_at: Option<Timestamp>,
    answered_by: Option<AnsweredBy>,
    /// A key or a judged word proves a person; no later beep undoes that.
    person_acted: bool,
    disclosure: Disclosure,
    opt_out: OptOut,
    /// The callee said something unclear: the call goes no further than its end.
    parting: bool,
    agent: AgentState,
    withdrawn: Option<Withdrawn>,
    hung_up: bool,
    failed_callee: bool,
    ending: Option<Ending>,
}

impl Call {
    /// A call that has yet to be placed; [`Call::start`] begins it.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let agent = AgentState::of(&plan);
        Self {
            plan,
            state: CallState::Dialing,
            started: false,
            carrier_replied: false,
            answered_at: None,
            answered_by: None,
            person_acted: false,
            disclosure: Disclosure::default(),
            opt_out: OptOut::None,
            parting: false,
            agent,
            withdrawn: None,
            hung_up: false,
            failed_callee: false,
            ending: None,
        }
    }

    /// Places it. Once; a second time does nothing.
    pub fn start(&mut self, _now: Timestamp) -> Outputs {
        let mut out = Outputs::default();
        if !self.started {
            self.started = true;
            out.push(Output::PlaceCallee);
            out.push(Output::SetTimer {
                which: TimerKind::Ring,
                after_ms: self.plan.ring_ms(),
            });
        }
        out
    }

    /// What is to be done now that this happened. After the settlement: nothing.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Outputs {
        let mut out = Outputs::default();
        if self.state == CallState::Ended || !self.started {
            return out;
        }
        match input {
            Input::Trying => self.carrier_replied = true,
            Input::Ringing => self.on_ringing(false, &mut out),
            Input::EarlyMedia => self.on_ringing(true, &mut out),
            Input::Answered => self.on_answered(now, &mut out),
            Input::DisclosureStarted(evidence) => self.on_disclosure_started(evidence, &mut out),
            Input::DisclosureCompleted(evidence) => self.on_disclosure_complete(evidence, &mut out),
            Input::DisclosureInterrupted { why, evidence } => {
                self.on_disclosure_interrupted(why, evidence, &mut out);
            }
            Input::Receipt(receipt) => self.disclosure.receive(receipt),
            Input::Played(prompt) => self.on_played(prompt, &mut out),
            Input::Key(key) => self.on_key(key, &mut out),
            Input::Said {
                text,
                is_final,
                judged,
            } => self.on_said(text, is_final, judged, &mut out),
            Input::MachineDetected { because } => self.on_machine(because, &mut out),
            Input::HumanDetected => self.on_human(&mut out),
            Input::Ended(ending) => {
                self.ending.get_or_insert(ending);
                self.settle_if_over(now, &mut out);
            }
            Input::OptOutRecorded => self.on_opt_out_kept(true, now, &mut out),
            Input::OptOutNotRecorded => self.on_opt_out_kept(false, now, &mut out),
            Input::Timer(which) => self.on_timer(which, now, &mut out),
            Input::Cancel(why) => self.on_cancel(why, &mut out),
            Input::AgentAnswered => self.on_agent_up(&mut out),
            Input::AgentHungUp | Input::AgentFailed => self.on_agent_gone(&mut out),
        }
        out
    }

    /// The state as the API names it.
    #[must_use]
    pub fn state(&self) -> CallState {
        self.state
    }

    /// When it was answered.
    #[must_use]
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }

    /// Who answered, as far as is known.
    #[must_use]
    pub fn answered_by(&self) -> Option<AnsweredBy> {
        self.answered_by
    }

    /// Whether the callee has opted out on this call.
    #[must_use]
    pub fn opted_out(&self) -> bool {
        self.opt_out != OptOut::None
    }

    /// The disclosure so far.
    #[must_use]
    pub fn disclosure(&self) -> &Disclosure {
        &self.disclosure
    }

    fn is_unanswered(&self) -> bool {
        matches!(self.state, CallState::Dialing | CallState::Ringing)
    }

    /// Whether the call goes on as planned: no end and no opt-out in sight.
    fn goes_on(&self) -> bool {
        !self.hung_up
            && self.ending.is_none()
            && self.opt_out == OptOut::None
            && self.answered_by != Some(AnsweredBy::Machine)
    }

    fn on_ringing(&mut self, early_media: bool, out: &mut Outputs) {
        if self.state == CallState::Dialing {
            self.state = CallState::Ringing;
            out.event("call.ringing", json!({ "early_media": early_media }));
        }
    }

    fn on_answered(&mut self, now: Timestamp, out: &mut Outputs) {
        if !self.is_unanswered() || self.ending.is_some() {
            return;
        }
        self.state = CallState::Disclosing;
        self.answered_at = Some(now);
        self.answered_by = Some(AnsweredBy::Unknown);
        out.event("call.answered", json!({}));
        if let Some(Withdrawn::Outside(_)) = self.withdrawn {
            // Our CANCEL is under way and the reason for it stands.
            self.failed_callee = true;
            self.hang_up(out);
            return;
        }
        self.withdrawn = None;
        out.push(Output::Play {
            prompt: PromptKind::Disclosure,
            from: PlayFrom::Greeting,
        });
        for (which, after_ms) in [
            (
                TimerKind::DisclosureStart,
                self.plan.disclosure_start_ms_max,
            ),
            (TimerKind::Call, self.plan.call_ms_max),
        ] {
            out.push(Output::SetTimer { which, after_ms });
        }
    }

    fn on_disclosure_started(&mut self, evidence: Evidence, out: &mut Outputs) {
        if self.state != CallState::Disclosing || !self.disclosure.start(evidence) {
            return;
        }
        out.event("disclose.started", json!(self.disclosure));
        if self.goes_on() {
            if !self.parting {
                self.call_agent(out);
            }
        } else {
            // It began while we were stopping it.
            let _ = self.disclosure.interrupt(self.interruption(), None);
        }
    }

    fn on_disclosure_complete(&mut self, evidence: Evidence, out: &mut Outputs) {
        if self.state != CallState::Disclosing {
            return;
        }
        if !self.disclosure.complete(evidence.clone()) {
            // Short of a frame: whoever says that this was all of it is mistaken.
            self.on_disclosure_interrupted(Interruption::Stall, Some(evidence), out);
            return;
        }
        out.event("disclose.completed", json!(self.disclosure));
        if !self.goes_on() {
            return;
        }
        self.state = CallState::Conversing;
        if self.parting {
            self.say_farewell(out);
        } else {
            self.open_agent(out);
        }
    }

    fn on_disclosure_interrupted(
        &mut self,
        why: Interruption,
        evidence: Option<Evidence>,
        out: &mut Outputs,
    ) {
        let unforeseen = self.disclosure.interrupt(why, evidence);
        let never_began = self.disclosure.evidence.is_none();
        if !never_began {
            out.event("disclose.interrupted", json!(self.disclosure));
        }
        if (unforeseen || never_began) && why.is_ours() && self.goes_on() {
            self.failed_callee = true;
            self.hang_up(out);
        }
    }

    fn on_played(&mut self, prompt: PromptKind, out: &mut Outputs) {
        match prompt {
            PromptKind::Disclosure => {}
            PromptKind::Message => {
                out.event("converse.message-played", json!({}));
                if self.goes_on() && !self.parting {
                    self.close_after(self.plan.listen_after_message_ms, out);
                }
            }
            PromptKind::Farewell => {
                out.event("call.prompt-played", json!({ "prompt": prompt }));
                if self.goes_on() {
                    self.close_after(LISTEN_AFTER_FAREWELL_MS, out);
                }
            }
            PromptKind::Acknowledgement | PromptKind::Voicemail => {
                out.event("call.prompt-played", json!({ "prompt": prompt }));
                self.hang_up(out);
            }
        }
    }

    fn on_machine(&mut self, because: &'static str, out: &mut Outputs) {
        let may_be_machine =
            !self.is_unanswered() && !self.person_acted && !self.agent.is_bridged();
        if !may_be_machine || !self.goes_on() {
            return;
        }
        self.answered_by = Some(AnsweredBy::Machine);
        out.event("call.machine", json!({ "because": because }));
        out.push(Output::StopPlaying);
        let _ = self.disclosure.interrupt(Interruption::Machine, None);
        self.end_agent(out);
        // A number that is held, or may have opted out, is left no message.
        if self.plan.leaves_voicemail && !self.parting {
            out.push(Output::Play {
                prompt: PromptKind::Voicemail,
                from: PlayFrom::Beep,
            });
            self.close_after(CLOSING_MS_MAX, out);
        } else {
            self.hang_up(out);
        }
    }

    fn on_human(&mut self, out: &mut Outputs) {
        if self.answered_by == Some(AnsweredBy::Unknown) {
            self.answered_by = Some(AnsweredBy::Human);
            out.event("call.human", json!({}));
        }
    }

    fn on_cancel(&mut self, why: CancelWhy, out: &mut Outputs) {
        if self.is_unanswered() {
            if !matches!(self.withdrawn, Some(Withdrawn::Outside(_))) {
                self.withdraw(Withdrawn::Outside(why), out);
            }
            return;
        }
        match why {
            // STOP lets those who have answered finish: cutting them off would abandon them.
            CancelWhy::Stop => {}
            CancelWhy::Held => {
                if self.part(out) {
                    out.event("call.parting", json!({ "why": why }));
                }
            }
            CancelWhy::HangUp | CancelWhy::OptOutElsewhere | CancelWhy::Shutdown => {
                self.hang_up(out);
            }
        }
    }

    fn on_timer(&mut self, which: TimerKind, now: Timestamp, out: &mut Outputs) {
        match which {
            TimerKind::Ring if self.is_unanswered() && self.withdrawn.is_none() => {
                self.withdraw(Withdrawn::RingLimit, out);
            }
            TimerKind::DisclosureStart if self.goes_on() && self.disclosure.evidence.is_none() => {
                self.failed_callee = true;
                self.hang_up(out);
            }
            TimerKind::Call | TimerKind::Closing => self.hang_up(out),
            TimerKind::OptOutRecord => self.on_opt_out_kept(false, now, out),
            TimerKind::Agent if self.agent.is_awaited() => self.hang_up(out),
            TimerKind::HangUp => {
                let ending = match self.is_unanswered() {
                    true => Ending::NoReply,
                    false => Ending::HungUp,
                };
                self.ending.get_or_insert(ending);
                self.settle_if_over(now, out);
            }
            TimerKind::Ring | TimerKind::DisclosureStart | TimerKind::Agent => {}
        }
    }

    fn withdraw(&mut self, why: Withdrawn, out: &mut Outputs) {
        self.withdrawn = Some(why);
        out.push(Output::CancelCallee);
        out.push(Output::SetTimer {
            which: TimerKind::HangUp,
            after_ms: END_MS_MAX,
        });
        let why = match why {
            Withdrawn::RingLimit => json!("ring-limit"),
            Withdrawn::Outside(why) => json!(why),
        };
        out.event("call.cancelled", json!({ "why": why }));
    }

    fn close_after(&self, after_ms: u32, out: &mut Outputs) {
        out.push(Output::SetTimer {
            which: TimerKind::Closing,
            after_ms,
        });
    }

    fn hang_up(&mut self, out: &mut Outputs) {
        // INVARIANT (opt-out-wins): whatever wants to hang up waits for the record; its outcome hangs up then.
        let recording = self.opt_out == OptOut::Recording;
        if recording || self.hung_up || self.is_unanswered() || self.ending.is_some() {
            return;
        }
        self.hung_up = true;
        let _ = self.disclosure.interrupt(self.interruption(), None);
        out.push(Output::HangUpCallee);
        out.push(Output::SetTimer {
            which: TimerKind::HangUp,
            after_ms: END_MS_MAX,
        });
        self.end_agent(out);
    }

    /// Why a disclosure that is being sent would end at this moment.
    fn interruption(&self) -> Interruption {
        if self.opt_out != OptOut::None {
            Interruption::OptOut
        } else if self.answered_by == Some(AnsweredBy::Machine) {
            Interruption::Machine
        } else if matches!(self.ending, Some(Ending::CalleeHungUp)) {
            Interruption::CalleeHungUp
        } else {
            Interruption::Cancelled
        }
    }
}
