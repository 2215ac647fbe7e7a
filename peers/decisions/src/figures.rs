//! What was measured, and how it stands to the goals.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use ringfence_store::FsyncFigures;

use crate::world::World;
use crate::{Decider, Result};

/// One measurement.
#[derive(Clone, Copy)]
pub struct Taken {
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
    allowed: f64,
}

impl Taken {
    pub fn of(decider: &dyn Decider, callers: usize, seconds: u64, world: &World) -> Result<Self> {
        let asks: Vec<_> = (0..callers)
            .map(|_| decider.caller())
            .collect::<Result<_>>()?;
        let (name, start) = (decider.name(), Barrier::new(callers));
        let begun = Instant::now();
        let done: Vec<(Vec<f64>, usize)> = std::thread::scope(|scope| {
            let callers = asks.into_iter().map(|mut ask| {
                let start = &start;
                scope.spawn(move || -> Result<_> {
                    start.wait();
                    let until = Instant::now() + Duration::from_secs(seconds);
                    let (mut micros, mut allowed) = (vec![], 0);
                    while Instant::now() < until {
                        let asked = world.next(name);
                        let begun = Instant::now();
                        allowed += usize::from(ask(asked)?);
                        micros.push(begun.elapsed().as_secs_f64() * 1e6);
                    }
                    // The connection closes where it was used.
                    drop(ask);
                    Ok((micros, allowed))
                })
            });
            let callers: Vec<_> = callers.collect();
            callers
                .into_iter()
                .map(|caller| caller.join().map_err(|_| "a caller panicked")?)
                .collect::<Result<_>>()
        })?;
        let took = begun.elapsed().as_secs_f64();
        let allowed: usize = done.iter().map(|(_, allowed)| allowed).sum();
        let mut micros: Vec<f64> = done.into_iter().flat_map(|(micros, _)| micros).collect();
        micros.sort_by(f64::total_cmp);
        let at = |percent: usize| micros[(micros.len() - 1) * percent / 100];
        Ok(Self {
            per_second: micros.len() as f64 / took,
            p50_us: at(50),
            p99_us: at(99),
            allowed: allowed as f64 / micros.len() as f64,
        })
    }
}

/// Everything, in the order in which it was taken.
pub struct Rounds {
    many: usize,
    taken: BTreeMap<(&'static str, usize), Vec<Taken>>,
    floors: BTreeMap<usize, Vec<(f64, f64)>>,
}

impl Rounds {
    pub fn new(many: usize) -> Self {
        Self {
            many,
            taken: BTreeMap::new(),
            floors: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, name: &'static str, callers: usize, taken: Taken) {
        self.taken.entry((name, callers)).or_default().push(taken);
    }

    /// The disk alone, before and after.
    pub fn floor(&mut self, callers: usize, before: FsyncFigures, after: FsyncFigures) {
        let mean = |a: u64, b: u64| (a + b) as f64 / 2.0;
        let p50 = mean(before.p50_us, after.p50_us);
        let p99 = mean(before.p99_us, after.p99_us);
        self.floors.entry(callers).or_default().push((p50, p99));
    }

    pub fn print(&self) {
        println!(
            "{:<26} {:>7} {:>9} {:>9} {:>10} {:>9}",
            "medians", "callers", "p50, us", "p99, us", "a second", "allowed"
        );
        for (callers, floors) in &self.floors {
            let (p50, p99) = (middle(floors, |f| f.0), middle(floors, |f| f.1));
            let alone = "fdatasync of 256 bytes";
            println!("{alone:<26} {callers:>7} {p50:>9.0} {p99:>9.0}");
        }
        for ((name, callers), taken) in &self.taken {
            println!(
                "{name:<26} {callers:>7} {:>9.0} {:>9.0} {:>10.0} {:>8.0}%",
                middle(taken, |t| t.p50_us),
                middle(taken, |t| t.p99_us),
                middle(taken, |t| t.per_second),
                middle(taken, |t| t.allowed) * 100.0
            );
        }
        println!();
        let floors = &self.floors[&1];
        let ours = &self.taken[&("Ringfence", 1)];
        let by = |of: fn(&Taken) -> f64, floor: fn(&(f64, f64)) -> f64| -> Vec<f64> {
            let pairs = ours.iter().zip(floors);
            pairs.map(|(t, f)| of(t) / floor(f).max(1.0)).collect()
        };
        let p50 = by(|t| t.p50_us, |f| f.0);
        let p99 = by(|t| t.p99_us, |f| f.1);
        goal("one caller, p50 / fdatasync p50", &p50, 1.3, false);
        goal("one caller, p99 / fdatasync p99", &p99, 2.5, false);
        for (peer, least) in [("Redis", 3.0), ("Postgres", 8.0)] {
            let Some(theirs) = self.taken.get(&(peer, self.many)) else {
                println!("{} callers, a second / {peer}: skipped", self.many);
                continue;
            };
            let pairs = self.taken[&("Ringfence", self.many)].iter().zip(theirs);
            let ratios: Vec<f64> = pairs.map(|(a, b)| a.per_second / b.per_second).collect();
            let name = format!("{} callers, a second / {peer}", self.many);
            goal(&name, &ratios, least, true);
        }
    }
}

fn goal(name: &str, ratios: &[f64], goal: f64, at_least: bool) {
    let value = middle(ratios, |r| *r);
    let met = if at_least {
        value >= goal
    } else {
        value <= goal
    };
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    println!(
        "{name:<34} {value:>6.2}  goal {} {goal}: {}  ({least:.2} to {most:.2}){}",
        if at_least { "at least" } else { "at most" },
        if met { "met" } else { "NOT MET" },
        if most > least * 2.0 {
            "  uneven: the machine is busy, take it again"
        } else {
            ""
        },
    );
}

fn middle<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = values.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
