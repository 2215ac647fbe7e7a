//! What the machine gives: how fast its disk keeps a record, how much room it has, whether its clock is sane.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use ringfence_store::fsync_probe;

use super::super::World;
use super::{Finding, found};

/// Below this, an import or a backup may not fit, and then the database itself.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// A flush slower than this makes every decision slow: a disk over a network, or one that is failing.
const FLUSH_SLOW_US: u64 = 50_000;

/// A flush faster than this was not waited for: no disk writes in so little time (the first line of a decision's promise).
const FLUSH_UNTRUE_US: u64 = 3;

/// How far the last record may be ahead of the clock.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn look(world: &World, findings: &mut Vec<Finding>) {
    if let Some(folder) = folder(world) {
        flush(&folder, findings);
        room(&folder, findings);
    }
    clock(world, findings);
}

/// The folder that the database is in.
fn folder(world: &World) -> Option<PathBuf> {
    let path = world.config.sqlite_path()?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    Some(parent.unwrap_or(Path::new(".")).to_owned())
}

fn flush(folder: &Path, findings: &mut Vec<Finding>) {
    findings.push(match fsync_probe(folder) {
        Err(error) => found("fsync", "broken", error.to_string()),
        Ok(figures) => {
            let detail = format!(
                "a record is durable in {} us (p50), {} us (p99), over {} flushes",
                figures.p50_us, figures.p99_us, figures.flushes
            );
            match figures.p50_us {
                us if us > FLUSH_SLOW_US => found(
                    "fsync",
                    "note",
                    format!("{detail}: every decision waits so long"),
                ),
                us if us < FLUSH_UNTRUE_US => found(
                    "fsync",
                    "note",
                    format!("{detail}: does this disk keep what it says?"),
                ),
                _ => found("fsync", "ok", detail),
            }
        }
    });
}

fn room(folder: &Path, findings: &mut Vec<Finding>) {
    let Ok(disk) = rustix::fs::statvfs(folder) else {
        let detail = format!("{} cannot be looked at", folder.display());
        findings.push(found("disk", "broken", detail));
        return;
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let tenths = free.saturating_mul(10) / (1 << 30);
    let detail = format!(
        "{}.{} GiB free in {}",
        tenths / 10,
        tenths % 10,
        folder.display()
    );
    findings.push(if free < FREE_BYTES_MIN {
        found("disk", "broken", detail)
    } else {
        found("disk", "ok", detail)
    });
}

fn clock(world: &World, findings: &mut Vec<Finding>) {
    let now = world.now();
    let last = world.store.head().ok().flatten().map(|head| head.at);
    findings.push(match last {
        Some(last) if last.duration_since(now) > SKEW => {
            let detail = format!("it shows {now}, and the last record is of {last}: it went back");
            found("clock", "broken", detail)
        }
        Some(last) => found(
            "clock",
            "ok",
            format!("it shows {now}; the last record is of {last}"),
        ),
        None => found("clock", "ok", format!("it shows {now}")),
    });
}
