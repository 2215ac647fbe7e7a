//! Files of lists: exact, whole or not at all.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::shelf::Slot;
use super::synthetic::{Dice, changes, registry};
use super::*;

fn label() -> Label {
    Label {
        id: "lst_1".into(),
        obtained_at: 1,
        source_sha256: "ab".repeat(32),
    }
}

fn written(folder: &Path, set: &NumberSet) -> (PathBuf, Header, String) {
    let path = folder.join("lst_1.rfl");
    let (header, sha256) =
        write(&path, &label(), set.count(), set.directory(), set.blocks()).unwrap();
    (path, header, sha256)
}

fn random(count: usize, exchanges: u64, seed: u64) -> BTreeSet<u64> {
    let mut dice = Dice::new(seed);
    let mut set = BTreeSet::new();
    while set.len() < count {
        set.insert(2_000_000_000 + dice.under(exchanges) * 990_000 + dice.under(10_000));
    }
    set
}

#[test]
fn a_file_holds_exactly_what_was_put_in() {
    let folder = tempfile::tempdir().unwrap();
    for (count, exchanges, encoding) in [
        (0, 1, Encoding::Bitmap),
        (1, 1, Encoding::Sorted),
        (3000, 3000, Encoding::Sorted),
        (60_000, 30, Encoding::Bitmap),
    ] {
        let numbers = random(count, exchanges, 7);
        let set: NumberSet = numbers.iter().copied().collect();
        assert!(set.numbers().eq(numbers.iter().copied()));
        assert_eq!(set.count(), count as u64);
        let (path, header, sha256) = written(folder.path(), &set);
        assert_eq!(header.encoding, encoding, "{count}");
        assert_eq!(header.file_bytes(), path.metadata().unwrap().len());
        for residence in [Residence::Memory, Residence::Disk] {
            let list = Snapshot::open(&path, &sha256, residence).unwrap();
            assert_eq!(list.count(), count as u64);
            let neighbours = numbers.iter().flat_map(|n| [n - 1, *n, n + 1]);
            for number in neighbours.chain([0, 1_999_999_999, 2_000_000_000, 9_999_999_999]) {
                let want = numbers.contains(&number);
                assert_eq!(list.holds(number).unwrap(), want, "{residence:?}");
            }
        }
    }
    let mut builder = Builder::new();
    assert!(builder.insert(1_999_999_999).is_err());
    assert!(builder.insert(10_000_000_000).is_err());
}

#[test]
fn a_change_makes_the_next_list_and_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    for (count, exchanges) in [(60_000, 30), (2000, 2000), (0, 1)] {
        let mut numbers = random(count, exchanges, 11);
        let set: NumberSet = numbers.iter().copied().collect();
        let (path, _, sha256) = written(folder.path(), &set);
        let list = Snapshot::open(&path, &sha256, Residence::Memory).unwrap();
        let mut dice = Dice::new(3);
        let mut rows: Vec<Change> = (0..5000)
            .map(|_| Change {
                number: 2_000_000_000 + dice.under(60) * 990_000 + dice.under(10_000),
                added: dice.roll() & 1 == 1,
            })
            .collect();
        // The first, the last, and one in between that is new.
        for number in [2_000_000_001, 9_999_999_999, 5_550_000_000] {
            rows.push(Change {
                number,
                added: true,
            });
        }
        let next = list.changed(rows.iter().copied()).unwrap();
        for row in &rows {
            if row.added {
                numbers.insert(row.number);
            } else {
                numbers.remove(&row.number);
            }
        }
        assert_eq!(next.count(), numbers.len() as u64);
        let path = folder.path().join("next.rfl");
        let (header, sha256) = write(
            &path,
            &label(),
            next.count(),
            next.directory(),
            next.blocks(),
        )
        .unwrap();
        let from_memory = next.into_snapshot(header);
        let from_file = Snapshot::open(&path, &sha256, Residence::Memory).unwrap();
        for next in from_memory.iter().chain([&from_file]) {
            for number in &numbers {
                assert!(next.holds(*number).unwrap());
            }
            for row in &rows {
                assert_eq!(
                    next.holds(row.number).unwrap(),
                    numbers.contains(&row.number)
                );
            }
        }
        for number in set.numbers() {
            assert!(list.holds(number).unwrap(), "the old one stays as it is");
        }
    }
}

#[test]
fn any_byte_that_changes_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let set = registry(200_000, 5).unwrap();
    let (path, header, sha256) = written(folder.path(), &set);
    assert_eq!(header.encoding, Encoding::Bitmap);
    let whole = std::fs::read(&path).unwrap();
    let places = [0, 9, 4096, header.arena_at() as usize, whole.len() / 2];
    for place in places.into_iter().chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        for residence in [Residence::Memory, Residence::Disk] {
            let opened = Snapshot::open(&path, &sha256, residence);
            assert!(matches!(opened, Err(Fault::Damaged(_))), "{place}");
        }
    }
    for cut in [0, 100, 4096, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let opened = Snapshot::open(&path, &sha256, Residence::Memory);
        assert!(matches!(opened, Err(Fault::Damaged(_))), "{cut}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(Snapshot::open(&path, &"0".repeat(64), Residence::Memory).is_err());
    Snapshot::open(&path, &sha256, Residence::Memory).unwrap();
}

#[test]
fn a_file_that_goes_bad_in_use_fails_until_it_is_whole_again() {
    let folder = tempfile::tempdir().unwrap();
    let set = registry(300_000, 6).unwrap();
    let first = set.numbers().next().unwrap();
    let (path, header, sha256) = written(folder.path(), &set);
    let whole = std::fs::read(&path).unwrap();
    let slot = Slot::new(path.clone(), sha256, header.file_bytes(), Residence::Memory);
    let look = || {
        slot.look();
        slot.holds(first)
    };
    assert_eq!(look(), Ok(true));
    std::fs::remove_file(&path).unwrap();
    assert!(look().is_err(), "vanished");
    assert!(look().is_err());
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(look(), Ok(true), "whole again");
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(look().unwrap_err().contains("hash"));
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert!(look().unwrap_err().contains("length"));
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(look(), Ok(true));
    // A byte that turns without a trace outside is found by reading on.
    let modified = path.metadata().unwrap().modified().unwrap();
    bytes.clone_from(&whole);
    bytes[whole.len() / 2] ^= 4;
    std::fs::write(&path, &bytes).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(look(), Ok(true), "nothing to be seen from outside");
    for _ in 0..=header.pieces() {
        slot.read_on();
    }
    assert!(look().unwrap_err().contains("hash"));
}

#[test]
fn the_generated_registry_is_the_same_each_time() {
    let set = registry(1_000_000, 42).unwrap();
    assert_eq!(set, registry(1_000_000, 42).unwrap());
    assert_ne!(set, registry(1_000_000, 43).unwrap());
    let off = set.count().abs_diff(1_000_000);
    assert!(off < 100_000, "{}", set.count());
    let rows = changes(set.directory(), 1000, 1);
    assert_eq!(rows.len(), 1000);
    let mut flat = Vec::new();
    synthetic::write_flat(&set, &mut flat).unwrap();
    assert_eq!(flat.len() as u64, set.count() * 12);
    assert!(flat.starts_with(format!("{}", set.numbers().next().unwrap() / 10_000_000).as_bytes()));
}
