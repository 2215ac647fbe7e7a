//! Shadow mode: what the gate would have said of calls that another dialer made, each at its own time, with the facts on
//! file that were dated by then. Nothing is recorded.

mod record;
mod tally;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use ringfence_core::gate::{Attempt, CallRequest, Facts};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::rules::RulePack;
use ringfence_store::gate::GateSettings;
use ringfence_store::{Result, Store};
use serde::Serialize;

use crate::scrub::Verdicts;

pub use record::{Reading, Records};
pub use tally::{Difference, Tally};

/// One call as its dialer recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The line of the file.
    pub line: u64,
    /// When it began.
    pub at: Timestamp,
    /// The call as the gate would have been asked.
    pub request: CallRequest,
}

/// How far back calls count towards caps: the longest cap's period.
const EARLIER: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Two records this near to each other are of one call: our own attempt, and the dialer's record of it.
const SAME_CALL: SignedDuration = SignedDuration::from_mins(5);

/// What the gate would have said.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// In the order of the calls, those of each pack together.
    pub answers: Vec<Vec<Verdicts>>,
    /// What could not be read that some of the calls needed, such as a list that was pruned since: they are stopped for
    /// that.
    pub unreadable: Vec<Unreadable>,
}

/// A source that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unreadable {
    /// Which.
    pub source: String,
    /// Why.
    pub detail: String,
    /// Calls that needed it.
    pub calls: u64,
}

/// Decides every call at its time under each pack. `told` hears how many are done.
///
/// # Errors
/// When the store cannot be read.
pub fn shadow(
    store: &dyn Store,
    packs: &[&RulePack],
    settings: &GateSettings,
    calls: &[Made],
    told: &dyn Fn(usize),
) -> Result<Judged> {
    let mut order: Vec<&Made> = calls.iter().collect();
    order.sort_by_key(|call| (call.at, call.line));
    let mut earlier: HashMap<(PhoneNumber, &str), Vec<(u64, Timestamp)>> = HashMap::new();
    let mut answers: HashMap<u64, Vec<Verdicts>> = HashMap::new();
    let mut unreadable: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (done, call) in order.into_iter().enumerate() {
        let mut facts = store.facts(&call.request, settings, call.at)?;
        // A button pressed since then did not stop it.
        facts.stops.retain(|stop| stop.since <= call.at);
        if let Ok(number) = PhoneNumber::parse(&call.request.to) {
            let before = earlier.entry((number, &call.request.seller)).or_default();
            before.retain(|(_, at)| call.at.duration_since(*at) < EARLIER);
            count_earlier(&mut facts, before);
            before.push((call.line, call.at));
        }
        for failure in &facts.failures {
            let failure = (failure.source.clone(), failure.detail.clone());
            *unreadable.entry(failure).or_default() += 1;
        }
        let said = packs
            .iter()
            .map(|pack| Verdicts::of(pack, &facts, call.at))
            .collect();
        answers.insert(call.line, said);
        told(done + 1);
    }
    let answers = calls.iter().map(|call| answers.remove(&call.line));
    let unreadable = unreadable.into_iter();
    let unreadable = unreadable.map(|((source, detail), calls)| Unreadable {
        source,
        detail,
        calls,
    });
    Ok(Judged {
        answers: answers.flatten().collect(),
        unreadable: unreadable.collect(),
    })
}

/// The file's earlier calls to this number count towards caps, each once.
fn count_earlier(facts: &mut Facts, before: &[(u64, Timestamp)]) {
    let known: Vec<Timestamp> = facts.attempts.iter().map(|attempt| attempt.at).collect();
    let of_file = before
        .iter()
        .filter(|(_, at)| {
            !known
                .iter()
                .any(|k| k.duration_since(*at).abs() <= SAME_CALL)
        })
        .map(|(line, at)| Attempt {
            id: Id::new(format!("line_{line}")),
            at: *at,
            campaign: None,
            // Dispositions differ from dialer to dialer: nothing is made of them.
            conversed: false,
        });
    facts.attempts.extend(of_file);
    facts.attempts.sort_by_key(|attempt| attempt.at);
}
