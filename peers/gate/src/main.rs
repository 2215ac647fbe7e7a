//! Decisions about a thousand sales calls: Ringfence's gate beside Cedar with the same rules as policies.

mod call;
mod law;
#[cfg(test)]
mod tests;

use std::hint::black_box;
use std::time::Instant;

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence_core::evidence::GENESIS;
use ringfence_core::gate::{Facts, Judgement, SellerFacts, decide, judge, sample};
use ringfence_core::rules::RulePack;
use rustix::time::{ClockId, clock_gettime};

use call::Caller;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The rules as policies.
const POLICIES: &str = include_str!("sales-call.cedar");

/// How often each is measured, in turn; the median counts.
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let count = match (words.next().as_deref(), words.next()) {
        (None, _) => 20_000,
        (Some("--count"), Some(count)) => count.parse()?,
        _ => return Err("peer-gate [--count DECISIONS]".into()),
    };
    let pack = RulePack::embedded()?;
    let callees = sample::callees(&pack);
    let seller = callees.iter().find_map(|facts| facts.seller.as_ref());
    let cedar = Cedar::new(&pack, seller.ok_or("no seller")?, sample::NOW)?;
    let requests = cedar.requests(&callees, sample::NOW)?;
    let (allowed, disagreed) = cedar.compare(&pack, &callees, &requests, sample::NOW);
    println!(
        "{} callees, {allowed} allowed, {} policies; the two disagree about {disagreed}",
        callees.len(),
        cedar.policies.policies().count()
    );
    let hash = sample::seller_sha256(&callees);
    let mut chain = GENESIS.to_owned();
    let mut rows = [
        Row::new("ringfence: every rule"),
        Row::new("ringfence: the decision with its words"),
        Row::new("ringfence: with its record and the chain"),
        Row::new("cedar: evaluation alone"),
        Row::new("cedar: with the request made"),
    ];
    for _ in 0..ROUNDS {
        let [rules, words, record, evaluated, whole] = &mut rows;
        let facts = |place: usize| &callees[place % callees.len()];
        rules.round(count, |n| {
            black_box(judge(
                &pack,
                black_box(facts(n)),
                sample::NOW,
                Judgement::verdict,
            ));
        });
        words.round(count, |n| {
            black_box(decide(&pack, black_box(facts(n)), sample::NOW));
        });
        record.round(count, |n| {
            chain = sample::record(&pack, black_box(facts(n)), hash.as_deref(), &chain);
        });
        evaluated.round(count, |n| {
            black_box(cedar.allows(black_box(&requests[n % requests.len()])));
        });
        whole.round(count, |n| {
            let request = cedar.caller.request(black_box(facts(n)), sample::NOW);
            black_box(request.is_ok_and(|request| cedar.allows(&request)));
        });
    }
    report(&rows);
    Ok(())
}

fn report(rows: &[Row; 5]) {
    println!("{:<42} {:>12} {:>10}", "per decision", "CPU, us", "p50, us");
    for row in rows {
        println!("{:<42} {:>12.2} {:>10.2}", row.name, row.cpu(), row.p50());
    }
    let [rules, _, record, evaluated, whole] = rows;
    for (name, ours) in [("every rule", rules), ("with record and chain", record)] {
        println!(
            "cedar / ringfence, {name}: {:.1} x evaluation alone, {:.1} x with the request made",
            evaluated.cpu() / ours.cpu(),
            whole.cpu() / ours.cpu()
        );
    }
}

/// Cedar with the law and the policies loaded.
struct Cedar<'p> {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    caller: Caller<'p>,
}

impl<'p> Cedar<'p> {
    /// With the law of the day of `now`, and one seller.
    fn new(pack: &'p RulePack, seller: &SellerFacts, now: Timestamp) -> Result<Self> {
        let day = TimeZone::UTC.to_datetime(now).date();
        Ok(Self {
            policies: POLICIES.parse()?,
            entities: law::entities(pack, seller, day)?,
            authorizer: Authorizer::new(),
            caller: Caller::new(pack)?,
        })
    }

    fn requests(&self, callees: &[Facts], now: Timestamp) -> Result<Vec<Request>> {
        let request = |facts| self.caller.request(facts, now);
        callees.iter().map(request).collect()
    }

    fn allows(&self, request: &Request) -> bool {
        let response = self
            .authorizer
            .is_authorized(request, &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }

    /// How many calls both allow, and about how many they disagree.
    fn compare(
        &self,
        pack: &RulePack,
        callees: &[Facts],
        requests: &[Request],
        now: Timestamp,
    ) -> (usize, usize) {
        let mut counts = (0, 0);
        for (facts, request) in callees.iter().zip(requests) {
            let ours = decide(pack, facts, now).verdict == ringfence_core::gate::Verdict::Allow;
            match (ours, self.allows(request)) {
                (true, true) => counts.0 += 1,
                (false, false) => {}
                _ => counts.1 += 1,
            }
        }
        counts
    }
}

/// What was measured of one way to decide.
struct Row {
    name: &'static str,
    /// Microseconds of the processor per decision, one for each round.
    cpu: Vec<f64>,
    /// Microseconds by the wall of every decision.
    wall: Vec<f64>,
}

impl Row {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            cpu: Vec::new(),
            wall: Vec::new(),
        }
    }

    fn round(&mut self, count: usize, mut decide: impl FnMut(usize)) {
        let begun = processor_micros();
        (0..count).for_each(&mut decide);
        self.cpu.push((processor_micros() - begun) / count as f64);
        for n in 0..count.min(5_000) {
            let begun = Instant::now();
            decide(n);
            self.wall.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }

    fn cpu(&self) -> f64 {
        median(&self.cpu)
    }

    fn p50(&self) -> f64 {
        median(&self.wall)
    }
}

fn processor_micros() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
