//! Look-ups: one alone beside one load over the same memory, and many in a row.

use std::hint::black_box;

use ringfence_store::registry::synthetic::Dice;
use ringfence_store::registry::{NumberSet, Snapshot};

use super::super::timing::{median, spread, time};
use super::Figure;

/// Numbers asked in each round.
const ASKED: usize = 1 << 20;

/// Numbers to ask about.
pub struct Samples {
    /// On the list, in random order.
    pub hits: Vec<u64>,
    /// Random numbers; most are on no list.
    pub random: Vec<u64>,
}

impl Samples {
    /// Drawn from the list.
    pub fn new(set: &NumberSet, seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let stride = (set.count() / ASKED as u64).max(1);
        let mut skip = dice.under(stride);
        let mut hits = Vec::with_capacity(ASKED);
        for number in set.numbers() {
            if skip == 0 {
                hits.push(number);
                skip = dice.under(stride * 2);
            } else {
                skip -= 1;
            }
        }
        for at in (1..hits.len()).rev() {
            hits.swap(at, dice.under(at as u64 + 1) as usize);
        }
        let random = (0..ASKED)
            .map(|_| 2_000_000_000 + dice.under(8_000_000_000))
            .collect();
        Self { hits, random }
    }
}

/// Nanoseconds of one act alone: what the next is asked hangs on what this one answered. Otherwise the processor overlaps
/// one look-up's miss with the next one's, and the time of one is not to be seen.
fn each_alone(over: &[u64], mut act: impl FnMut(u64) -> bool) -> f64 {
    let nothing = black_box(0);
    let mut carried = 0;
    let (seconds, ()) = time(|| {
        for item in over {
            carried = u64::from(black_box(act(item ^ carried))) & nothing;
        }
    });
    seconds * 1e9 / over.len().max(1) as f64
}

/// The figures.
pub fn measure(list: &Snapshot, samples: &Samples, repeats: u32, figures: &mut Vec<Figure>) {
    let arena = list.arena().unwrap_or_default();
    let mut dice = Dice::new(9);
    let places: Vec<u64> = (0..samples.hits.len())
        .map(|_| dice.under(arena.len().max(1) as u64))
        .collect();
    let holds = |number: u64| list.holds(number).unwrap_or_default();
    let (mut ratios, mut floors, mut hits, mut misses, mut bulk) =
        (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..repeats {
        let floor = each_alone(&places, |at| {
            arena.get(at as usize).is_some_and(|byte| *byte != 0)
        });
        let hit = each_alone(&samples.hits, holds);
        ratios.push(hit / floor);
        floors.push(floor);
        hits.push(hit);
        misses.push(each_alone(&samples.random, holds));
        let (seconds, found) = time(|| samples.hits.iter().filter(|n| holds(**n)).count());
        assert_all(found, samples.hits.len());
        bulk.push(samples.hits.len() as f64 / seconds / 1e6);
    }
    let detail = format!(
        "hit {:.0} ns, one load {:.0} ns, random number {:.0} ns; ratios {}",
        median(&mut hits),
        median(&mut floors),
        median(&mut misses),
        spread(&ratios)
    );
    figures.push(Figure::at_most(
        "look-up alone",
        "x one random load",
        median(&mut ratios),
        1.15,
        detail,
    ));
    figures.push(Figure::plain(
        "look-ups in a row",
        "million a second",
        median(&mut bulk),
        spread(&bulk),
    ));
}

/// A figure of wrong answers is none.
fn assert_all(found: usize, asked: usize) {
    if found != asked {
        eprintln!("WRONG: {found} of {asked} numbers on the list were found");
    }
}
