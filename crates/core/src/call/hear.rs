//! What the callee presses and says, and the opt-out that may follow from it.

use jiff::Timestamp;
use serde_json::json;

use super::{
    CLOSING_MS_MAX, Call, CallState, Judged, OptOut, OptOutChannel, Output, Outputs, PlayFrom,
    PromptKind, TimerKind,
};
use crate::disclose::Interruption;

impl Call {
    pub(super) fn on_key(&mut self, key: char, out: &mut Outputs) {
        if self.is_unanswered() {
            return;
        }
        self.person_acted = true;
        out.event("converse.key", json!({ "key": key }));
        if key == self.plan.opt_out_key {
            self.on_opt_out(OptOutChannel::Keypad, key.to_string(), out);
        }
    }

    pub(super) fn on_said(
        &mut self,
        text: String,
        is_final: bool,
        judged: Judged,
        out: &mut Outputs,
    ) {
        if self.is_unanswered() {
            return;
        }
        if is_final || judged == Judged::OptOut {
            out.event(
                "converse.said",
                json!({ "text": text, "final": is_final, "judged": judged }),
            );
        }
        match judged {
            // An interim comes here only once it is stable (`converse::Listener`), and then counts as much.
            Judged::OptOut => {
                self.person_acted = true;
                self.on_opt_out(OptOutChannel::Voice, text, out);
            }
            Judged::Ambiguous if is_final => self.on_ambiguous(&text, out),
            Judged::Ambiguous | Judged::NotOptOut => {}
        }
    }

    /// Words that may have meant "stop calling": the call ends politely. Whoever judged them has made the hold.
    fn on_ambiguous(&mut self, text: &str, out: &mut Outputs) {
        out.event("converse.ambiguous", json!({ "text": text }));
        if self.part(out) {
            self.person_acted = true;
        }
    }

    /// Ends the call politely: nothing more is offered to somebody who may want no calls, whichever way that was said. False
    /// when it is ending already.
    pub(super) fn part(&mut self, out: &mut Outputs) -> bool {
        if self.parting || !self.goes_on() {
            return false;
        }
        self.parting = true;
        self.end_agent(out);
        // A disclosure that is being played goes on to its end: it says who called and how to stop all calls.
        if self.state == CallState::Conversing {
            out.push(Output::StopPlaying);
            self.say_farewell(out);
        }
        true
    }

    /// How to stop all calls, once more; a seller without such a prompt says no more.
    pub(super) fn say_farewell(&mut self, out: &mut Outputs) {
        if self.plan.has_farewell {
            out.push(Output::Play {
                prompt: PromptKind::Farewell,
                from: PlayFrom::Now,
            });
            self.close_after(CLOSING_MS_MAX, out);
        } else {
            self.close_after(self.plan.listen_after_message_ms, out);
        }
    }

    fn on_opt_out(&mut self, channel: OptOutChannel, said: String, out: &mut Outputs) {
        if self.opt_out != OptOut::None {
            return;
        }
        // INVARIANT (opt-out-wins): recorded first; the call ends only when that is durable or has failed for good.
        self.opt_out = OptOut::Recording;
        out.push(Output::RecordOptOut {
            channel,
            said: said.clone(),
        });
        out.push(Output::StopPlaying);
        out.push(Output::SetTimer {
            which: TimerKind::OptOutRecord,
            after_ms: self.plan.opt_out_record_ms_max,
        });
        let _ = self.disclosure.interrupt(Interruption::OptOut, None);
        self.end_agent(out);
        out.event(
            "converse.opt-out-heard",
            json!({ "channel": channel, "said": said }),
        );
    }

    pub(super) fn on_opt_out_kept(&mut self, durable: bool, now: Timestamp, out: &mut Outputs) {
        match (self.opt_out, durable) {
            (OptOut::Recording, true) => self.opt_out = OptOut::Recorded,
            (OptOut::Recording, false) => self.opt_out = OptOut::NotRecorded,
            (OptOut::NotRecorded, true) => {
                self.opt_out = OptOut::Recorded;
                return;
            }
            (OptOut::None | OptOut::Recorded | OptOut::NotRecorded, _) => return,
        }
        if self.ending.is_some() {
            self.settle_if_over(now, out);
        } else if durable && self.plan.has_acknowledgement && !self.hung_up {
            out.push(Output::Play {
                prompt: PromptKind::Acknowledgement,
                from: PlayFrom::Now,
            });
            self.close_after(CLOSING_MS_MAX, out);
        } else {
            // What could not be recorded is not promised; the driver goes on trying to record it.
            self.hang_up(out);
        }
    }
}
