//! How long this disk takes to make a record durable: the floor under every decision.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{Result, StoreError};

/// Flushes in one probe.
const FLUSHES: u32 = 200;

/// A probe stops here on a slow disk, whatever it has (invariant `bounded`).
const PROBE_MAX: Duration = Duration::from_secs(2);

/// What is appended before each flush: about one record of the event log.
const RECORD: [u8; 256] = [b'.'; 256];

/// How long one append of 256 bytes took to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FsyncFigures {
    /// How many were taken.
    pub flushes: u32,
    /// Half were faster; microseconds.
    pub p50_us: u64,
    /// One in a hundred was slower; microseconds.
    pub p99_us: u64,
}

/// Appends and flushes a few hundred times in a file of its own in `dir`, which it removes.
///
/// # Errors
/// [`StoreError::Unavailable`] when the folder cannot be written.
pub fn fsync_probe(dir: &Path) -> Result<FsyncFigures> {
    let scratch = Scratch::make(dir)?;
    let mut file = &scratch.file;
    let mut times = Vec::with_capacity(FLUSHES as usize);
    let begun = Instant::now();
    while times.len() < FLUSHES as usize && (times.is_empty() || begun.elapsed() < PROBE_MAX) {
        let at = Instant::now();
        file.write_all(&RECORD)
            .and_then(|()| file.sync_data())
            .map_err(|e| unavailable(&scratch.path, &e))?;
        times.push(at.elapsed());
    }
    times.sort_unstable();
    let percentile = |percent: usize| {
        let place = times.len().saturating_sub(1) * percent / 100;
        let time = times.get(place).copied().unwrap_or_default();
        u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
    };
    Ok(FsyncFigures {
        flushes: u32::try_from(times.len()).unwrap_or(u32::MAX),
        p50_us: percentile(50),
        p99_us: percentile(99),
    })
}

/// A file that is gone when this is.
struct Scratch {
    path: PathBuf,
    file: File,
}

impl Scratch {
    fn make(dir: &Path) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".ringfence-fsync-{}-{next}", std::process::id());
        let path = dir.join(name);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(|e| unavailable(&path, &e))?;
        Ok(Self { path, file })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is a hidden file of 50 kB; the figures stand all the same.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let figures = fsync_probe(dir.path()).unwrap();
        assert!(
            figures.flushes > 0 && figures.p50_us <= figures.p99_us,
            "{figures:?}"
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(fsync_probe(&dir.path().join("none")).is_err());
    }
}
