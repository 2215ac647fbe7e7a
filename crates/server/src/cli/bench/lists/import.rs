//! From the file as delivered to the list that decides, and from a restart to the first answer.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::list::{ListImport, ListKind};
use ringfence_store::registry::{NumberSet, synthetic};
use ringfence_store::{SqliteStore, Store};

use super::super::super::Failure;
use super::super::timing::{median, process_seconds, spread, time};
use super::Figure;
use super::lookup::Samples;
use crate::lists::{Progress, Reading, read};

const NOW: Timestamp = Timestamp::constant(1_794_418_200, 0);

/// A database with the list in it.
pub struct Live {
    /// The database.
    pub database: PathBuf,
    /// The list's file.
    pub file: PathBuf,
    /// Its hash.
    pub header_sha256: String,
}

/// Writes the list as the registry delivers it, but for the archive's kind.
pub fn deliver(set: &NumberSet, folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join("registry.txt.gz");
    let mut gz = GzEncoder::new(
        BufWriter::with_capacity(1 << 20, File::create(&path)?),
        Compression::default(),
    );
    synthetic::write_flat(set, &mut gz)?;
    gz.finish()?.flush()?;
    Ok(path)
}

/// Takes a flat file in, as `ringfence lists import` does.
pub fn import(store: &SqliteStore, kind: ListKind, file: &Path) -> Result<(), Failure> {
    let reading = Reading {
        kind,
        columns: None,
        pattern: None,
        covers_stated: false,
        now: NOW,
    };
    let files = read(&reading, &[file.to_owned()], &Progress::none()).map_err(Failure::usage)?;
    let list = ListImport {
        kind,
        name: None,
        sellers: std::collections::BTreeSet::new(),
        obtained_at: NOW,
        published_at: None,
        effective_at: None,
        expires_at: None,
        area_codes: None,
        source_sha256: files.sha256,
        rows: files.rows,
    };
    store.import_list(list, NOW)?;
    Ok(())
}

/// Inflates and does nothing else.
fn inflate(file: &Path) -> Result<u64, Failure> {
    let packed = std::io::BufReader::with_capacity(256 * 1024, File::open(file)?);
    let mut gz = MultiGzDecoder::new(packed);
    let mut block = vec![0; 256 * 1024];
    let mut bytes = 0_u64;
    loop {
        match gz.read(&mut block)? {
            0 => return Ok(bytes),
            n => bytes += n as u64,
        }
    }
}

/// From `.gz` to live beside the inflating alone.
pub fn measure(
    flat: &Path,
    folder: &Path,
    repeats: u32,
    figures: &mut Vec<Figure>,
) -> Result<Live, Failure> {
    let database = folder.join("bench.db");
    let (mut walls, mut works, mut floors) = (vec![], vec![], vec![]);
    for _ in 0..repeats.min(3) {
        for entry in std::fs::read_dir(folder)?.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".lists") {
                std::fs::remove_dir_all(path)?;
            } else if name.starts_with("bench.db") {
                std::fs::remove_file(path)?;
            }
        }
        let before = process_seconds()?;
        let (floor, bytes) = time(|| inflate(flat));
        bytes?;
        let floor_work = process_seconds()? - before;
        let store = SqliteStore::open(&database, NOW)?;
        let before = process_seconds()?;
        let (wall, done) = time(|| import(&store, ListKind::FtcFull, flat));
        done?;
        works.push((process_seconds()? - before) / floor_work.max(0.01));
        walls.push(wall / floor);
        floors.push(floor);
    }
    let detail = format!(
        "inflating alone {:.2} s; ratios {}",
        median(&mut floors),
        spread(&walls)
    );
    figures.push(Figure::at_most(
        ".gz to live",
        "x inflating it",
        median(&mut walls),
        1.3,
        detail,
    ));
    figures.push(Figure::plain(
        ".gz to live, all threads",
        "x its processor time",
        median(&mut works),
        spread(&works),
    ));
    let store = SqliteStore::open(&database, NOW)?;
    let file = store.list_files()?.into_iter().next();
    let file = file.ok_or_else(|| Failure::environment(anyhow::anyhow!("no list")))?;
    Ok(Live {
        database,
        file: file.path,
        header_sha256: file.header_sha256,
    })
}

/// From the start to the first right answer, the whole list verified.
pub fn reopen(
    live: &Live,
    samples: &Samples,
    repeats: u32,
    figures: &mut Vec<Figure>,
) -> Result<(), Failure> {
    let first = samples.hits.first().copied().unwrap_or_default();
    let number = PhoneNumber::from_nanp(first).map_err(Failure::environment)?;
    let mut seconds = vec![];
    for _ in 0..repeats {
        let (taken, held) = time(|| -> Result<bool, Failure> {
            let store = SqliteStore::open(&live.database, NOW)?;
            Ok(!store.check_lists(&[number], None)?.concat().is_empty())
        });
        if held? {
            seconds.push(taken);
        }
    }
    let spread = spread(&seconds);
    figures.push(Figure::at_most(
        "open to first right answer",
        "s",
        if seconds.is_empty() {
            f64::INFINITY
        } else {
            median(&mut seconds)
        },
        0.5,
        format!("every hash verified, file in the page cache; {spread}"),
    ));
    Ok(())
}
