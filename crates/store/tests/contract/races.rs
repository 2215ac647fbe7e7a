//! Many deciders and opt-outs at once: by the log's own order, nothing is allowed after an opt-out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ringfence_store::Store;
use ringfence_store::evidence::EventFilter;

use super::*;

/// Decisions asked for, over all threads.
const DECISIONS: usize = 3_000;
const NUMBERS: usize = 60;

pub fn no_decision_allows_after_an_opt_out_in_the_logs_order(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let numbers: Vec<String> = (0..NUMBERS)
        .map(|n| format!("+1212555{:04}", 100 + n))
        .collect();
    let asked = AtomicUsize::new(0);
    thread::scope(|scope| {
        for worker in 0..6 {
            let (numbers, asked) = (&numbers, &asked);
            scope.spawn(move || {
                loop {
                    let n = asked.fetch_add(1, Ordering::Relaxed);
                    if n >= DECISIONS {
                        return;
                    }
                    let to = &numbers[(n * 7 + worker) % NUMBERS];
                    let reserved = store.reserve(reservation(to), gate(), at(1)).unwrap();
                    if let Some(permit) = reserved.permit {
                        // Lost to an opt-out or not: the log says which came first.
                        let _ = store.redeem(&permit.token, at(1));
                    }
                }
            });
        }
        for (n, to) in numbers.iter().enumerate() {
            // Spread over the run.
            while asked.load(Ordering::Relaxed) < n * DECISIONS / NUMBERS / 2 {
                thread::yield_now();
            }
            let said = Revocation {
                number: number(to),
                ..revocation(0)
            };
            store.revoke(said, at(1)).unwrap();
        }
    });
    let (allowed, after) = judge(store);
    assert!(allowed > NUMBERS, "only {allowed} allowed at all");
    assert_eq!(after, 0, "allowed or redeemed after an opt-out");
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}

/// How many decisions allowed or permits were redeemed before and after the number's opt-out, by the log.
fn judge(store: &dyn Store) -> (usize, usize) {
    let mut opted_out = BTreeMap::new();
    let (mut before, mut after, mut seen) = (0, 0, 0);
    loop {
        let events = store.events(seen, 1000, &EventFilter::default()).unwrap();
        let Some(last) = events.last() else {
            return (before, after);
        };
        seen = last.seq;
        for event in &events {
            let Some(number) = event.subject.number else {
                continue;
            };
            let acts = match event.kind.as_str() {
                "consent.revoked" => {
                    opted_out.entry(number).or_insert(event.seq);
                    false
                }
                "gate.decided" => event.data["verdict"] == "allow",
                "dial.reserved" | "dial.redeemed" => true,
                _ => false,
            };
            match (acts, opted_out.contains_key(&number)) {
                (true, true) => after += 1,
                (true, false) => before += 1,
                (false, _) => {}
            }
        }
    }
}
