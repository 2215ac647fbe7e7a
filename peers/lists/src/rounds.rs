//! A peer's look-ups, alternating with ours.

use std::hint::black_box;
use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

use ringfence_store::registry::Snapshot;

/// What is asked, and of whom beside the peer.
pub struct Rounds<'l> {
    hits: Vec<u64>,
    ours: &'l Snapshot,
    repeats: usize,
}

impl<'l> Rounds<'l> {
    pub fn new(hits: Vec<u64>, ours: &'l Snapshot, repeats: usize) -> Self {
        Self {
            hits,
            ours,
            repeats,
        }
    }

    pub fn head(&self) {
        println!(
            "{:<24} {:>12} {:>12} {:>12} {:>10} {:>14}",
            "peer", "bits/number", "alone, ns", "ours, ns", "x ours", "spread"
        );
    }

    /// Asks a peer that holds the whole list.
    pub fn whole(&self, name: &str, bits: f64, mut holds: impl FnMut(u64) -> bool) {
        self.against(name, bits, &self.hits, self.hits.len(), &mut holds);
    }

    /// Asks a peer that holds only a sample, and is slow: fewer questions, of the sample's.
    pub fn sampled(
        &self,
        name: &str,
        bits: f64,
        sample: &[u64],
        mut holds: impl FnMut(u64) -> bool,
    ) {
        let stride = (sample.len() / 20_000).max(1);
        // Far from one another, as the callees of a campaign are.
        let mut asked: Vec<u64> = sample.iter().copied().step_by(stride).collect();
        asked.sort_by_key(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.against(name, bits, &asked, asked.len(), &mut holds);
    }

    fn against(
        &self,
        name: &str,
        bits: f64,
        asked: &[u64],
        count: usize,
        holds: &mut dyn FnMut(u64) -> bool,
    ) {
        let (mut ratios, mut theirs, mut ours) = (vec![], vec![], vec![]);
        for _ in 0..self.repeats {
            let mut found = 0;
            let peer = alone(asked, |n| {
                let held = holds(n);
                found += usize::from(held);
                held
            });
            assert_eq!(found, count, "{name} answers wrongly");
            let mine = alone(&self.hits, |n| self.ours.holds(n).unwrap_or(false));
            ratios.push(peer / mine);
            theirs.push(peer);
            ours.push(mine);
        }
        let (least, most) = (
            ratios.iter().copied().fold(f64::INFINITY, f64::min),
            ratios.iter().copied().fold(0.0, f64::max),
        );
        println!(
            "{name:<24} {bits:>12.2} {:>12.0} {:>12.0} {:>10.2} {:>14}",
            median(&mut theirs),
            median(&mut ours),
            median(&mut ratios),
            format!("{least:.2}-{most:.2}")
        );
    }
}

/// Nanoseconds of one look-up; none begins before the one before it is done.
fn alone(numbers: &[u64], mut holds: impl FnMut(u64) -> bool) -> f64 {
    let begun = Instant::now();
    for number in numbers {
        fence(Ordering::SeqCst);
        black_box(holds(*number));
    }
    begun.elapsed().as_secs_f64() * 1e9 / numbers.len() as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
