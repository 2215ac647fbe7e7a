//! What a book keeps in memory and complains of, beside what its decisions really ask for.

use std::path::PathBuf;

use ringfence_core::id::Id;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + seconds).unwrap()
}

fn areas(of: &[u16]) -> Areas {
    let mut areas = Areas::default();
    of.iter().for_each(|area| areas.insert(*area));
    areas
}

/// A version that was imported when it was obtained and covers what occurs in it.
fn version(row: i64, family: Family, obtained: i64, of: &[u16]) -> Version {
    Version {
        row,
        family,
        owners: Vec::new(),
        areas: areas(of),
        covered: areas(of),
        answer: ListAnswer {
            version: Id::new(format!("lst_{row}")),
            name: "TX".to_owned(),
            obtained_at: at(obtained),
            effective_at: None,
            expires_at: None,
            listed: false,
        },
        file: Some((String::new(), 0)),
        imported_at: at(obtained),
        pruned_at: None,
    }
}

/// A book of files none of which is there.
fn book(versions: &[Version], told: i64) -> Book {
    let versions = versions.iter().cloned().map(Arc::new).collect();
    Book::new(1, versions, at(told), |version, residence| {
        let path = PathBuf::from(format!("/nowhere/{}", version.row));
        Arc::new(Slot::new(path, String::new(), 0, residence))
    })
}

fn kept(book: &Book) -> Vec<i64> {
    let kept = book.versions.iter();
    let kept = kept.filter(|e| e.slot.residence() == Residence::Memory);
    let mut rows: Vec<i64> = kept.map(|e| e.version.row).collect();
    rows.sort_unstable();
    rows
}

/// The rows of the versions that are said to be unreadable at a moment.
fn said(book: &Book, now: i64) -> Vec<i64> {
    let faults = book.faults(at(now));
    let row = |fault: SourceFailure| fault.source.rsplit_once("lst_").unwrap().1.parse();
    let mut rows: Vec<i64> = faults
        .into_iter()
        .map(|fault| row(fault).unwrap())
        .collect();
    rows.sort_unstable();
    rows
}

/// The rows of the versions that at least one decision fails for, among all sellers and area codes.
fn denied(book: &Book, sellers: &[&str], area_codes: &[u16], now: i64) -> Vec<i64> {
    let mut failures = Vec::new();
    for seller in sellers {
        for area in area_codes {
            let number = PhoneNumber::from_nanp(u64::from(*area) * 10_000_000 + 5_550_123).unwrap();
            let now = at(now);
            let asked = Asked {
                number,
                seller,
                now,
            };
            book.national(&asked, &mut failures);
            book.states(&asked, &mut failures);
            book.litigator(&asked, &mut failures);
        }
    }
    let rows = failures.iter();
    let rows = rows.map(|f| f.source.rsplit_once("lst_").unwrap().1.parse().unwrap());
    rows.collect::<std::collections::BTreeSet<i64>>()
        .into_iter()
        .collect()
}

#[test]
fn a_narrower_copy_takes_no_area_code_that_it_does_not_cover() {
    let wide = version(1, Family::National, 0, &[212, 305]);
    // Numbers of 305 occur in it, but its subscription does not cover them.
    let mut narrow = version(2, Family::National, 10, &[212, 305]);
    narrow.covered = areas(&[212]);
    let both = book(&[wide.clone(), narrow.clone()], 10);
    assert_eq!(said(&both, 9), [1]);
    assert_eq!(said(&both, 10), [1, 2]);
    assert_eq!(kept(&both), [1, 2]);
    let whole = version(3, Family::National, 20, &[212, 305]);
    let all = book(&[wide, narrow, whole], 20);
    assert_eq!((said(&all, 20), kept(&all)), (vec![3], vec![3]));
}

#[test]
fn what_everybody_else_still_needs_is_kept() {
    let everybodys = version(1, Family::National, 0, &[212]);
    let mut own = version(2, Family::National, 10, &[212]);
    own.owners = vec!["acme".to_owned(), "beta".to_owned()];
    assert_eq!(
        said(&book(&[everybodys.clone(), own.clone()], 10), 10),
        [1, 2]
    );
    // A newer copy for everybody takes both their places.
    let newer = version(3, Family::National, 20, &[212]);
    assert_eq!(said(&book(&[everybodys, own, newer], 20), 20), [3]);
}

#[test]
fn a_replaced_version_is_let_go_when_the_next_takes_its_place() {
    for family in [Family::National, Family::State, Family::Litigator] {
        let old = version(1, family, 0, &[212]);
        let waiting = |row: i64, effective: i64| {
            let mut waits = version(row, family, row, &[212]);
            waits.answer.effective_at = Some(at(effective));
            waits
        };
        let all = [old, waiting(2, 100), waiting(3, 200), waiting(4, 300)];
        for (told, binds, memory) in [
            (10, 1, vec![1, 2, 3, 4]),
            (99, 1, vec![1, 2, 3, 4]),
            (100, 2, vec![2, 3, 4]),
            (250, 3, vec![3, 4]),
            (300, 4, vec![4]),
        ] {
            let book = book(&all, told);
            assert_eq!(kept(&book), memory, "{family:?} at {told}");
            assert_eq!(said(&book, told), [binds], "{family:?} at {told}");
        }
        let begun = book(&all, 10);
        assert!(!begun.has_turned(at(99)) && begun.has_turned(at(100)));
        assert!(!book(&all, 300).has_turned(Timestamp::MAX));
        // Nobody said how late it is: it is at least as late as the newest import.
        assert_eq!(kept(&book(&all, -1_000_000)), [1, 2, 3, 4]);
    }
}

#[test]
fn what_is_said_is_exactly_what_some_decision_fails_for() {
    const SELLERS: [&str; 4] = ["acme", "beta", "gamma", "nobody-of-them"];
    const CODES: [u16; 4] = [212, 305, 415, 512];
    let mut state = 0x5eed_u64;
    let mut below = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let (mut some, mut most) = (0, 0);
    for _ in 0..400 {
        let some_codes = |below: &mut dyn FnMut(u64) -> u64| -> Vec<u16> {
            CODES.into_iter().filter(|_| below(2) == 0).collect()
        };
        let mut versions = Vec::new();
        for row in 1..=below(12) {
            let family = [
                Family::National,
                Family::National,
                Family::State,
                Family::Litigator,
            ];
            let family = family[below(4) as usize];
            let obtained = below(40) as i64;
            let mut made = version(row as i64, family, obtained, &some_codes(&mut below));
            made.covered = areas(&some_codes(&mut below));
            made.imported_at = at(obtained + below(10) as i64);
            made.owners = match below(4) {
                0 => vec!["acme".to_owned()],
                1 => vec!["acme".to_owned(), "beta".to_owned()],
                _ => Vec::new(),
            };
            if below(3) == 0 {
                made.answer.effective_at = Some(at(below(80) as i64));
            }
            if below(2) == 0 {
                made.answer.name = "FL".to_owned();
            }
            versions.push(made);
        }
        let told = below(60) as i64;
        let book = book(&versions, told);
        for now in 0..90 {
            let denied = denied(&book, &SELLERS, &CODES, now);
            assert_eq!(said(&book, now), denied, "at {now}: {versions:#?}");
            let (all, late) = (
                versions.len(),
                versions.iter().all(|v| v.imported_at <= at(now)),
            );
            some += usize::from(!denied.is_empty());
            most += usize::from(denied.len() < all);
            if late && now >= told {
                let kept = kept(&book);
                assert!(
                    denied.iter().all(|row| kept.contains(row)),
                    "at {now}: {versions:#?}"
                );
            }
        }
    }
    assert!(some > 10_000 && most > 10_000, "{some} {most}");
}
