//! List files as they are delivered: whole or not at all. A line that does not match fails the whole import, because
//! a file that was misread in part looks valid and would let calls through (research: FTC formats; 47 CFR 64.1200(c)).

mod fields;
mod flat;
mod open;
mod rows;
mod xml;

use std::path::PathBuf;

use jiff::Timestamp;
use regex::Regex;
use ringfence_core::lead::StateCode;
use ringfence_core::rules::RulePack;
use ringfence_store::list::{ListKind, ListRows};

pub use fields::{number, time};
pub use open::{Progress, hex};

/// Why a list file was refused.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file could not be read or unpacked.
    #[error("{file}: {cause}")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why; part of the text, and so no source of it.
        cause: std::io::Error,
    },
    /// A line is not what the kind of list asks for.
    #[error("{file}, line {line}: {what}")]
    Line {
        /// Which file, or file and member.
        file: String,
        /// Which line, from 1.
        line: u64,
        /// What is wrong; without the number.
        what: String,
    },
    /// The file as a whole is wrong.
    #[error("{file}: {what}")]
    File {
        /// Which file, or file and member.
        file: String,
        /// What is wrong.
        what: String,
    },
}

/// How a file is to be read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What the files are.
    pub kind: ListKind,
    /// Of a state's file: the columns' names in order; `number` is read, or `area_code` and `local`.
    pub columns: Option<Vec<String>>,
    /// Of a state's file: what a line looks like, in place of columns; its group `number` is read, or `area_code` and
    /// `local`.
    pub pattern: Option<Regex>,
    /// Whether what a full list covers is said beside it: then it may hold nothing.
    pub covers_stated: bool,
    /// Nothing in the file may be dated after it (with five minutes of skew).
    pub now: Timestamp,
}

/// A file to read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called, in messages and for the area code in its name.
    pub name: String,
}

/// What the files held.
#[derive(Debug)]
pub struct ListFiles {
    /// Every row, in order.
    pub rows: ListRows,
    /// SHA-256 over the files as they came, hexadecimal.
    pub sha256: String,
}

/// Reads every file, in order.
///
/// # Errors
/// [`ListError`] at the first thing that is wrong; then nothing of any file counts.
pub fn read(
    reading: &Reading,
    files: &[PathBuf],
    progress: &Progress,
) -> Result<ListFiles, ListError> {
    let named = |path: &PathBuf| Source {
        path: path.clone(),
        name: path.display().to_string(),
    };
    let sources: Vec<Source> = files.iter().map(named).collect();
    read_sources(reading, &sources, progress)
}

/// The same under other names than the files have.
///
/// # Errors
/// As [`read`].
pub fn read_sources(
    reading: &Reading,
    sources: &[Source],
    progress: &Progress,
) -> Result<ListFiles, ListError> {
    let mut sink = rows::Rows::new(reading);
    let sha256 = open::each_part(sources, progress, &mut |part, text| sink.part(part, text))?;
    let names: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    let rows = sink.finish(&names.join(", "))?;
    Ok(ListFiles { rows, sha256 })
}

/// Reads `--pattern`.
///
/// # Errors
/// For people: it is no regular expression, or says not where the number is.
pub fn pattern(text: &str) -> Result<Regex, String> {
    // Bounded, for it may come over HTTP.
    let built = regex::RegexBuilder::new(text).size_limit(1 << 20).build();
    let pattern = built.map_err(|e| e.to_string())?;
    let names: Vec<&str> = pattern.capture_names().flatten().collect();
    let has = |name| names.contains(&name);
    if has("number") || (has("area_code") && has("local")) {
        Ok(pattern)
    } else {
        Err("it needs a group `(?<number>...)`, or `(?<area_code>...)` and `(?<local>...)`".into())
    }
}

/// Whether a state's list may have this name: no rule would ask for any other.
#[must_use]
pub fn knows_state(rules: &RulePack, name: &str) -> bool {
    let code = name.get(..2).and_then(|two| StateCode::parse(two).ok());
    code.is_some_and(|code| rules.jurisdictions.contains_key(&code))
}

#[cfg(test)]
mod tests;
