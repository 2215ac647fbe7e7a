//! Look-ups in a registry of 258 million numbers: Ringfence's list beside what a user would reach for instead.

mod memory;
mod redis;
mod rounds;
mod sqlite;

use std::time::Instant;

use ringfence_store::registry::synthetic::{self, Dice};
use ringfence_store::registry::{Label, NumberSet, Residence, Snapshot, write};

use rounds::Rounds;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the command line asks for.
struct Asked {
    numbers: u64,
    seed: u64,
    repeats: usize,
    sample: usize,
}

impl Asked {
    fn read() -> Result<Self> {
        let mut asked = Self {
            numbers: 258_000_000,
            seed: 42,
            repeats: 5,
            sample: 10_000_000,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--numbers" => asked.numbers = value.parse()?,
                "--seed" => asked.seed = value.parse()?,
                "--repeats" => asked.repeats = value.parse()?,
                "--sample" => asked.sample = value.parse()?,
                _ => {
                    return Err(
                        format!("unknown: {word}; --numbers --seed --repeats --sample").into(),
                    );
                }
            }
        }
        Ok(asked)
    }
}

fn main() -> Result<()> {
    let asked = Asked::read()?;
    let folder = tempfile::tempdir()?;
    let set = synthetic::registry(asked.numbers, asked.seed)?;
    println!(
        "{} numbers in {} exchanges, seed {}",
        set.count(),
        set.directory().len(),
        asked.seed
    );
    let label = Label {
        id: "lst_peers".into(),
        obtained_at: 0,
        source_sha256: String::new(),
    };
    let path = folder.path().join("lst_peers.rfl");
    let (header, sha256) = write(&path, &label, set.count(), set.directory(), set.blocks())?;
    let begun = Instant::now();
    let ours = Snapshot::open(&path, &sha256, Residence::Memory)?;
    println!(
        "ringfence: opened and verified in {:.0} ms, {:.2} bits a number",
        begun.elapsed().as_secs_f64() * 1e3,
        header.arena_bytes as f64 * 8.0 / set.count() as f64
    );
    let rounds = Rounds::new(hits(&set, asked.seed), &ours, asked.repeats);
    rounds.head();
    memory::roaring32(&set, &rounds);
    memory::roaring64(&set, &rounds);
    memory::sorted(&set, &rounds);
    let sample: Vec<u64> = sample(&set, asked.sample);
    drop(set);
    sqlite::table(&sample, folder.path(), &rounds)?;
    redis::set(&sample, folder.path(), &rounds)?;
    Ok(())
}

/// Numbers on the list, in random order.
fn hits(set: &NumberSet, seed: u64) -> Vec<u64> {
    let mut hits = sample(set, 1 << 20);
    let mut dice = Dice::new(seed ^ 0xbeef);
    for at in (1..hits.len()).rev() {
        hits.swap(at, dice.under(at as u64 + 1) as usize);
    }
    hits
}

/// So many numbers of the list, evenly, ascending.
fn sample(set: &NumberSet, size: usize) -> Vec<u64> {
    let stride = (set.count() / size as u64).max(1) as usize;
    set.numbers().step_by(stride).take(size).collect()
}
