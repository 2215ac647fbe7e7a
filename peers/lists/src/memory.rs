//! Peers in memory.

use ringfence_store::registry::NumberSet;
use roaring::{RoaringBitmap, RoaringTreemap};

use crate::rounds::Rounds;

/// A number as 32 bits: area codes by rank, for ten digits do not fit.
struct Ranks(Vec<u32>);

impl Ranks {
    fn new(set: &NumberSet) -> Self {
        let mut ranks = vec![u32::MAX; 1000];
        for (rank, area) in (0..).zip(set.directory().areas()) {
            ranks[usize::from(area)] = rank;
        }
        Self(ranks)
    }

    fn key(&self, number: u64) -> Option<u32> {
        let rank = *self.0.get((number / 10_000_000) as usize)?;
        (rank != u32::MAX).then(|| rank * 10_000_000 + (number % 10_000_000) as u32)
    }
}

fn bits(bytes: u64, set: &NumberSet) -> f64 {
    bytes as f64 * 8.0 / set.count() as f64
}

pub fn roaring32(set: &NumberSet, rounds: &Rounds<'_>) {
    let ranks = Ranks::new(set);
    let keys = set.numbers().filter_map(|n| ranks.key(n));
    let list = RoaringBitmap::from_sorted_iter(keys).expect("ascending");
    let bits = bits(list.serialized_size() as u64, set);
    rounds.whole("roaring, 32 bits", bits, |n| {
        ranks.key(n).is_some_and(|key| list.contains(key))
    });
}

pub fn roaring64(set: &NumberSet, rounds: &Rounds<'_>) {
    let list = RoaringTreemap::from_sorted_iter(set.numbers()).expect("ascending");
    let bits = bits(list.serialized_size() as u64, set);
    rounds.whole("roaring, 64 bits", bits, |n| list.contains(n));
}

pub fn sorted(set: &NumberSet, rounds: &Rounds<'_>) {
    let ranks = Ranks::new(set);
    let list: Vec<u32> = set.numbers().filter_map(|n| ranks.key(n)).collect();
    rounds.whole("sorted array, 32 bits", 32.0, |n| {
        ranks
            .key(n)
            .is_some_and(|key| list.binary_search(&key).is_ok())
    });
}
