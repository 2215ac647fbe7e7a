//! What waits for somebody: words that nobody decided about, events that could not be told.

use ringfence_store::PageRequest;

use super::super::{Failure, World};
use super::{Finding, found};

pub(super) fn look(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    holds(world, findings)?;
    webhooks(world, findings)
}

fn holds(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let count = world.store.open_hold_count(&[], world.now())?;
    let (open, overdue) = (count.open, count.overdue);
    let how = "`ringfence holds list`, or the page at /review";
    findings.push(match (count.first_due_at, overdue) {
        (None, _) => found("holds", "ok", "no words wait for a decision"),
        (Some(first), 0) => {
            let detail = format!(
                "{open} number(s) wait for a decision, the first is an opt-out at {first}: {how}"
            );
            found("holds", "note", detail)
        }
        (Some(_), overdue) => {
            let detail = format!(
                "{overdue} of {open} held number(s) are past their day and count as opt-outs as soon as \
                 `ringfence serve` runs; until then: {how}"
            );
            found("holds", "stale", detail)
        }
    });
    Ok(())
}

fn webhooks(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let endpoints = world.store.endpoints()?;
    let (on_their_way, dead) = world.store.delivery_counts()?;
    if dead == 0 {
        if !endpoints.is_empty() {
            let count = endpoints.len();
            let detail =
                format!("{count} endpoint(s), {on_their_way} event(s) on their way, none dead");
            findings.push(found("webhooks", "ok", detail));
        }
        return Ok(());
    }
    let newest = world.store.dead_letters(&PageRequest::first(1))?.items;
    let why = newest.into_iter().next().map(|letter| {
        let error = letter.last_error.unwrap_or_default();
        format!("; the last to {}: {error}", letter.endpoint)
    });
    let detail = format!(
        "{dead} event(s) could not be told{}; mend the receiver, then POST /v1/webhooks/dead:retry \
         (GET /v1/webhooks/dead lists them)",
        why.unwrap_or_default()
    );
    findings.push(found("webhooks", "broken", detail));
    Ok(())
}
