//! How decisions stand on disk.

use crate::contract::{at, gate, reservation, seller};
use ringfence_core::evidence::sha256_hex;
use ringfence_core::gate::Facts;
use ringfence_core::id::Id;
use ringfence_store::{SqliteStore, Store};
use rusqlite::Connection;

/// Text that no other text resembles.
fn noise(n: usize) -> String {
    (0..60)
        .map(|part| sha256_hex(format!("{n} {part}").as_bytes()))
        .collect()
}

#[test]
fn texts_that_nothing_resembles_are_kept_and_make_few_patterns() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let store = SqliteStore::open(&path, at(0)).unwrap();
    store.put_seller("acme", seller(), at(0)).unwrap();
    let decided: Vec<_> = (0..100)
        .map(|n| {
            let mut asked = reservation(&format!("+12125550{n:03}"));
            let campaign = Id::new(noise(n));
            asked.request.campaign = Some(campaign.clone());
            asked.line = None;
            let reserved = store.reserve(asked, gate(), at(1)).unwrap();
            (reserved.decision_id, campaign)
        })
        .collect();
    for (id, campaign) in decided {
        let kept = store.decision(&id).unwrap();
        let facts: Facts = serde_json::from_str(&kept.facts_json).unwrap();
        assert_eq!(facts.request.campaign, Some(campaign));
        assert_eq!(serde_json::to_string(&facts).unwrap(), kept.facts_json);
    }
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
    let patterns: u32 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM decision_patterns", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(patterns, 2);
}

#[test]
fn sellers_whose_first_decisions_come_at_once_get_a_pattern_each() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("ringfence.db"), at(0)).unwrap();
    let sellers: Vec<String> = (0..12).map(|n| format!("seller-{n}")).collect();
    for id in &sellers {
        let mut profile = seller();
        profile.name = noise(id.len());
        store.put_seller(id, profile, at(0)).unwrap();
    }
    let decided: Vec<Vec<Id>> = std::thread::scope(|scope| {
        let deciders: Vec<_> = (0..4)
            .map(|thread| {
                let (store, sellers) = (&store, &sellers);
                scope.spawn(move || {
                    let decide = |n: usize| {
                        let mut asked = reservation(&format!("+1212555{:04}", 100 * thread + n));
                        asked.request.seller.clone_from(&sellers[n % 12]);
                        asked.request.campaign = (n > 24).then(|| Id::new(noise(n)));
                        asked.line = None;
                        let decided = store.reserve(asked, gate(), at(1));
                        decided.unwrap().decision_id
                    };
                    (0..100).map(decide).collect()
                })
            })
            .collect();
        deciders.into_iter().map(|d| d.join().unwrap()).collect()
    });
    for (n, id) in decided.iter().flat_map(|ids| ids.iter().enumerate()) {
        let facts: Facts = serde_json::from_str(&store.decision(id).unwrap().facts_json).unwrap();
        assert_eq!(facts.request.seller, sellers[n % 12]);
        assert_eq!(facts.request.campaign, (n > 24).then(|| Id::new(noise(n))));
    }
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}
