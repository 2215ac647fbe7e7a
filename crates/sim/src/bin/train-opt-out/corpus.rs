//! The corpus: JSON lines, one utterance each.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};

use ringfence_core::converse::opt_out::Verdict;
use ringfence_core::converse::opt_out::training::words_of;
use serde::Deserialize;

/// One utterance with its label.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    /// Lines of one group are one wording in several forms; they are never split between folds.
    #[serde(default)]
    pub group: String,
    /// What the recogniser wrote.
    pub text: String,
    /// What it means.
    pub label: Verdict,
    /// What kind of saying it is.
    pub category: String,
    /// What the agent said before, if it matters.
    #[serde(default)]
    pub context: Option<String>,
}

impl Line {
    /// The fold of this line's group, from 0 to `folds - 1`.
    pub fn fold(&self, folds: u64) -> u64 {
        let hash = self.group.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
        });
        (hash >> 17) % folds
    }
}

/// The lines of one file.
pub fn read(file: &Path) -> Result<Vec<Line>, Box<dyn Error>> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line)
                .map_err(|e| format!("{}:{}: {e}", file.display(), at + 1).into())
        })
        .collect()
}

/// Every line to learn from, in the order of file names, but those of the files `without`. What two
/// writers both thought of, and is in a file that is never learned from, is left out.
pub fn training(folder: &Path, without: &[PathBuf]) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut kept_back = BTreeSet::new();
    for file in unseen(folder)? {
        kept_back.extend(read(&file)?.into_iter().map(|line| line.text));
    }
    let mut lines = Vec::new();
    let learned = files(folder)?.into_iter().filter(|f| !is_unseen(f));
    for file in learned.filter(|f| !without.contains(f)) {
        let read = read(&file)?.into_iter();
        lines.extend(read.filter(|line| !kept_back.contains(&line.text)));
    }
    Ok(lines)
}

/// The files that are never learned from: `held_out*.jsonl` and `blind_*.jsonl`.
pub fn unseen(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let files = files(folder)?;
    Ok(files.into_iter().filter(|f| is_unseen(f)).collect())
}

/// The files that are learned from and whose names begin so: those of one writer.
pub fn of_writer(folder: &Path, name: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let files = files(folder)?.into_iter();
    Ok(files.filter(|f| begins(f, name) && !is_unseen(f)).collect())
}

fn is_unseen(file: &Path) -> bool {
    begins(file, "held_out") || begins(file, "blind_")
}

fn begins(file: &Path, with: &str) -> bool {
    let name = file.file_name().map(|n| n.to_string_lossy());
    name.is_some_and(|n| n.starts_with(with))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    Ok(files)
}

/// Words that come more seldom are not worth a place in memory.
const OFTEN_FROM: usize = 8;

/// The words that come often, in alphabetical order, one on each line.
pub fn often(lines: &[Line]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let said = lines.iter().map(|line| line.text.as_str());
    for text in said.chain(lines.iter().filter_map(|line| line.context.as_deref())) {
        for word in words_of(text) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let often = counts.into_iter().filter(|(_, n)| *n >= OFTEN_FROM);
    often.fold(String::new(), |text, (word, _)| text + &word + "\n")
}

/// How many lines each label has.
pub fn counts(lines: &[Line]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(format!("{:?}", line.label)).or_default() += 1;
    }
    counts
}
