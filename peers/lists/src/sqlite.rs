//! A table with a row for each number.

use std::path::Path;

use rusqlite::Connection;

use crate::Result;
use crate::rounds::Rounds;

pub fn table(sample: &[u64], folder: &Path, rounds: &Rounds<'_>) -> Result<()> {
    let path = folder.join("peer.db");
    let mut conn = Connection::open(&path)?;
    conn.execute_batch("PRAGMA journal_mode = off; PRAGMA cache_size = -1000000; CREATE TABLE numbers (number INTEGER PRIMARY KEY)")?;
    let tx = conn.transaction()?;
    {
        let mut insert = tx.prepare("INSERT INTO numbers VALUES (?1)")?;
        for number in sample {
            insert.execute([*number as i64])?;
        }
    }
    tx.commit()?;
    let bytes = std::fs::metadata(&path)?.len();
    let bits = bytes as f64 * 8.0 / sample.len() as f64;
    let mut find = conn.prepare("SELECT 1 FROM numbers WHERE number = ?1")?;
    let name = format!("SQLite, {} M", sample.len() / 1_000_000);
    rounds.sampled(&name, bits, sample, |n| {
        find.exists([n as i64]).unwrap_or(false)
    });
    Ok(())
}
