//! `ringfence bench lists`: the registry at its real size, on generated numbers. Each figure stands beside what it is to
//! be measured by, taken in the same run: ratios hold on other machines, times do not.

mod change;
mod import;
mod lookup;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use ringfence_store::registry::{Residence, Snapshot, synthetic};
use serde::Serialize;
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, say, say_json};

/// The registry at its real size, on generated numbers.
#[derive(Debug, Args)]
#[command(
    after_help = "Needs about 2 GB of disk and 1 GB of memory at full size. Peers (roaring, a sorted array, an SQLite \
    table, a Redis set) run beside it on the same numbers: see peers/README.md.\n\nExamples:\n  \
    ringfence bench lists\n  ringfence bench lists --numbers 10000000 --json"
)]
pub struct Lists {
    /// How many numbers to generate, about
    #[arg(long, default_value_t = 258_000_000, value_parser = clap::value_parser!(u64).range(100_000..=400_000_000))]
    numbers: u64,
    /// The generator's seed
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Times each figure is taken; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=101))]
    repeats: u32,
    /// Where to put the files [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// One figure beside its measure.
#[derive(Debug, Serialize)]
struct Figure {
    /// What.
    name: &'static str,
    /// The figure.
    value: f64,
    /// Its unit.
    unit: &'static str,
    /// What it is to be at most, or at least.
    goal: Option<f64>,
    /// Whether it is; none without a goal.
    met: Option<bool>,
    /// The parts that it was made from, for people.
    detail: String,
}

impl Figure {
    fn at_most(
        name: &'static str,
        unit: &'static str,
        value: f64,
        goal: f64,
        detail: String,
    ) -> Self {
        Self {
            name,
            value,
            unit,
            goal: Some(goal),
            met: Some(value <= goal),
            detail,
        }
    }

    fn plain(name: &'static str, unit: &'static str, value: f64, detail: String) -> Self {
        Self {
            name,
            value,
            unit,
            goal: None,
            met: None,
            detail,
        }
    }
}

impl Lists {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let folder = match &self.folder {
            Some(folder) => tempfile::tempdir_in(folder)?,
            None => tempfile::tempdir()?,
        };
        let note = |what: &str| eprintln!("{what} ...");
        note("generating");
        let begun = Instant::now();
        let set = synthetic::registry(self.numbers, self.seed).map_err(Failure::environment)?;
        let generated = begun.elapsed();
        let (count, exchanges) = (set.count(), set.directory().len());
        let samples = lookup::Samples::new(&set, self.seed);
        note("compressing the flat file");
        let flat = import::deliver(&set, folder.path())?;
        drop(set);

        let mut figures = Vec::new();
        note("importing");
        let live = import::measure(&flat, folder.path(), self.repeats, &mut figures)?;
        note("opening");
        import::reopen(&live, &samples, self.repeats, &mut figures)?;
        note("looking up");
        let list = Snapshot::open(&live.file, &live.header_sha256, Residence::Memory)
            .map_err(Failure::environment)?;
        size(&list, &mut figures);
        lookup::measure(&list, &samples, self.repeats, &mut figures);
        note("changing");
        change::measure(&Arc::new(list), &samples, self.repeats, &mut figures)?;
        change::through_the_store(&live, folder.path(), &mut figures)?;

        if global.json {
            say_json(
                &json!({"numbers": count, "exchanges": exchanges, "seed": self.seed, "figures": figures}),
            )?;
        } else {
            say(&format!(
                "{count} numbers in {exchanges} exchanges, seed {}, generated in {:.1} s",
                self.seed,
                generated.as_secs_f64()
            ))?;
            figures.iter().try_for_each(|figure| say(&line(figure)))?;
        }
        Ok(Exit::Done)
    }
}

fn size(list: &Snapshot, figures: &mut Vec<Figure>) {
    let arena = list.arena().map_or(0, <[u8]>::len);
    // Sixteen bytes for each 64 exchanges that can be.
    let directory = 16 * (800_000 / 64);
    let bits = (arena + directory) as f64 * 8.0 / list.count() as f64;
    let file = list.header().file_bytes() as f64 / 1e6;
    let detail = format!(
        "{:.1} MB in memory, file {file:.1} MB",
        (arena + directory) as f64 / 1e6
    );
    figures.push(Figure::at_most("size", "bits a number", bits, 6.7, detail));
}

fn line(figure: &Figure) -> String {
    let goal = match (figure.goal, figure.met) {
        (Some(goal), Some(true)) => format!("goal {goal}: met"),
        (Some(goal), _) => format!("goal {goal}: MISSED"),
        (None, _) => String::new(),
    };
    format!(
        "{:<34} {:>9.3} {:<22} {:<18} {}",
        figure.name, figure.value, figure.unit, goal, figure.detail
    )
}
