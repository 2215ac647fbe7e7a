//! Files of versions that bind nobody any more go; what was pruned is never taken for what vanished.

use ringfence_store::evidence::EventFilter;
use ringfence_store::list::PRUNE_DAYS_DEFAULT;
use ringfence_store::{Store, StoreError};

use super::*;

const DAY: i64 = 86_400;
const LISTED: u64 = 2_125_550_123;
const OTHER: u64 = 2_125_550_124;
const MIAMI: u64 = 3_055_550_100;

/// Noon, so many days on.
fn day(n: i64) -> Timestamp {
    at(n * DAY)
}

/// Imports a copy on the day on which it was obtained.
fn import(store: &dyn Store, on: i64, list: ListImport) -> Id {
    store.import_list(list, day(on)).unwrap().id
}

fn full(on: i64, numbers: &[u64]) -> ListImport {
    list(ListKind::FtcFull, on * DAY, numbers)
}

/// What could be pruned on a day.
fn prunable(store: &dyn Store, on: i64) -> Vec<Id> {
    let planned = store.prunable_lists(PRUNE_DAYS_DEFAULT, day(on)).unwrap();
    assert!(planned.dry_run);
    planned.versions.into_iter().map(|v| v.id).collect()
}

/// What is wrong with the sources of a number on a day, one line each.
fn failures(store: &dyn Store, number: u64, on: i64) -> Vec<String> {
    let to = PhoneNumber::from_nanp(number).unwrap().e164();
    let failures = facts(store, &to, day(on)).failures;
    let lines = failures.iter();
    lines
        .map(|f| format!("{}: {}", f.source, f.detail))
        .collect()
}

pub fn what_binds_nobody_any_more_goes(store: &dyn Store) {
    let both = import(store, 0, full(0, &[LISTED, MIAMI]));
    let old = import(store, 10, full(10, &[OTHER]));
    let new = import(store, 40, full(40, &[LISTED]));
    let own = ListImport {
        sellers: BTreeSet::from(["other".to_owned()]),
        ..full(41, &[MIAMI])
    };
    import(store, 41, own);
    assert_eq!(prunable(store, 45), [], "it bound 31 days ago");
    assert_eq!(prunable(store, 70), [], "and until noon of day 40");
    // The first still binds Miami for everybody, whatever another seller has of its own.
    assert_eq!(prunable(store, 80), std::slice::from_ref(&old));
    let seq = store.head().unwrap().unwrap().seq;
    for days in [6, 3651] {
        let refused = store.prune_lists(days, day(80));
        assert!(matches!(refused, Err(StoreError::Invalid { .. })));
    }
    let before = store.lists().unwrap();
    let done = store.prune_lists(PRUNE_DAYS_DEFAULT, day(80)).unwrap();
    assert!(!done.dry_run && done.bytes > 0);
    assert_eq!(done.versions[0].pruned_at, Some(day(80)));
    let events = store.events(seq, 10, &EventFilter::default()).unwrap();
    assert_eq!(events.len(), 1, "nothing before it");
    assert_eq!(events[0].kind, "suppression.list-pruned");
    let said = json!({"versions": [old], "bytes": done.bytes, "older_than_days": 31});
    assert_eq!(events[0].data, said);
    // The row stays as it was, but for that.
    let mut after = store.lists().unwrap();
    let row = after.iter_mut().find(|v| v.id == old).unwrap();
    assert_eq!(row.pruned_at.take(), Some(day(80)));
    assert_eq!(after, before);
    let files = store.list_files().unwrap();
    assert!(
        files
            .iter()
            .all(|file| file.version != old && file.path.exists())
    );
    // Nobody complains of it but a question about its days.
    assert_eq!(store.list_faults(day(80)).unwrap(), []);
    assert_eq!(
        failures(store, LISTED, 20),
        [format!(
            "list `national`, version {old}: it was pruned on 2027-02-08"
        )]
    );
    for (number, on) in [(LISTED, 5), (LISTED, 40), (LISTED, 80), (MIAMI, 20)] {
        assert_eq!(failures(store, number, on), [""; 0], "{number} on day {on}");
    }
    let held = store.check_lists(&[number(CALLEE), number("+13055550100")], None);
    assert_eq!(held.unwrap(), [["national"], ["national"]]);
    // Twice is once, without another entry.
    let again = store.prune_lists(PRUNE_DAYS_DEFAULT, day(80)).unwrap();
    assert_eq!((again.versions.len(), again.bytes), (0, 0));
    assert_eq!(store.head().unwrap().unwrap().seq, seq + 1);
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
    let ids: Vec<_> = files.into_iter().map(|file| file.version).collect();
    assert!(ids.contains(&both) && ids.contains(&new));
}

pub fn what_waits_keeps_what_it_will_replace(store: &dyn Store) {
    let state = |on: i64, effective: Option<i64>| ListImport {
        name: Some("TX".into()),
        effective_at: effective.map(day),
        ..list(ListKind::State, on * DAY, &[LISTED])
    };
    let binds = import(store, 0, state(0, None));
    import(store, 10, state(10, Some(200)));
    assert_eq!(prunable(store, 100), []);
    assert_eq!(prunable(store, 230), [], "it bound until day 200");
    assert_eq!(prunable(store, 231), [binds]);
    // The registry likewise: one that waits replaces nothing yet.
    let old = import(store, 0, full(0, &[LISTED]));
    let waits = ListImport {
        effective_at: Some(day(200)),
        ..full(10, &[LISTED])
    };
    import(store, 10, waits);
    assert_eq!(prunable(store, 230), []);
    assert!(prunable(store, 231).contains(&old));
}

pub fn what_came_in_late_replaced_nothing_before(store: &dyn Store) {
    let sued = |obtained: i64| list(ListKind::Litigator, obtained * DAY, &[LISTED]);
    let first = import(store, 0, sued(0));
    // Obtained on day 1, but nobody had it until day 100.
    let late = import(store, 100, sued(1));
    assert_eq!(prunable(store, 130), []);
    assert_eq!(prunable(store, 131), std::slice::from_ref(&first));
    // A copy older than what is here binds nobody, and still stays its days.
    let stale = ListImport {
        name: Some("litigator".into()),
        ..list(ListKind::Litigator, -DAY, &[OTHER])
    };
    let stale = import(store, 120, stale);
    assert_eq!(prunable(store, 140), [first]);
    assert!(prunable(store, 152).contains(&stale));
    assert!(
        !prunable(store, 1000).contains(&late),
        "the newest, however old"
    );
}

pub fn change_lists_stand_on_what_is_left(store: &dyn Store) {
    let change = |on: i64, number: u64| ListImport {
        rows: ListRows::Changes(vec![ringfence_store::list::ListChange {
            number,
            stamp: on,
            added: true,
        }]),
        ..list(ListKind::FtcChange, on * DAY, &[])
    };
    import(store, 0, full(0, &[LISTED, MIAMI]));
    // A daily change list is a whole version: what it stood on may go.
    for on in 1..50 {
        import(
            store,
            on,
            change(on, 2_125_560_000 + u64::try_from(on).unwrap()),
        );
    }
    let done = store.prune_lists(7, day(50)).unwrap();
    assert_eq!(done.versions.len(), 43, "day 43's still bound a week ago");
    import(store, 50, change(50, OTHER));
    for held in [
        "+12125550123",
        "+12125560001",
        "+12125550124",
        "+13055550100",
    ] {
        let held = store.check_lists(&[number(held)], None).unwrap();
        assert_eq!(held, [["national"]]);
    }
    let back = store.import_list(change(20, OTHER), day(50));
    let Err(StoreError::Unavailable(why)) = back else {
        panic!("it stands on what was pruned: {back:?}");
    };
    assert!(why.contains("it was pruned on 2027-01-09"), "{why}");
    assert_eq!(store.list_faults(day(50)).unwrap(), []);
}
