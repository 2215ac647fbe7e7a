//! Scrubs: what the gate would say of many calls, nothing recorded. A preview, never a substitute for the gate, which
//! decides anew at every dial.

mod batch;
mod summary;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use ringfence_core::gate::{CallRequest, Facts, Judgement, ReasonCode, Verdict, judge};
use ringfence_core::id::Id;
use ringfence_core::lead::{Place, StateCode};
use ringfence_core::rules::{AreaCode, RulePack};
use ringfence_store::gate::GateSettings;
use ringfence_store::scrub::{Alike, Scrub, Seen};
use ringfence_store::{Result, Store};

pub use batch::{Batch, open_sheet, place_of};
pub use summary::Summary;

/// What the gate says, as far as a scrub tells it; few different ones among millions of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Verdicts {
    /// May the call be placed?
    pub verdict: Verdict,
    /// Every reason with its rule, in the gate's order.
    pub reasons: Vec<(ReasonCode, &'static str)>,
    /// On `defer`: the first second at which it may.
    pub next_allowed_at: Option<Timestamp>,
    /// Where the callee is taken to be; none: not known.
    pub state: Option<StateCode>,
    /// The callee's day and hour at which the call may begin, by the latest clock they may live by.
    pub hour: Option<(Date, i8)>,
}

/// What came of a scrub.
#[derive(Debug)]
pub struct Scrubbed {
    /// Every different answer.
    pub answers: Vec<Verdicts>,
    /// How many numbers got each.
    pub counts: Vec<u64>,
    /// Each row's answer, a position in `answers`.
    pub rows: Vec<u32>,
}

impl Scrubbed {
    /// The answer of a row.
    pub fn of(&self, row: usize) -> Option<&Verdicts> {
        let at = usize::try_from(*self.rows.get(row)?).ok()?;
        self.answers.get(at)
    }
}

/// How often the caller hears of progress, in numbers.
const TOLD_EVERY: usize = 65_536;

/// Scrubs a batch for the calls that `common` describes, at `at`. `leads`: those of the batch's rows, or none. `told`
/// hears now and then how many numbers are done.
///
/// # Errors
/// When the store cannot be read.
pub fn scrub(
    store: &dyn Store,
    rules: &RulePack,
    settings: &GateSettings,
    common: &CallRequest,
    batch: &mut Batch,
    at: Timestamp,
    told: &dyn Fn(usize),
) -> Result<Scrubbed> {
    batch.sort();
    let mut book = Book::new(rules, at, batch.len());
    for (row, to, place) in batch.unreadable() {
        let request = CallRequest {
            to: to.to_owned(),
            place: batch.place(*place),
            lead: None,
            ..common.clone()
        };
        book.unreadable(*row, *place, &request, |request| {
            store.facts(request, settings, at)
        })?;
    }
    let leads: Vec<Id> = batch.leads_in_order();
    let scrub = Scrub {
        common,
        places: batch.places(),
        callees: batch.callees(),
        leads: &leads,
    };
    store.scrub(&scrub, settings, at, &mut |seen: Seen<'_>| {
        let row = batch.callees().get(seen.index).map(|callee| callee.row);
        book.enter(row.unwrap_or_default(), &seen);
        if seen.index % TOLD_EVERY == TOLD_EVERY - 1 {
            told(seen.index + 1);
        }
    })?;
    Ok(book.done)
}

/// Answers as they come, each different one once.
struct Book<'a> {
    rules: &'a RulePack,
    at: Timestamp,
    alike: HashMap<Alike, u32>,
    /// The last one that was looked up: sorted numbers of one area code mostly come alike.
    last: Option<(Alike, u32)>,
    faults: HashMap<(String, u32), u32>,
    known: HashMap<Verdicts, u32>,
    done: Scrubbed,
}

impl<'a> Book<'a> {
    fn new(rules: &'a RulePack, at: Timestamp, rows: usize) -> Self {
        Self {
            rules,
            at,
            alike: HashMap::new(),
            last: None,
            faults: HashMap::new(),
            known: HashMap::new(),
            done: Scrubbed {
                answers: Vec::new(),
                counts: Vec::new(),
                rows: vec![0; rows],
            },
        }
    }

    fn enter(&mut self, row: u32, seen: &Seen<'_>) {
        let known = match (seen.alike, self.last) {
            (Some(key), Some((last, answer))) if key == last => Some(answer),
            (Some(key), _) => self.alike.get(&key).copied(),
            (None, _) => None,
        };
        let answer = known.unwrap_or_else(|| self.decide(seen.facts));
        if let Some(key) = seen.alike {
            if known.is_none() {
                self.alike.insert(key, answer);
            }
            self.last = Some((key, answer));
        }
        self.put(row, answer);
    }

    /// A row whose number cannot exist: all of one fault get one answer.
    fn unreadable(
        &mut self,
        row: u32,
        place: u32,
        request: &CallRequest,
        facts: impl FnOnce(&CallRequest) -> Result<Facts>,
    ) -> Result<()> {
        let fault = ringfence_core::lead::PhoneNumber::parse(&request.to).err();
        let key = (fault.map(|f| f.to_string()).unwrap_or_default(), place);
        let answer = match self.faults.get(&key) {
            Some(answer) => *answer,
            None => {
                let answer = self.decide(&facts(request)?);
                self.faults.insert(key, answer);
                answer
            }
        };
        self.put(row, answer);
        Ok(())
    }

    fn put(&mut self, row: u32, answer: u32) {
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        if let Some(count) = self.done.counts.get_mut(place(answer)) {
            *count += 1;
        }
        if let Some(slot) = self.done.rows.get_mut(place(row)) {
            *slot = answer;
        }
    }

    fn decide(&mut self, facts: &Facts) -> u32 {
        let answer = Verdicts::of(self.rules, facts, self.at);
        if let Some(known) = self.known.get(&answer) {
            return *known;
        }
        let at = u32::try_from(self.done.answers.len()).unwrap_or(u32::MAX);
        self.done.answers.push(answer.clone());
        self.done.counts.push(0);
        self.known.insert(answer, at);
        at
    }
}

impl Verdicts {
    /// What a scrub tells of the call that `facts` describe, at `at`.
    pub fn of(rules: &RulePack, facts: &Facts, at: Timestamp) -> Self {
        judge(rules, facts, at, |judgement| {
            Self::from_judgement(judgement, rules, facts, at)
        })
    }

    fn from_judgement(
        judgement: &Judgement<'_>,
        rules: &RulePack,
        facts: &Facts,
        at: Timestamp,
    ) -> Self {
        let next_allowed_at = judgement.next_allowed_at();
        let (verdict, may_begin) = match judgement.verdict() {
            Verdict::Allow => (Verdict::Allow, Some(at)),
            // Nothing opens within the horizon: waiting would not help.
            Verdict::Defer if next_allowed_at.is_none() => (Verdict::Deny, None),
            verdict => (verdict, next_allowed_at),
        };
        let hour = may_begin.and_then(|at| {
            let zones = judgement.candidates().time_zones;
            zones
                .iter()
                .filter_map(|name| Some(rules.places.zone(name)?.to_datetime(at)))
                .min()
                .map(|local| (local.date(), local.hour()))
        });
        Self {
            verdict,
            reasons: judgement.reasons().collect(),
            next_allowed_at,
            state: state_of(rules, &facts.request.to, &facts.request.place),
            hour,
        }
    }

    /// The reasons' codes, each once, in the gate's order.
    pub fn codes(&self) -> Vec<ReasonCode> {
        let mut codes: Vec<ReasonCode> = Vec::new();
        for (code, _) in &self.reasons {
            if !codes.contains(code) {
                codes.push(*code);
            }
        }
        codes
    }
}

/// Where a callee is counted: in the state that was stated, else in their ZIP's, else in their area code's.
fn state_of(rules: &RulePack, to: &str, place: &Place) -> Option<StateCode> {
    let by_zip = || Some(rules.places.zip(place.zip.as_deref()?)?.0);
    let by_number = || {
        let number = ringfence_core::lead::PhoneNumber::parse(to).ok()?;
        match rules.places.area_code(number.area_code()?) {
            AreaCode::Us { state, .. } => Some(state),
            _ => None,
        }
    };
    place.state.or_else(by_zip).or_else(by_number)
}
