//! Opt-outs that bind nobody on file: kept under a name that may be misspelt.

use std::collections::BTreeSet;

use ringfence_core::lead::PhoneNumber;
use ringfence_store::hold::{HoldState, StrangersOptOut};

use super::super::{Failure, World};
use super::{Finding, found};
use crate::strangers::alike;

/// INVARIANT (bounded): opt-outs looked at.
const OPT_OUTS_MAX: u32 = 10_000;
/// Numbers shown for each name, masked.
const NUMBERS_SHOWN: usize = 3;

pub(super) fn look(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let kept = world.store.opt_outs_of_strangers(OPT_OUTS_MAX)?;
    let all_seen = kept.len() < OPT_OUTS_MAX as usize;
    for of_one in kept.chunk_by(|a, b| a.seller == b.seller) {
        findings.push(named(world, of_one, all_seen)?);
    }
    Ok(())
}

/// What is known of the opt-outs for one name.
fn named(world: &World, opt_outs: &[StrangersOptOut], all_seen: bool) -> Result<Finding, Failure> {
    let Some(first) = opt_outs.first() else {
        return Ok(found("opt-outs", "ok", ""));
    };
    // Whoever brought it chose the name.
    let seller = first.seller.escape_debug().to_string();
    let shown = opt_outs.iter().take(NUMBERS_SHOWN);
    let mut numbers: Vec<String> = shown.map(|of| of.number.to_string()).collect();
    if opt_outs.len() > NUMBERS_SHOWN {
        numbers.push("...".to_owned());
    }
    let detail = format!(
        "{}{} number(s) opted out of `{seller}`, which is not on file ({}): kept, and in force from the day that \
         PUT /v1/sellers/{seller} puts it",
        if all_seen { "" } else { "at least " },
        opt_outs.len(),
        numbers.join(", "),
    );
    let like: BTreeSet<String> = alike(&*world.store, &first.seller)?.into_iter().collect();
    if like.is_empty() {
        let what = "if another seller was meant, record it for that one: POST /v1/revocations";
        return Ok(found("opt-outs", "note", format!("{detail}; {what}")));
    }
    let (mut waiting, mut open) = (0_u64, 0_u64);
    for of in opt_outs {
        match standing(world, of.number, &like)? {
            Standing::Waiting => waiting += 1,
            Standing::Open => open += 1,
            Standing::Settled => {}
        }
    }
    let names: Vec<String> = like.iter().map(|name| format!("`{name}`")).collect();
    let names = names.join(", ");
    let todo = match (waiting, open) {
        (0, 0) => format!("whether {names} was meant has been decided for each"),
        (waiting, 0) => format!(
            "{names} may have been meant: {waiting} wait(s) for a decision at /review, or `ringfence holds list`"
        ),
        (waiting, open) => format!(
            "{names} may have been meant, and {open} may still be called for it: POST /v1/revocations with that seller \
             if so; {waiting} wait(s) for a decision at /review"
        ),
    };
    // Nobody is called against a known wish while it is settled or held; otherwise somebody may be.
    let state = if open > 0 { "missing" } else { "note" };
    Ok(found("opt-outs", state, format!("{detail}; {todo}")))
}

/// Whether anybody has said that a seller with a like name was meant, or was not.
enum Standing {
    /// It opted out of one of them, too, or a person found that none was meant.
    Settled,
    /// It is held for one of them.
    Waiting,
    /// Neither.
    Open,
}

fn standing(
    world: &World,
    number: PhoneNumber,
    like: &BTreeSet<String>,
) -> Result<Standing, Failure> {
    let is_like = |seller: &Option<String>| seller.as_ref().is_none_or(|s| like.contains(s));
    let holds = world.store.holds_of(number)?;
    let mut of_like = holds.iter().filter(|hold| is_like(&hold.draft.seller));
    if of_like.clone().any(|hold| hold.state == HoldState::Open) {
        return Ok(Standing::Waiting);
    }
    let opted_out = world.store.suppressions_of(number)?;
    let settled = opted_out.iter().any(|entry| is_like(&entry.seller))
        || of_like.any(|hold| hold.state == HoldState::Released);
    Ok(match settled {
        true => Standing::Settled,
        false => Standing::Open,
    })
}
