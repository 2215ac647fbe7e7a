//! Places that deny by themselves: those whose law has not been read, and those that bar artificial-voice
//! solicitation unless counsel has recorded otherwise.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::applied;
use crate::rules::ArtificialVoiceAction;

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    for state in &case.states {
        if let Some(unread) = &state.unread {
            let detail = format!("the law of {} has not been read", state.name);
            out.deny(ReasonCode::JurisdictionUnread, &unread.id, detail);
        }
        let law = &state.artificial_voice;
        let bars = law.action == ArtificialVoiceAction::ProhibitWithoutOverride
            && case
                .dates()
                .iter()
                .any(|day| law.provenance.in_force_on(*day));
        if !case.sells() || !bars {
            continue;
        }
        let rule = &law.provenance.id;
        let code = ReasonCode::JurisdictionProhibits;
        let lifted =
            case.facts.overrides.iter().find(|o| {
                &o.rule == rule && o.from <= case.now && o.to.is_none_or(|to| case.now < to)
            });
        match lifted {
            Some(o) => out.exempt(
                code,
                rule,
                format!("counsel override {}: {}", o.id, o.document),
            ),
            None => {
                let detail = format!("{} bars such calls; no counsel override", state.name);
                out.deny(code, rule, detail);
            }
        }
    }
    applied("us-fed-ai-voice-artificial")
}
