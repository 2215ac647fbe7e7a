//! Which cases are asked in one world, and many worlds at a time: cases that add nothing to their fixture share one, each of
//! the others has one of its own.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::answer::Failures;
use crate::book::{Book, Case};
use crate::setup::{Step, fixed, steps};

/// Cases in one world.
const SHARED_MAX: usize = 40;

/// Worlds at a time.
const WORKERS: usize = 3;

/// Cases of one world, all with the same parts.
pub struct Job<'a> {
    /// At least one.
    pub cases: Vec<&'a Case>,
    /// What is to be made beyond what the parts alone make.
    pub steps: Vec<Step>,
}

impl Job<'_> {
    /// The parts of its cases' fixture.
    pub fn parts(&self) -> &[String] {
        &self.cases[0].parts
    }
}

/// Every case that the driver can ask.
pub fn jobs<'a>(book: &'a Book, driver: &str) -> Vec<Job<'a>> {
    let mut sets: Vec<Vec<&Case>> = Vec::new();
    let mut shared: BTreeMap<&[String], Vec<&Case>> = BTreeMap::new();
    for case in book.cases.iter().filter(|case| case.is_for(driver)) {
        if case.has_own_setup() {
            sets.push(vec![case]);
        } else {
            shared.entry(&case.parts).or_default().push(case);
        }
    }
    for cases in shared.into_values() {
        sets.extend(cases.chunks(SHARED_MAX).map(<[&Case]>::to_vec));
    }
    // The largest first: they take longest.
    sets.sort_by_key(|cases| Reverse(cases.len()));
    sets.into_iter().map(|cases| job(book, cases)).collect()
}

fn job<'a>(book: &Book, cases: Vec<&'a Case>) -> Job<'a> {
    let held = fixed(book, &cases[0].parts);
    let mut made: Vec<Step> = Vec::new();
    for step in cases.iter().flat_map(|case| steps(book, case)) {
        if !held.contains(&step) && !made.contains(&step) {
            made.push(step);
        }
    }
    Job { cases, steps: made }
}

/// Makes a template for each set of parts, then asks every job's questions in a world of its own; `ask` notes what fails
/// and returns how much it asked.
pub fn run<T: Sync>(
    book: &Book,
    driver: &str,
    template: impl Fn(&[String]) -> T,
    ask: impl Fn(&T, &Job<'_>, &mut Failures) -> usize + Sync,
) {
    let jobs = jobs(book, driver);
    let mut templates: BTreeMap<&[String], T> = BTreeMap::new();
    for job in &jobs {
        templates
            .entry(job.parts())
            .or_insert_with(|| template(job.parts()));
    }
    let (next, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = Mutex::new(Failures::default());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut failed = Failures::default();
                    let world = &templates[job.parts()];
                    match catch_unwind(AssertUnwindSafe(|| ask(world, job, &mut failed))) {
                        Ok(count) => {
                            asked.fetch_add(count, Ordering::Relaxed);
                        }
                        Err(cause) => failed.broken(job.cases[0], cause.as_ref()),
                    }
                    failures.lock().unwrap().extend(failed);
                }
            });
        }
    });
    failures.into_inner().unwrap().report(asked.into_inner());
}
