//! Trains the opt-out model from `corpus/opt_out/*.jsonl` and says how good it is.
//!
//! `train-opt-out [--write] [--check FILE]...`: group-cross-validated figures by category, every
//! error, the held-out file, the cost of one utterance; `--write` puts the weights into core.

mod corpus;
mod cost;
mod fit;
mod report;

use std::path::{Path, PathBuf};

use ringfence_core::converse::opt_out::training::classify_with;

use corpus::Line;
use report::Judged;

/// Parts of the corpus that take turns at being unseen.
const FOLDS: u64 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut write = false;
    let mut checks = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => write = true,
            "--check" => checks.push(PathBuf::from(arguments.next().ok_or("--check FILE")?)),
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/opt_out");
    let lines = corpus::training(&folder)?;
    println!("corpus: {} utterances", lines.len());
    for (label, count) in corpus::counts(&lines) {
        println!("  {label}: {count}");
    }

    let crossed = cross_validate(&lines);
    println!("\n{}", report::table("cross-validated by group", &crossed));
    println!("{}", report::errors(&crossed));
    println!("{}", report::calibration(&crossed));
    println!("{}", report::thresholds(&crossed));

    let weights = fit::weights(&lines);
    println!("weights sha256 {}", report::sha256(&weights));
    checks.push(folder.join("held_out.jsonl"));
    for file in &checks {
        let unseen = corpus::read(file)?;
        let judged = judge(&weights, unseen.iter());
        println!("\n{}", report::table(&file.display().to_string(), &judged));
        println!("{}", report::errors(&judged));
    }
    println!("{}", cost::measure(&weights, &lines)?);
    if write {
        let to =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/converse/opt_out/weights.bin");
        std::fs::write(&to, &weights)?;
        println!("written: {} bytes", weights.len());
    }
    Ok(())
}

fn cross_validate(lines: &[Line]) -> Vec<Judged<'_>> {
    let mut judged = Vec::with_capacity(lines.len());
    for fold in 0..FOLDS {
        let seen: Vec<Line> = (lines.iter().filter(|l| l.fold(FOLDS) != fold).cloned()).collect();
        let weights = fit::weights(&seen);
        judged.extend(judge(
            &weights,
            lines.iter().filter(|l| l.fold(FOLDS) == fold),
        ));
    }
    judged
}

fn judge<'a>(weights: &[u8], lines: impl Iterator<Item = &'a Line>) -> Vec<Judged<'a>> {
    lines
        .map(|line| Judged {
            line,
            judgement: classify_with(weights, &line.text, line.context.as_deref()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::converse::opt_out::training::weights;

    #[test]
    fn the_committed_weights_are_those_of_the_corpus() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/opt_out");
        let lines = corpus::training(&folder).unwrap();
        let trained = report::sha256(&fit::weights(&lines));
        assert_eq!(trained, report::sha256(weights()));
    }
}
