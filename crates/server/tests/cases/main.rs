//! The decision cases of `rules/cases/`, from outside: set up over the command line and HTTP, asked over
//! `POST /v1/decisions` and `ringfence decide`. Cases that add nothing to their fixture share a world; each of the others
//! has one of its own, a copy of the fixture's.

#![cfg(test)]

#[path = "../../../sim/tests/cases/answer.rs"]
mod answer;
#[path = "../../../sim/tests/cases/book.rs"]
mod book;
#[path = "../../../sim/tests/cases/setup.rs"]
mod setup;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use answer::Failures;
use book::{Book, Case};
use setup::{Step, fixed, steps};
use world::World;

/// Cases in one world.
const SHARED_MAX: usize = 40;

/// Worlds at a time.
const WORKERS: usize = 3;

#[test]
fn the_binary_decides_every_case() {
    let book = book::read();
    let mut jobs: Vec<Vec<&Case>> = Vec::new();
    let mut shared: BTreeMap<&[String], Vec<&Case>> = BTreeMap::new();
    for case in book.cases.iter().filter(|case| case.is_for("http")) {
        if case.has_own_setup() {
            jobs.push(vec![case]);
        } else {
            shared.entry(&case.parts).or_default().push(case);
        }
    }
    for cases in shared.into_values() {
        jobs.extend(cases.chunks(SHARED_MAX).map(<[&Case]>::to_vec));
    }
    // The largest first: they take longest.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.len()));

    let templates = templates(&book, &jobs);
    let (next, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = Mutex::new(Failures::default());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (count, failed) = run(&book, &templates[&job[0].parts[..]], job);
                    asked.fetch_add(count, Ordering::Relaxed);
                    failures.lock().unwrap().extend(failed);
                }
            });
        }
    });
    failures.into_inner().unwrap().report(asked.into_inner());
}

/// The databases that worlds are copied from, one for each set of parts.
fn templates<'a>(book: &Book, jobs: &[Vec<&'a Case>]) -> BTreeMap<&'a [String], World> {
    let mut templates = BTreeMap::new();
    for job in jobs {
        let parts = &job[0].parts[..];
        templates
            .entry(parts)
            .or_insert_with(|| World::of_parts(book, parts));
    }
    templates
}

fn run(book: &Book, template: &World, job: &[&Case]) -> (usize, Failures) {
    let mut failures = Failures::default();
    let mut asked = 0;
    let held = fixed(book, &job[0].parts);
    let mut made: Vec<Step> = Vec::new();
    for step in job.iter().flat_map(|case| steps(book, case)) {
        if !held.contains(&step) && !made.contains(&step) {
            made.push(step);
        }
    }
    let mut world = template.copy();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        world.make(&made);
        for case in job {
            for (ask, (at, _)) in case.asks.iter().enumerate() {
                failures.judge(case, ask, &world.decide_over_http(case, at));
                asked += 1;
                if case.is_for("cli") {
                    failures.judge(case, ask, &world.decide_on_command_line(case, at));
                    asked += 1;
                }
            }
        }
    }));
    if let Err(cause) = outcome {
        let words = cause.downcast_ref::<String>().cloned();
        failures.broken(
            job[0],
            &words.unwrap_or_else(|| "the set-up failed".to_owned()),
        );
        asked += 1;
    }
    (asked, failures)
}
