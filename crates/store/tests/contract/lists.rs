//! Which version binds.

use ringfence_core::suppression::Reassigned;
use ringfence_store::list::{InternalRow, ListChange, ReassignedRow};
use ringfence_store::{Store, StoreError};

use super::*;

const LISTED: u64 = 2_125_550_123;
const OTHER: u64 = 2_125_550_124;
const MIAMI: u64 = 3_055_550_100;

fn national(store: &dyn Store, to: u64, now: i64) -> Option<bool> {
    let to = PhoneNumber::from_nanp(to).unwrap().e164();
    let answer = facts(store, &to, at(now)).suppressions.national;
    answer.map(|answer| answer.listed)
}

pub fn newest_version_per_area_wins(store: &dyn Store) {
    store
        .import_list(list(ListKind::FtcFull, 0, &[LISTED, MIAMI]), at(0))
        .unwrap();
    assert_eq!(national(store, LISTED, 0), Some(true));
    assert_eq!(national(store, LISTED, -1), None, "obtained later");
    assert_eq!(national(store, 4_155_550_100, 0), None, "not covered");
    let mut newer = list(ListKind::FtcFull, 100, &[OTHER]);
    newer.sellers = BTreeSet::from(["acme".to_owned()]);
    store.import_list(newer, at(100)).unwrap();
    assert_eq!(national(store, LISTED, 99), Some(true));
    assert_eq!(national(store, LISTED, 100), Some(false));
    assert_eq!(national(store, OTHER, 100), Some(true));
    assert_eq!(
        national(store, MIAMI, 100),
        Some(true),
        "the older one still covers it"
    );
    let mut theirs = list(ListKind::FtcFull, 200, &[LISTED]);
    theirs.sellers = BTreeSet::from(["other".to_owned()]);
    store.import_list(theirs, at(200)).unwrap();
    assert_eq!(national(store, LISTED, 200), Some(false), "somebody else's");
    // An older copy that is imported late does not win.
    store
        .import_list(list(ListKind::FtcFull, 50, &[LISTED]), at(300))
        .unwrap();
    assert_eq!(national(store, LISTED, 300), Some(false));
    let mut empty = list(ListKind::FtcFull, 300, &[]);
    let nothing = store.import_list(empty.clone(), at(300));
    assert!(matches!(nothing, Err(StoreError::Invalid { .. })));
    empty.area_codes = Some(BTreeSet::from([415]));
    let version = store.import_list(empty, at(300)).unwrap();
    assert_eq!((version.count, version.area_codes), (0, vec![415]));
    assert_eq!(national(store, 4_155_550_100, 300), Some(false));
}

fn changes(obtained: i64, rows: &[(u64, i64, bool)]) -> ListImport {
    let rows = rows
        .iter()
        .map(|(number, stamp, added)| ListChange {
            number: *number,
            stamp: *stamp,
            added: *added,
        })
        .collect();
    ListImport {
        rows: ListRows::Changes(rows),
        ..list(ListKind::FtcChange, obtained, &[])
    }
}

pub fn change_lists_stand_on_their_base(store: &dyn Store) {
    let without = store.import_list(changes(0, &[(LISTED, 1, true)]), at(0));
    assert!(matches!(without, Err(StoreError::Invalid { .. })));
    assert!(store.lists().unwrap().is_empty(), "all or nothing");
    store
        .import_list(
            list(ListKind::FtcFull, 0, &[LISTED, 2_125_550_199, MIAMI]),
            at(0),
        )
        .unwrap();
    // By stamp: OTHER is deleted and then added, LISTED added and then deleted.
    let rows = [
        (OTHER, 20, true),
        (OTHER, 10, false),
        (LISTED, 20, false),
        (LISTED, 10, true),
        (4_155_550_100, 10, true),
    ];
    let version = store.import_list(changes(10, &rows), at(10)).unwrap();
    assert_eq!((version.count, version.area_codes), (4, vec![212, 305]));
    assert_eq!(national(store, LISTED, 9), Some(true), "before the change");
    assert_eq!(national(store, LISTED, 10), Some(false));
    assert_eq!(national(store, OTHER, 10), Some(true));
    assert_eq!(
        national(store, 2_125_550_199, 10),
        Some(true),
        "kept in its block"
    );
    assert_eq!(national(store, MIAMI, 10), Some(true), "kept in the base");
    assert_eq!(
        national(store, 4_155_550_100, 10),
        None,
        "outside the coverage"
    );
    store
        .import_list(changes(20, &[(MIAMI, 1, false)]), at(20))
        .unwrap();
    assert_eq!(national(store, MIAMI, 20), Some(false));
    assert_eq!(national(store, OTHER, 20), Some(true), "two steps down");
}

/// Full lists come by area code, too: a change list goes to the newest of each.
pub fn a_change_list_spans_full_lists(store: &dyn Store) {
    let full = |obtained, numbers: &[u64]| {
        store
            .import_list(list(ListKind::FtcFull, obtained, numbers), at(obtained))
            .unwrap()
    };
    let (miami_too, denver) = (MIAMI + 1, 3_035_550_100);
    full(0, &[LISTED, MIAMI, denver]);
    // A newer copy of one area code alone; what it says of it holds.
    full(10, &[OTHER]);
    full(20, &[3_035_550_199]);
    let rows = [
        (OTHER + 1, 1, true),
        (miami_too, 1, true),
        (MIAMI, 2, false),
    ];
    let version = store.import_list(changes(30, &rows), at(30)).unwrap();
    assert_eq!((version.count, version.area_codes), (3, vec![212, 305]));
    for (number, want) in [
        (OTHER, true),
        (OTHER + 1, true),
        (LISTED, false),
        (miami_too, true),
        (MIAMI, false),
        (3_035_550_199, true),
        (denver, false),
    ] {
        assert_eq!(national(store, number, 30), Some(want), "{number}");
    }
    // One whose newest list stands alone, and was overtaken in the rest.
    let alone = store.import_list(changes(40, &[(denver, 1, true)]), at(40));
    assert_eq!(alone.unwrap().area_codes, [303]);
    assert_eq!(national(store, LISTED, 40), Some(false), "not as of old");
    assert_eq!(national(store, denver, 40), Some(true));
    // A list of a seller's own is not changed behind its back, and nothing is lost.
    let own = ListImport {
        sellers: BTreeSet::from(["acme-solar".to_owned()]),
        ..list(ListKind::FtcFull, 50, &[9_175_550_100])
    };
    store.import_list(own, at(50)).unwrap();
    let refused = store.import_list(changes(60, &[(9_175_550_101, 1, true)]), at(60));
    assert!(matches!(refused, Err(StoreError::Invalid { .. })));
}

pub fn states_wait_for_their_day(store: &dyn Store) {
    let state = |obtained, effective: Option<i64>, numbers: &[u64]| ListImport {
        name: Some("tx".into()),
        effective_at: effective.map(at),
        ..list(ListKind::State, obtained, numbers)
    };
    let nameless = store.import_list(list(ListKind::State, 0, &[LISTED]), at(0));
    assert!(matches!(nameless, Err(StoreError::Invalid { .. })));
    store.import_list(state(0, None, &[LISTED]), at(0)).unwrap();
    store
        .import_list(state(10, Some(100), &[OTHER]), at(10))
        .unwrap();
    let listed = |to: u64, now| {
        let to = PhoneNumber::from_nanp(to).unwrap().e164();
        let states = facts(store, &to, at(now)).suppressions.states;
        assert_eq!(states.len(), 1);
        assert_eq!(states[0].name, "TX");
        states[0].listed
    };
    assert!(listed(LISTED, 99) && !listed(OTHER, 99));
    assert!(!listed(LISTED, 100) && listed(OTHER, 100));
    store
        .import_list(
            ListImport {
                name: Some("Sue & Co".into()),
                ..list(ListKind::Litigator, 0, &[LISTED])
            },
            at(0),
        )
        .unwrap();
    let litigator = facts(store, CALLEE, at(1)).suppressions.litigator;
    assert_eq!(litigator.len(), 1);
    assert!(
        facts(store, "+12125550124", at(1))
            .suppressions
            .litigator
            .is_empty()
    );
}

pub fn owners_lists_stand_beside_each_other(store: &dyn Store) {
    let by = |kind, obtained, numbers: &[u64], owners: &[&str]| ListImport {
        name: Some(
            if kind == ListKind::State {
                "TX"
            } else {
                "sued"
            }
            .into(),
        ),
        sellers: owners.iter().map(|o| (*o).to_owned()).collect(),
        ..list(kind, obtained, numbers)
    };
    for (kind, obtained, numbers, owners) in [
        (ListKind::Litigator, 0, &[LISTED][..], &[][..]),
        (ListKind::Litigator, 10, &[OTHER], &["acme"]),
        (ListKind::State, 0, &[LISTED], &[]),
        (ListKind::State, 10, &[OTHER], &["acme"]),
    ] {
        store
            .import_list(by(kind, obtained, numbers, owners), at(obtained))
            .unwrap();
    }
    let bound = |to: u64, now| {
        let to = PhoneNumber::from_nanp(to).unwrap().e164();
        let on = facts(store, &to, at(now)).suppressions;
        (
            !on.litigator.is_empty(),
            on.states.iter().any(|list| list.listed),
        )
    };
    assert_eq!(bound(LISTED, 10), (true, true), "everybody's list binds on");
    assert_eq!(bound(OTHER, 10), (true, true));
    // A newer version replaces its own owners' only.
    for kind in [ListKind::Litigator, ListKind::State] {
        store
            .import_list(by(kind, 20, &[MIAMI], &["acme"]), at(20))
            .unwrap();
    }
    assert_eq!(bound(OTHER, 20), (false, false));
    assert_eq!(bound(LISTED, 20), (true, true));
    for kind in [ListKind::Litigator, ListKind::State] {
        store
            .import_list(by(kind, 30, &[MIAMI], &[]), at(30))
            .unwrap();
    }
    assert_eq!(bound(LISTED, 30), (false, false));
}

pub fn the_registry_by_any_name(store: &dyn Store) {
    let named = ListImport {
        name: Some("registry".into()),
        ..list(ListKind::FtcFull, 10, &[LISTED])
    };
    store
        .import_list(list(ListKind::FtcFull, 0, &[LISTED, OTHER]), at(0))
        .unwrap();
    let version = store.import_list(named, at(10)).unwrap();
    assert_eq!(version.name, "registry");
    assert_eq!(national(store, LISTED, 10), Some(true));
    assert_eq!(
        national(store, OTHER, 10),
        Some(false),
        "the newer copy wins"
    );
    let check = |to: u64| {
        let to = PhoneNumber::from_nanp(to).unwrap();
        store.check_lists(&[to], None).unwrap().remove(0)
    };
    assert_eq!(check(LISTED), ["registry"]);
    assert!(check(OTHER).is_empty());
    let change = store
        .import_list(changes(20, &[(OTHER, 1, true)]), at(20))
        .unwrap();
    assert_eq!(change.name, "registry", "that of the list it changes");
    assert_eq!(check(OTHER), ["registry"]);
    let nothing = store.import_list(changes(30, &[]), at(30));
    assert!(matches!(nothing, Err(StoreError::Invalid { .. })));
    assert_eq!(store.lists().unwrap().len(), 3);
}

pub fn internal_adds(store: &dyn Store) {
    let row = |to: &str, seller: Option<&str>, when: Option<i64>| InternalRow {
        number: number(to),
        seller: seller.map(str::to_owned),
        at: when.map(at),
    };
    let import = |obtained, rows| ListImport {
        rows: ListRows::Internal(rows),
        ..list(ListKind::Internal, obtained, &[])
    };
    let first = vec![
        row(CALLEE, None, Some(-50)),
        row("+12125550124", Some("other"), None),
    ];
    store.import_list(import(0, first), at(0)).unwrap();
    store
        .import_list(import(10, vec![row("+12125550125", None, None)]), at(10))
        .unwrap();
    let entries = |to, now| facts(store, to, at(now)).suppressions.internal.len();
    assert_eq!(entries(CALLEE, -51), 0);
    assert_eq!(entries(CALLEE, -50), 1, "by the row's own time");
    assert_eq!(entries(CALLEE, 10), 1, "not replaced");
    assert_eq!(entries("+12125550124", 10), 0, "another seller's");
    assert_eq!(entries("+12125550125", 9), 0);
    assert_eq!(entries("+12125550125", 10), 1);
    let wrong = store.import_list(list(ListKind::Internal, 0, &[LISTED]), at(10));
    assert!(matches!(wrong, Err(StoreError::Invalid { .. })));
}

pub fn reassigned_answers(store: &dyn Store) {
    let row = |answer, asked: i64| ReassignedRow {
        number: number(CALLEE),
        consent_date: "2026-01-05".parse().unwrap(),
        answer,
        asked_at: Some(at(asked)),
    };
    let rows = vec![row(Reassigned::Yes, 10), row(Reassigned::NoData, 5)];
    let import = ListImport {
        rows: ListRows::Reassigned(rows),
        ..list(ListKind::Reassigned, 20, &[])
    };
    store.import_list(import, at(20)).unwrap();
    assert!(
        facts(store, CALLEE, at(4))
            .suppressions
            .reassigned
            .is_empty()
    );
    let answers = facts(store, CALLEE, at(10)).suppressions.reassigned;
    let answers: Vec<_> = answers.iter().map(|a| a.answer).collect();
    assert_eq!(answers, [Reassigned::NoData, Reassigned::Yes]);
}

pub fn check_names_in_order(store: &dyn Store) {
    store.revoke(revocation(0), at(0)).unwrap();
    store
        .import_list(list(ListKind::Litigator, 0, &[LISTED]), at(0))
        .unwrap();
    store
        .import_list(
            ListImport {
                name: Some("TX".into()),
                ..list(ListKind::State, 0, &[LISTED])
            },
            at(0),
        )
        .unwrap();
    store
        .import_list(list(ListKind::FtcFull, 0, &[LISTED, OTHER]), at(0))
        .unwrap();
    let mut theirs = list(ListKind::FtcFull, 10, &[MIAMI]);
    theirs.sellers = BTreeSet::from(["other".to_owned()]);
    store.import_list(theirs, at(10)).unwrap();
    let numbers = ["+13055550100", CALLEE, "+12125550124", "+442071838750"].map(number);
    let names = store.check_lists(&numbers, None).unwrap();
    assert_eq!(names[0], ["national"]);
    assert_eq!(names[1], ["national", "TX", "internal", "litigator"]);
    assert_eq!(names[2], ["national"]);
    assert!(names[3].is_empty());
    let acme = store.check_lists(&numbers, Some("acme")).unwrap();
    assert!(acme[0].is_empty());
    assert_eq!(store.lists().unwrap().len(), 4);
}
