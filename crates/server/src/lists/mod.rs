//! List files as they are delivered: whole or not at all. A line that does not match fails the whole import, because
//! a file that was misread in part looks valid and would let calls through (research: FTC formats; 47 CFR 64.1200(c)).

mod fields;
mod flat;
mod open;
mod rows;
mod xml;

use std::path::PathBuf;

use jiff::Timestamp;
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
    /// Whether what a full list covers is said beside it: then it may hold nothing.
    pub covers_stated: bool,
    /// Nothing in the file may be dated after it (with five minutes of skew).
    pub now: Timestamp,
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
    let mut sink = rows::Rows::new(reading);
    let sha256 = open::each_part(files, progress, &mut |part, text| sink.part(part, text))?;
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    let rows = sink.finish(&names.join(", "))?;
    Ok(ListFiles { rows, sha256 })
}

#[cfg(test)]
mod tests;
