//! The texts of decisions, kept as what differs from an earlier decision's of the same seller: most of them is the lists
//! in force and the checks made, word for word the same every time.

use std::sync::Arc;

use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};
use rusqlite::{Connection, OptionalExtension, Row};

use super::rows::{Cell, Table};
use super::work::Work;
use crate::{Result, StoreError};

/// Longer than this share of what they say, the differences call for a new pattern.
const LONGEST_SHARE: usize = 4;

/// So many decisions go by a pattern before there is another: texts that nothing resembles, such as a long history of
/// attempts, would each make one.
const DECISIONS_MIN: u32 = 64;

/// A record's texts are never longer than this; what says otherwise is corrupt (invariant `bounded`).
const TEXTS_BYTES_MAX: usize = 64 << 20;

/// An earlier decision's texts.
#[derive(Debug)]
pub(super) struct Pattern {
    id: i64,
    text: Arc<str>,
    /// Decisions that went by it since it was read or made.
    decisions: u32,
}

/// The two texts of a decision as they stand in its row.
pub(super) struct Packed {
    pub(super) pattern: i64,
    pub(super) texts: Vec<u8>,
    pub(super) facts_bytes: usize,
}

/// Packs facts and decision with the pattern of the seller, or makes them the pattern from now on.
pub(super) fn pack(
    work: &mut Work<'_>,
    seller: &str,
    facts: &str,
    decision: &str,
) -> Result<Packed> {
    let mut whole = String::with_capacity(facts.len().saturating_add(decision.len()));
    whole.push_str(facts);
    whole.push_str(decision);
    let packed = |pattern: &Pattern| Packed {
        pattern: pattern.id,
        texts: compress_prepend_size_with_dict(whole.as_bytes(), pattern.text.as_bytes()),
        facts_bytes: facts.len(),
    };
    if let Some(pattern) = work.known.pattern(work.conn, seller)? {
        let packed = packed(pattern);
        pattern.decisions = pattern.decisions.saturating_add(1);
        let short = packed.texts.len() <= whole.len() / LONGEST_SHARE;
        if short || pattern.decisions < DECISIONS_MIN {
            return Ok(packed);
        }
    }
    let id = work.known.number_pattern(work.conn)?;
    work.put(
        Table::Pattern,
        &[Cell::Whole(id), seller.into(), (&whole).into()],
    )?;
    let pattern = Pattern {
        id,
        text: whole.as_str().into(),
        decisions: 0,
    };
    let packed = packed(&pattern);
    work.known.keep_pattern(seller, pattern);
    Ok(packed)
}

/// The number of the next pattern.
pub(super) fn next_id(conn: &Connection) -> Result<i64> {
    let id = conn
        .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM decision_patterns")?
        .query_row([], |row| row.get(0))?;
    Ok(id)
}

/// The pattern that was made last for a seller.
pub(super) fn newest(conn: &Connection, seller: &str) -> Result<Option<Pattern>> {
    let row = conn
        .prepare_cached(
            "SELECT id, text FROM decision_patterns WHERE seller = ?1 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([seller], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.map(|(id, text): (i64, String)| Pattern {
        id,
        text: text.into(),
        decisions: 0,
    }))
}

/// The texts of a row of `decisions`: facts, then decision.
pub(super) fn unpack(conn: &Connection, row: &Row<'_>) -> Result<(String, String)> {
    let corrupt = || StoreError::Corrupt("a decision's texts".into());
    let stored = row.get_ref("texts")?.as_bytes().map_err(|_| corrupt())?;
    let whole = match row.get::<_, Option<i64>>("pattern")? {
        None => stored.to_vec(),
        Some(pattern) => {
            let size: [u8; 4] = stored
                .get(..4)
                .and_then(|size| size.try_into().ok())
                .ok_or_else(corrupt)?;
            if u32::from_le_bytes(size) as usize > TEXTS_BYTES_MAX {
                return Err(corrupt());
            }
            let pattern: Option<String> = conn
                .prepare_cached("SELECT text FROM decision_patterns WHERE id = ?1")?
                .query_row([pattern], |row| row.get(0))
                .optional()?;
            let pattern = pattern.ok_or_else(corrupt)?;
            decompress_size_prepended_with_dict(stored, pattern.as_bytes())
                .map_err(|_| corrupt())?
        }
    };
    let mut facts = String::from_utf8(whole).map_err(|_| corrupt())?;
    let facts_bytes: usize = row.get("facts_bytes")?;
    if !facts.is_char_boundary(facts_bytes) {
        return Err(corrupt());
    }
    let decision = facts.split_off(facts_bytes);
    Ok((facts, decision))
}
