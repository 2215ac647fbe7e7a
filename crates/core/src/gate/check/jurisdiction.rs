//! Places that deny by themselves: those whose law has not been read, and those that bar artificial-voice
//! solicitation unless counsel has recorded otherwise.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::super::relaxed::{advice, named};
use crate::rules::{ArtificialVoiceAction, Concerns};

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if !case.concerns(Concerns::PLACE) {
        return Some("us-fed-ai-voice-artificial");
    }
    for state in case.states() {
        let name = &state.law.name;
        if let Some(unread) = &state.law.unread {
            out.deny(ReasonCode::JurisdictionUnread, unread.id, || {
                format!("the law of {name} has not been read")
            });
        }
        let law = &state.law.artificial_voice;
        let bars = law.action == ArtificialVoiceAction::ProhibitWithoutOverride
            && case.in_force(state.voice);
        if !case.sells() || !bars {
            continue;
        }
        let rule = law.provenance.id;
        let code = ReasonCode::JurisdictionProhibits;
        match advice(case, rule) {
            Some(advice) => out.exempt(code, rule, || named(advice)),
            None => out.deny(code, rule, || {
                format!("{name} bars such calls; no counsel override")
            }),
        }
    }
    Some("us-fed-ai-voice-artificial")
}
