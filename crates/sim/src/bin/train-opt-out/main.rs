//! Trains the opt-out model from `corpus/opt_out/*.jsonl` and its patterns and says how good it is.
//!
//! `train-opt-out [--cross FOLDS] [--as-built] [--write] [--without NAME]... [--check FILE]...`: the
//! files that are never learned from (`held_out`, `blind_*`, and every FILE) by category with every
//! error, and the cost of one utterance; `--cross` adds figures cross-validated by group over so many
//! of five parts, whose networks read the corpus fewer times; `--without` learns from no file whose
//! name begins with NAME and judges those as well, so that whole writers are unseen; `--as-built`
//! learns nothing and judges by the committed weights; `--write` puts the weights into core.

mod back;
mod corpus;
mod cost;
mod dice;
mod fine;
mod fit;
mod learn;
mod patterns;
mod report;

use std::path::{Path, PathBuf};
use std::time::Instant;

use ringfence_core::converse::opt_out::Verdict;
use ringfence_core::converse::opt_out::training::{self, Judge};

use corpus::Line;
use dice::Dice;
use patterns::Patterns;
use report::Judged;

/// Parts of the corpus that take turns at being unseen.
const FOLDS: u64 = 5;

/// Sentences drawn of every pattern for the linear weights.
const DRAWN: usize = 40;

/// Times the corpus is read for the networks of a part that is cross-validated: fewer than for those
/// of a build, so that all five parts can be waited for.
const CROSS_EPOCHS: u32 = 4;

/// What is asked for on the command line.
#[derive(Default)]
struct Asked {
    write: bool,
    as_built: bool,
    cross: u64,
    without: Vec<PathBuf>,
    checks: Vec<PathBuf>,
}

impl Asked {
    fn read(folder: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let mut asked = Self {
            checks: corpus::unseen(folder)?,
            ..Self::default()
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} what?"));
            match argument.as_str() {
                "--write" => asked.write = true,
                "--as-built" => asked.as_built = true,
                "--cross" => asked.cross = value()?.parse()?,
                "--without" => asked.without.extend(corpus::of_writer(folder, &value()?)?),
                "--check" => asked.checks.push(PathBuf::from(value()?)),
                other => return Err(format!("unknown argument {other}").into()),
            }
        }
        if asked.write && !asked.without.is_empty() {
            return Err("what is learned without a writer is not written".into());
        }
        asked.checks.extend(asked.without.clone());
        Ok(asked)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/opt_out");
    let asked = Asked::read(&folder)?;
    let (cross, checks) = (asked.cross, asked.checks);
    let lines = corpus::training(&folder, &asked.without)?;
    let patterns = patterns::read(&folder.join("patterns"))?;
    println!("corpus: {} utterances", lines.len());
    for (label, count) in corpus::counts(&lines) {
        println!("  {label}: {count}");
    }
    if cross > 0 {
        let (crossed, margins) = cross_validate(&lines, &patterns, cross);
        println!("\n{}", report::table("cross-validated by group", &crossed));
        println!("{}", report::errors(&crossed));
        println!("{}", report::calibration(&crossed));
        println!("{}", report::thresholds(&crossed));
        println!("{margins}");
    }
    let start = Instant::now();
    let learned = if asked.as_built {
        Learned::as_built()
    } else {
        Learned::from(&lines, &patterns, learn::EPOCHS)
    };
    println!("learned in {:.0} s", start.elapsed().as_secs_f64());
    println!("weights sha256 {}", report::sha256(&learned.weights));
    println!("net sha256 {}", report::sha256(&learned.net));
    let mut together = Vec::new();
    for file in &checks {
        together.push((file, corpus::read(file)?));
    }
    let mut unseen = Vec::new();
    let kept_back: Vec<Line> = together.iter().flat_map(|(_, l)| l.clone()).collect();
    for (file, lines) in &together {
        let judged = learned.judge(lines.iter());
        println!("\n{}", report::table(&file.display().to_string(), &judged));
        println!("{}", report::errors(&judged));
        unseen.extend(judged);
    }
    println!("{}", report::table("unseen together", &unseen));
    println!("{}", report::calibration(&unseen));
    println!("{}", report::thresholds(&unseen));
    let all: Vec<&Line> = kept_back.iter().collect();
    println!("{}", report::margins(&learned.margins(&all)));
    println!("{}", cost::measure(&learned.judge, &kept_back)?);
    if asked.write {
        let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/converse/opt_out");
        std::fs::write(to.join("weights.bin"), &learned.weights)?;
        std::fs::write(to.join("net.bin"), &learned.net)?;
        std::fs::write(to.join("words.txt"), corpus::often(&lines))?;
        println!(
            "written: {} bytes",
            learned.weights.len() + learned.net.len()
        );
    }
    Ok(())
}

/// Everything that was learned, as it is stored.
struct Learned {
    weights: Vec<u8>,
    net: Vec<u8>,
    judge: Judge,
}

impl Learned {
    fn as_built() -> Self {
        Self::of(training::weights().to_vec(), training::net().to_vec())
    }

    fn from(lines: &[Line], patterns: &Patterns, epochs: u32) -> Self {
        let drawn = patterns.draw(DRAWN, &mut Dice::new(0xd1ce));
        // Each by one thread of its own, in a fixed order: which is done first changes nothing.
        std::thread::scope(|scope| {
            let learn =
                |net| scope.spawn(move || learn::net(lines, patterns, epochs, net).to_bytes());
            let nets: Vec<_> = learn::NETS.map(learn).into();
            let weights = fit::weights(lines, &drawn);
            let net = nets.into_iter().flat_map(joined).collect();
            Self::of(weights, net)
        })
    }

    fn of(weights: Vec<u8>, net: Vec<u8>) -> Self {
        // Judged as they are stored, so that rounding is part of the figures.
        let judge = Judge::new(&weights, &net);
        Self {
            weights,
            net,
            judge,
        }
    }

    /// Each line with the margin of the linear weights and the judgement of linear weights and
    /// networks, however sure the former are.
    fn margins(&self, lines: &[&Line]) -> Vec<(f64, Verdict, Verdict)> {
        let both = Judge::new(&self.weights, &self.net).sure_from(f64::INFINITY);
        let read = |line: &&Line| {
            let context = line.context.as_deref();
            let whole = both.classify(&line.text, context).verdict;
            (both.margin(&line.text, context), whole, line.label)
        };
        lines.iter().map(read).collect()
    }

    fn judge<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> Vec<Judged<'a>> {
        lines
            .map(|line| Judged {
                line,
                judgement: self.judge.classify(&line.text, line.context.as_deref()),
            })
            .collect()
    }
}

/// What a thread learned.
fn joined(thread: std::thread::ScopedJoinHandle<'_, Vec<u8>>) -> Vec<u8> {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn cross_validate<'a>(
    lines: &'a [Line],
    patterns: &Patterns,
    folds: u64,
) -> (Vec<Judged<'a>>, String) {
    let mut judged = Vec::with_capacity(lines.len());
    let mut margins = Vec::with_capacity(lines.len());
    for fold in 0..FOLDS.min(folds) {
        let seen: Vec<Line> = (lines.iter().filter(|l| l.fold(FOLDS) != fold).cloned()).collect();
        let learned = Learned::from(&seen, patterns, CROSS_EPOCHS);
        let unseen: Vec<&Line> = lines.iter().filter(|l| l.fold(FOLDS) == fold).collect();
        margins.extend(learned.margins(&unseen));
        judged.extend(learned.judge(unseen.into_iter()));
        println!("part {} of {folds} done", fold + 1);
    }
    (judged, report::margins(&margins))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::converse::opt_out::classify;

    /// Of these lines, how many of a label are read as opt-outs, and how many there are.
    fn read_as_opt_outs(lines: &[Line], label: Verdict) -> (usize, usize) {
        let of_label: Vec<_> = lines.iter().filter(|l| l.label == label).collect();
        let read = of_label
            .iter()
            .filter(|l| classify(&l.text, l.context.as_deref(), None).verdict == Verdict::OptOut);
        (read.count(), of_label.len())
    }

    #[test]
    fn the_committed_model_reads_what_it_never_learned() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/opt_out");
        let mut lines = Vec::new();
        for file in corpus::unseen(&folder).unwrap() {
            lines.extend(corpus::read(&file).unwrap());
        }
        assert!(lines.len() > 900);
        let (found, asked) = read_as_opt_outs(&lines, Verdict::OptOut);
        assert!(found * 1000 >= asked * 970, "{found} of {asked} opt-outs");
        let (wrong, others) = read_as_opt_outs(&lines, Verdict::NotOptOut);
        assert!(wrong * 1000 <= others * 30, "{wrong} of {others} others");
    }

    #[test]
    #[ignore = "minutes, in release: cargo test --release -p ringfence-sim --bin train-opt-out -- --ignored"]
    fn the_committed_weights_are_those_of_the_corpus() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/opt_out");
        let lines = corpus::training(&folder, &[]).unwrap();
        let patterns = patterns::read(&folder.join("patterns")).unwrap();
        let learned = Learned::from(&lines, &patterns, learn::EPOCHS);
        let committed = [training::weights(), training::net()].map(report::sha256);
        assert_eq!(
            [&learned.weights, &learned.net].map(|bytes| report::sha256(bytes)),
            committed
        );
    }
}
