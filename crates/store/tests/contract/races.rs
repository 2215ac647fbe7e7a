//! Many deciders and opt-outs at once: by the log's own order, nothing is allowed after an opt-out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ringfence_store::evidence::EventFilter;
use ringfence_store::{PageRequest, Store};

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

/// Several at once about few numbers, and about leads whose number changes: a cap that overlooks one permit is no cap.
pub fn every_decision_knows_the_permits_before_it(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let campaign = campaign(store);
    let leads: Vec<Id> = (0..8)
        .map(|n| lead(store, &campaign.id, &format!("+12125550{n:03}")))
        .collect();
    let asked = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let n = asked.fetch_add(1, Ordering::Relaxed);
                    if n >= 600 {
                        return;
                    }
                    let mut asked = reservation(&format!("+12125550{:03}", 100 + n % 37));
                    asked.line = None;
                    asked.request.campaign = Some(campaign.id.clone());
                    asked.request.lead =
                        (!n.is_multiple_of(3)).then(|| leads[n % leads.len()].clone());
                    store.reserve(asked, gate(), at(1)).unwrap();
                }
            });
        }
    });
    let mut decisions: Vec<_> = (0..37)
        .flat_map(|n| {
            let to = number(&format!("+12125550{:03}", 100 + n));
            let all = store.decisions_of(to, &PageRequest::first(100)).unwrap();
            all.items
        })
        .collect();
    assert_eq!(decisions.len(), 600);
    // Ids are made in the order of the decisions.
    decisions.sort_by(|a, b| a.id.cmp(&b.id));
    let (mut of_number, mut of_lead) = (BTreeMap::new(), BTreeMap::new());
    for decision in decisions {
        let facts: Facts = serde_json::from_str(&decision.facts_json).unwrap();
        let before: &mut usize = of_number.entry(decision.to.clone()).or_default();
        assert_eq!(facts.attempts.len(), *before);
        let of_campaign = facts.campaign.unwrap().attempts;
        match facts.request.lead {
            Some(lead) => {
                let before: &mut u32 = of_lead.entry(lead).or_default();
                assert_eq!(of_campaign, *before);
                *before += 1;
            }
            None => assert_eq!(usize::try_from(of_campaign).unwrap(), *before),
        }
        *before += 1;
    }
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
