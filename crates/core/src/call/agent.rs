//! The agent leg: what it may hear and say, and when.

use super::{AgentLeg, Call, Output, Outputs, Plan, PlayFrom, PromptKind, TimerKind};
use crate::outcome::AnsweredBy;

/// How far the agent leg has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgentState {
    /// There is none (announcement).
    None,
    /// Its INVITE waits for our answer.
    Waiting,
    /// To be called, not called yet.
    ToCall,
    /// Called, not there yet.
    Called,
    /// There, not bridged.
    Up,
    /// Hears the callee and is heard.
    Bridged,
    /// Could not be reached, refused, or gone.
    Gone,
}

impl AgentState {
    pub(super) fn of(plan: &Plan) -> Self {
        match plan.agent_leg {
            AgentLeg::None => Self::None,
            AgentLeg::Waiting => Self::Waiting,
            AgentLeg::Called => Self::ToCall,
        }
    }

    pub(super) fn is_bridged(self) -> bool {
        self == Self::Bridged
    }

    pub(super) fn is_awaited(self) -> bool {
        matches!(self, Self::ToCall | Self::Called)
    }
}

impl Call {
    /// While the disclosure is played the agent is fetched, so that the callee does not wait for it afterwards.
    pub(super) fn call_agent(&mut self, out: &mut Outputs) {
        if self.agent == AgentState::ToCall {
            self.agent = AgentState::Called;
            out.push(Output::InviteAgent);
        }
    }

    /// The disclosure was played whole: now the callee may hear what the call is about.
    pub(super) fn open_agent(&mut self, out: &mut Outputs) {
        // INVARIANT (disclose-first): the only place where agent audio is let through.
        if !self.disclosure.is_complete() || self.answered_by == Some(AnsweredBy::Machine) {
            return;
        }
        match self.agent {
            AgentState::None if self.plan.has_message => out.push(Output::Play {
                prompt: PromptKind::Message,
                from: PlayFrom::Now,
            }),
            AgentState::None => self.close_after(self.plan.listen_after_message_ms, out),
            AgentState::Waiting => {
                self.agent = AgentState::Bridged;
                out.push(Output::AnswerAgent);
            }
            AgentState::Up => {
                self.agent = AgentState::Bridged;
                out.push(Output::BridgeAgent);
            }
            AgentState::ToCall | AgentState::Called => out.push(Output::SetTimer {
                which: TimerKind::Agent,
                after_ms: self.plan.agent_ms_max,
            }),
            AgentState::Gone => self.hang_up(out),
            AgentState::Bridged => {}
        }
    }

    pub(super) fn on_agent_up(&mut self, out: &mut Outputs) {
        match self.agent {
            AgentState::Called if self.goes_on() => {
                self.agent = AgentState::Up;
                if self.disclosure.is_complete() {
                    self.open_agent(out);
                }
            }
            // It came too late.
            AgentState::Called | AgentState::Gone => {
                self.agent = AgentState::Gone;
                out.push(Output::HangUpAgent);
            }
            AgentState::None
            | AgentState::Waiting
            | AgentState::ToCall
            | AgentState::Up
            | AgentState::Bridged => {}
        }
    }

    pub(super) fn on_agent_gone(&mut self, out: &mut Outputs) {
        if matches!(self.agent, AgentState::None | AgentState::Gone) {
            return;
        }
        let was_waiting = self.agent == AgentState::Waiting;
        self.agent = AgentState::Gone;
        out.event("call.agent-gone", serde_json::json!({}));
        if self.is_unanswered() {
            if was_waiting && self.withdrawn.is_none() {
                // Nobody is left whom the callee could talk to.
                self.withdraw(super::Withdrawn::Outside(super::CancelWhy::HangUp), out);
            }
        } else if self.disclosure.is_complete() && self.goes_on() {
            self.hang_up(out);
        }
        // While it is being played the disclosure goes on to its end: who answered is told who called.
    }

    /// Ends the agent leg, however far it has come.
    pub(super) fn end_agent(&mut self, out: &mut Outputs) {
        match self.agent {
            AgentState::Waiting => out.push(Output::RefuseAgent { status: 480 }),
            AgentState::Called | AgentState::Up | AgentState::Bridged => {
                out.push(Output::HangUpAgent);
            }
            AgentState::None | AgentState::ToCall | AgentState::Gone => return,
        }
        self.agent = AgentState::Gone;
    }
}
