//! Half a million changes while somebody reads.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;
use ringfence_store::SqliteStore;
use ringfence_store::list::ListKind;
use ringfence_store::registry::{Pages, Snapshot, synthetic};

use super::super::super::Failure;
use super::super::timing::{median, spread, thread_seconds, time};
use super::Figure;
use super::import::{Live, import};
use super::lookup::Samples;

/// Lines of the change list.
const LINES: usize = 500_000;

/// Look-ups between two looks at the clock.
const STRIDE: usize = 1 << 16;

/// What the reader has done.
#[derive(Default)]
struct Done {
    answers: AtomicU64,
    /// Processor time, in microseconds.
    micros: AtomicU64,
    stop: AtomicBool,
}

impl Done {
    fn read(&self, list: &Snapshot, samples: &Samples) {
        let begun = thread_seconds();
        for numbers in samples.hits.chunks(STRIDE).cycle() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let held = numbers.iter().filter(|n| list.holds(**n).unwrap_or(false));
            let count = std::hint::black_box(held.count());
            let spent = thread_seconds() - begun;
            self.answers.fetch_add(count as u64, Ordering::Relaxed);
            self.micros.store((spent * 1e6) as u64, Ordering::Relaxed);
        }
    }

    /// Answers a second of the reader's own processor time, while `act` runs.
    fn rate_while<T>(&self, act: impl FnOnce() -> T) -> (f64, T) {
        let look = || {
            let micros = self.micros.load(Ordering::Relaxed);
            (self.answers.load(Ordering::Relaxed), micros)
        };
        let before = look();
        let result = act();
        let after = look();
        let micros = (after.1 - before.1).max(1);
        ((after.0 - before.0) as f64 / micros as f64, result)
    }
}

/// The figures, in memory.
pub fn measure(
    list: &Arc<Snapshot>,
    samples: &Samples,
    repeats: u32,
    figures: &mut Vec<Figure>,
) -> Result<(), Failure> {
    let changes = synthetic::changes(list.directory(), LINES, 77);
    let arena = list.arena().unwrap_or_default();
    let mut other = Pages::zeroed(arena.len()).map_err(Failure::environment)?;
    other.bytes_mut().copy_from_slice(arena);
    let done = Done::default();
    let (mut ratios, mut copies, mut losses) = (vec![], vec![], vec![]);
    std::thread::scope(|scope| -> Result<(), Failure> {
        scope.spawn(|| done.read(list, samples));
        for _ in 0..repeats {
            let (copy, ()) = time(|| other.bytes_mut().copy_from_slice(arena));
            std::hint::black_box(other.bytes());
            let pause = std::time::Duration::from_millis(400);
            let (quiet, ()) = done.rate_while(|| std::thread::sleep(pause));
            let mut taken = vec![];
            let (busy, made) = done.rate_while(|| {
                (0..4).try_for_each(|_| {
                    let (seconds, next) = time(|| list.changed(changes.iter().copied()));
                    taken.push(seconds);
                    next.map(drop)
                })
            });
            made.map_err(Failure::environment)?;
            ratios.push(median(&mut taken) / copy);
            copies.push(copy * 1e3);
            losses.push((1.0 - busy / quiet) * 100.0);
        }
        done.stop.store(true, Ordering::Relaxed);
        Ok(())
    })?;
    let copies = median(&mut copies);
    let spread_of = spread(&ratios);
    let ratio = median(&mut ratios);
    let detail = format!(
        "{:.0} ms, copying the set {copies:.0} ms, with a reader; ratios {spread_of}",
        ratio * copies
    );
    figures.push(Figure::at_most(
        "500,000 changes",
        "x copying the set",
        ratio,
        4.0,
        detail,
    ));
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let most = losses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    figures.push(Figure::at_most(
        "what the reader loses",
        "% of its rate",
        median(&mut losses),
        2.0,
        format!("{least:.1} to {most:.1}"),
    ));
    Ok(())
}

/// The same as a file through the store: read, applied, written, flushed, live.
pub fn through_the_store(
    live: &Live,
    folder: &Path,
    figures: &mut Vec<Figure>,
) -> Result<(), Failure> {
    let store = SqliteStore::open(&live.database, Timestamp::UNIX_EPOCH)?;
    let list = Snapshot::open(
        &live.file,
        &live.header_sha256,
        ringfence_store::registry::Residence::Disk,
    )
    .map_err(Failure::environment)?;
    let path = folder.join("changes.txt");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for (change, at) in synthetic::changes(list.directory(), LINES, 78)
        .iter()
        .zip(0_u32..)
    {
        let (minute, second) = (at / 60 % 60, at % 60);
        let mark = if change.added { 'A' } else { 'D' };
        let number = change.number;
        writeln!(
            file,
            "{number},2026-11-20T02:{minute:02}:{second:02},{mark}"
        )?;
    }
    file.flush()?;
    let (seconds, done) = time(|| import(&store, ListKind::FtcChange, &path));
    done?;
    figures.push(Figure::plain(
        "500,000 changes, file to live",
        "s",
        seconds,
        "read, applied, written, flushed to the disk".to_owned(),
    ));
    Ok(())
}
