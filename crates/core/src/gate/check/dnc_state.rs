//! The states' own do-not-call lists. A list binds where the callee may be; a hit on any state's list binds
//! everywhere, for it says where the callee is.

use super::super::case::{Callee, Case};
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::lead::StateCode;
use crate::rules::{Concerns, State};
use crate::suppression::ListAnswer;

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if !case.sells() || !matches!(case.callee, Callee::Us(_) | Callee::UnknownAreaCode(_)) {
        return None;
    }
    let lists = case.facts.suppressions.states.as_slice();
    let mut first = None;
    let keeps_one = |state: &&State| state.concerns.have(Concerns::LIST);
    for state in case.states().filter(keeps_one) {
        let rule = state.law.list.provenance.id;
        first.get_or_insert(rule);
        if !on_file(case, lists, state) {
            out.deny(ReasonCode::DncNotSubscribed, rule, || {
                format!("no list of {} on file", state.law.name)
            });
        }
    }
    // Most lists neither hold the number nor end; only the others have something to say.
    let speaks = |list: &ListAnswer| list.listed | list.expires_at.is_some();
    if lists.iter().fold(false, |any, list| any | speaks(list)) {
        let in_time = |list: &&ListAnswer| is_in_time(case, list);
        for list in lists.iter().filter(|list| speaks(list)).filter(in_time) {
            answer(case, list, out);
        }
    }
    first
}

fn is_in_time(case: &Case<'_>, list: &ListAnswer) -> bool {
    list.obtained_at <= case.now && list.effective_at.is_none_or(|from| from <= case.now)
}

fn on_file(case: &Case<'_>, lists: &[ListAnswer], state: &State) -> bool {
    let code = state.law.code;
    // Where it stands if every state's list is on file once, in the order of their codes.
    let likely = lists.get(state.lists_before);
    let spelt_so = |list: &&ListAnswer| {
        let letters = list.name.as_bytes().first_chunk().copied();
        letters.map(u16::from_be_bytes) == Some(code.number())
    };
    likely.filter(spelt_so).is_some_and(|list| is_in_time(case, list))
        || lists.iter().any(|list| list_state(list) == Some(code) && is_in_time(case, list))
}

/// The state whose list it is: lists are named by the state's code, perhaps with an ending (`TX-electric`).
fn list_state(list: &ListAnswer) -> Option<StateCode> {
    list.name
        .get(..2)
        .and_then(|code| StateCode::parse(code).ok())
}

fn answer(case: &Case<'_>, list: &ListAnswer, out: &mut Findings) {
    let code = list_state(list);
    let state = code
        .and_then(|code| case.pack.jurisdictions.get(&code))
        .map(|state| &state.list);
    let rule = state.map_or("us-fed-national-dnc", |state| state.provenance.id);
    let concerns = code.is_some_and(|code| case.may_be_in(code));
    if concerns && list.expires_at.is_some_and(|until| until <= case.now) {
        out.deny(ReasonCode::DncStale, rule, || {
            format!("the list {} ended {:?}", list.name, list.expires_at)
        });
    }
    if !list.listed {
        return;
    }
    let detail = || format!("on the list {}, obtained {}", list.name, list.obtained_at);
    match case.standing.unrelaxed() {
        Some(consent) if state.is_some_and(|state| state.lifted_by_written_consent) => {
            out.exempt(ReasonCode::DncState, rule, || {
                format!("consent {}; {}", consent.id, detail())
            });
        }
        Some(_) | None => out.deny(ReasonCode::DncState, rule, detail),
    }
}
