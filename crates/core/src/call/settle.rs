//! The end of a call: which outcome it has.

use jiff::Timestamp;
use serde_json::json;

use super::agent::AgentState;
use super::{Call, CallState, CancelWhy, Ending, OptOut, Output, Outputs, Settlement, Withdrawn};
use crate::outcome::{AnsweredBy, Outcome};

impl Call {
    /// Settles when the leg has ended and no opt-out waits to become durable.
    pub(super) fn settle_if_over(&mut self, now: Timestamp, out: &mut Outputs) {
        let Some(ending) = self.ending.clone() else {
            return;
        };
        if self.opt_out == OptOut::Recording {
            return;
        }
        let _ = self.disclosure.interrupt(self.interruption(), None);
        let outcome = self.outcome(&ending);
        if matches!(ending, Ending::AnsweredAfterCancel) {
            self.answered_at.get_or_insert(now);
            self.answered_by.get_or_insert(AnsweredBy::Unknown);
        }
        if self.agent == AgentState::Waiting {
            self.agent = AgentState::Gone;
            out.push(Output::RefuseAgent {
                status: refusal(outcome),
            });
        } else {
            self.end_agent(out);
        }
        self.state = CallState::Ended;
        let settlement = self.settlement(outcome, &ending);
        out.event("call.ended", json!(ending));
        out.push(Output::Settle(Box::new(settlement)));
    }

    fn settlement(&self, outcome: Outcome, ending: &Ending) -> Settlement {
        let answered = self.answered_at.is_some();
        let (sip_status, detail, retry_after_s) = match ending {
            Ending::Rejected {
                status,
                reason,
                retry_after_s,
            } => (Some(*status), reason.clone(), *retry_after_s),
            Ending::AnsweredAfterCancel => (Some(200), None, None),
            Ending::Failed { what } => (answered.then_some(200), Some(what.clone()), None),
            Ending::NoReply | Ending::CalleeHungUp | Ending::HungUp => {
                (answered.then_some(200), None, None)
            }
        };
        Settlement {
            outcome,
            sip_status,
            answered_by: self.answered_by,
            opt_out: self.opt_out != OptOut::None,
            opt_out_recorded: self.opt_out == OptOut::Recorded,
            disclosure: self.disclosure.clone(),
            detail,
            retry_after_s,
        }
    }

    fn outcome(&self, ending: &Ending) -> Outcome {
        if self.answered_at.is_some() {
            return self.outcome_answered(ending);
        }
        match ending {
            Ending::AnsweredAfterCancel => Outcome::Abandoned,
            Ending::Rejected { status: 487, .. } => match self.withdrawn {
                Some(Withdrawn::RingLimit) => Outcome::NoAnswer,
                Some(Withdrawn::Outside(_)) => Outcome::Cancelled,
                None => Outcome::from_sip_status(487),
            },
            Ending::Rejected { status, .. } => Outcome::from_sip_status(*status),
            Ending::NoReply | Ending::Failed { .. } => match self.withdrawn {
                Some(Withdrawn::Outside(
                    CancelWhy::Stop
                    | CancelWhy::HangUp
                    | CancelWhy::OptOutElsewhere
                    | CancelWhy::Held
                    | CancelWhy::Shutdown,
                )) => Outcome::Cancelled,
                // The carrier had it, we gave up, and the CANCEL was never confirmed.
                Some(Withdrawn::RingLimit)
                    if self.carrier_replied || self.state == CallState::Ringing =>
                {
                    Outcome::NoAnswer
                }
                Some(Withdrawn::RingLimit) | None => Outcome::Failed,
            },
            Ending::CalleeHungUp | Ending::HungUp => Outcome::Failed,
        }
    }

    fn outcome_answered(&self, ending: &Ending) -> Outcome {
        if self.answered_by == Some(AnsweredBy::Machine) {
            return Outcome::Machine;
        }
        if self.disclosure.is_complete() || self.opt_out != OptOut::None {
            return Outcome::Answered;
        }
        match ending {
            // That person ended it; unless we had failed or dropped them before.
            Ending::CalleeHungUp if !self.failed_callee && !self.hung_up => Outcome::Answered,
            _ => Outcome::Abandoned,
        }
    }
}

/// What an agent whose INVITE waits is told.
fn refusal(outcome: Outcome) -> u16 {
    match outcome {
        Outcome::Busy => 486,
        Outcome::Declined => 603,
        Outcome::Unwanted => 607,
        Outcome::BadNumber => 404,
        Outcome::NoAnswer => 408,
        Outcome::CarrierError | Outcome::Failed => 503,
        Outcome::Cancelled => 487,
        Outcome::Answered | Outcome::Abandoned | Outcome::Machine | Outcome::Unavailable => 480,
    }
}
