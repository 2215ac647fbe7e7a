//! The states' own do-not-call lists. A list binds where the callee may be; a hit on any state's list binds
//! everywhere, for it says where the callee is.

use super::super::case::{Callee, Case};
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::lead::StateCode;
use crate::rules::StateList;
use crate::suppression::ListAnswer;

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    if !case.sells() || !matches!(case.callee, Callee::Us(_) | Callee::UnknownAreaCode(_)) {
        return None;
    }
    let on_file: Vec<&ListAnswer> = case
        .facts
        .suppressions
        .states
        .iter()
        .filter(|list| list.obtained_at <= case.now)
        .filter(|list| list.effective_at.is_none_or(|from| from <= case.now))
        .collect();
    let mut first = None;
    for state in case.states.iter().filter(|state| state.list.own_list) {
        let rule = &state.list.provenance.id;
        first.get_or_insert_with(|| rule.clone());
        if !on_file
            .iter()
            .any(|list| list_state(list) == Some(state.code))
        {
            let detail = format!("no list of {} on file", state.name);
            out.deny(ReasonCode::DncNotSubscribed, rule, detail);
        }
    }
    for list in on_file {
        let rules = list_state(list)
            .and_then(|code| case.pack.jurisdictions.get(&code))
            .map(|state| &state.list);
        answer(case, list, rules, out);
    }
    first
}

/// The state whose list it is: lists are named by the state's code, perhaps with an ending (`TX-electric`).
fn list_state(list: &ListAnswer) -> Option<StateCode> {
    list.name
        .get(..2)
        .and_then(|code| StateCode::parse(code).ok())
}

fn answer(case: &Case<'_>, list: &ListAnswer, state: Option<&StateList>, out: &mut Findings<'_>) {
    let rule = state.map_or("us-fed-national-dnc", |state| state.provenance.id.as_str());
    let concerns = case.states.iter().any(|s| Some(s.code) == list_state(list));
    if concerns && list.expires_at.is_some_and(|until| until <= case.now) {
        let detail = format!("the list {} ended {:?}", list.name, list.expires_at);
        out.deny(ReasonCode::DncStale, rule, detail);
    }
    if !list.listed {
        return;
    }
    let detail = format!("on the list {}, obtained {}", list.name, list.obtained_at);
    match case.standing.record() {
        Some(consent) if state.is_some_and(|state| state.lifted_by_written_consent) => {
            out.exempt(
                ReasonCode::DncState,
                rule,
                format!("consent {}; {detail}", consent.id),
            );
        }
        Some(_) | None => out.deny(ReasonCode::DncState, rule, detail),
    }
}
