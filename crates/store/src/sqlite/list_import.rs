//! Taking a list in: all of it or nothing, as one new version.

use std::collections::{BTreeMap, BTreeSet};

use ringfence_core::evidence::Subject;
use ringfence_core::id::Id;
use rusqlite::{Connection, params};
use serde_json::json;

use super::block::{self, Block};
use super::column::{digits, micros, word};
use super::list::{self, CHANGES_MAX};
use super::page;
use super::suppression::{self, Entry};
use super::work::Work;
use crate::list::{
    InternalRow, ListChange, ListImport, ListKind, ListRows, ListVersion, ReassignedRow,
};
use crate::{Result, StoreError};

/// A list whose rows were checked and sorted before the writer's thread sees it, so that it holds up nobody longer than
/// its rows take to write.
pub(super) struct Prepared {
    list: ListImport,
    name: String,
    family: &'static str,
    blocks: BTreeMap<u32, Block>,
}

pub(super) fn prepare(mut list: ListImport) -> Result<Prepared> {
    let (family, name) = name_of(&list)?;
    let blocks = match (list.kind, &mut list.rows) {
        (ListKind::FtcFull | ListKind::State | ListKind::Litigator, ListRows::Numbers(numbers)) => {
            block::sort(std::mem::take(numbers))?
        }
        (ListKind::FtcChange, ListRows::Changes(changes)) => {
            for change in changes.iter() {
                block::split(change.number)?;
            }
            if changes.is_empty() {
                return Err(StoreError::invalid("a change list without a row"));
            }
            // Stable: lines of one stamp keep the file's order.
            changes.sort_by_key(|change| change.stamp);
            BTreeMap::new()
        }
        (ListKind::Internal, ListRows::Internal(_))
        | (ListKind::Reassigned, ListRows::Reassigned(_)) => BTreeMap::new(),
        _ => return Err(StoreError::invalid("rows that do not fit the kind of list")),
    };
    if list.kind == ListKind::FtcFull && blocks.is_empty() && list.area_codes.is_none() {
        return Err(StoreError::invalid(
            "an empty national list without area codes covers nothing",
        ));
    }
    Ok(Prepared {
        list,
        name,
        family,
        blocks,
    })
}

fn name_of(list: &ListImport) -> Result<(&'static str, String)> {
    let (family, fallback) = match list.kind {
        ListKind::FtcFull | ListKind::FtcChange => ("national", Some("national")),
        ListKind::State => ("state", None),
        ListKind::Internal => ("internal", Some("internal")),
        ListKind::Litigator => ("litigator", Some("litigator")),
        ListKind::Reassigned => ("reassigned", Some("reassigned")),
    };
    let name = match (&list.name, fallback) {
        (Some(name), None) => ringfence_core::lead::StateCode::parse(name)
            .map_err(|_| StoreError::invalid("a state's list is named by its two letters"))?
            .to_string(),
        (Some(name), Some(_)) => name.clone(),
        (None, Some(fallback)) => fallback.to_owned(),
        (None, None) => return Err(StoreError::invalid("a state's list needs its state's code")),
    };
    Ok((family, name))
}

pub(super) fn import(work: &mut Work<'_>, prepared: Prepared) -> Result<ListVersion> {
    let list = &prepared.list;
    work.not_future(list.obtained_at, "obtained_at")?;
    let id = work.id("lst");
    let version = insert_version(work, &id, &prepared)?;
    let count = match &list.rows {
        ListRows::Numbers(_) => {
            if list.kind == ListKind::FtcFull {
                cover(work.conn, version, &prepared)?;
            }
            write_blocks(work.conn, version, &prepared.blocks)?
        }
        ListRows::Changes(changes) => apply_changes(work.conn, version, list, changes)?,
        ListRows::Internal(rows) => add_internal(work, &id, list, rows)?,
        ListRows::Reassigned(rows) => add_reassigned(work.conn, version, list, rows)?,
    };
    work.conn.execute(
        "UPDATE list_versions SET count = ?2 WHERE version = ?1",
        params![version, count],
    )?;
    let made = list::version_by_id(work.conn, &id)?;
    work.event(
        "suppression.list-imported",
        Subject {
            list: Some(id),
            ..Subject::default()
        },
        json!({
            "kind": made.kind, "name": made.name, "sellers": made.sellers, "count": made.count,
            "obtained_at": made.obtained_at, "published_at": made.published_at,
            "effective_at": made.effective_at, "expires_at": made.expires_at,
            "area_codes": made.area_codes.len(), "sha256": made.sha256,
        }),
    )?;
    Ok(made)
}

fn insert_version(work: &Work<'_>, id: &Id, prepared: &Prepared) -> Result<i64> {
    let list = &prepared.list;
    work.conn.execute(
        "INSERT INTO list_versions (id, kind, family, name, count, obtained_at, published_at,
             effective_at, expires_at, sha256, imported_at)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            id.as_str(),
            word(&list.kind)?,
            prepared.family,
            prepared.name,
            list.obtained_at.as_microsecond(),
            micros(list.published_at),
            micros(list.effective_at),
            micros(list.expires_at),
            list.source_sha256,
            work.micros(),
        ],
    )?;
    let version = work.conn.last_insert_rowid();
    for seller in &list.sellers {
        work.conn.execute(
            "INSERT INTO list_owners (version, seller) VALUES (?1, ?2)",
            params![version, seller],
        )?;
    }
    Ok(version)
}

/// The areas of a full list: those that the subscription covers, and those that merely occur in it.
fn cover(conn: &Connection, version: i64, prepared: &Prepared) -> Result<()> {
    let occurring: BTreeSet<u16> = prepared.blocks.keys().map(|e| block::area_of(*e)).collect();
    let covered = prepared.list.area_codes.as_ref().unwrap_or(&occurring);
    for area in occurring.union(covered) {
        insert_area(conn, version, *area, None, covered.contains(area))?;
    }
    Ok(())
}

fn insert_area(
    conn: &Connection,
    version: i64,
    area: u16,
    base: Option<i64>,
    covered: bool,
) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO list_areas (area, version, base, covered) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![area, version, base, covered])?;
    Ok(())
}

fn write_blocks(conn: &Connection, version: i64, blocks: &BTreeMap<u32, Block>) -> Result<u64> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO list_blocks (exchange, version, numbers) VALUES (?1, ?2, ?3)",
    )?;
    let mut count = 0_u64;
    for (exchange, block) in blocks {
        insert.execute(params![exchange, version, block::encode(block)])?;
        count = count.saturating_add(block.len() as u64);
    }
    Ok(count)
}

/// A change list upon the newest national version of the same owners: blocks that it touches are written anew, all
/// others are found through `base`.
fn apply_changes(
    conn: &Connection,
    version: i64,
    list: &ListImport,
    changes: &[ListChange],
) -> Result<u64> {
    let (base, mut count) = base_of(conn, version, list)?;
    let mut areas = page::all(
        conn,
        "SELECT area, covered FROM list_areas WHERE version = ?1",
        [base],
        |row| Ok((row.get::<_, u16>(0)?, row.get::<_, bool>(1)?)),
    )?
    .into_iter()
    .collect::<BTreeMap<_, _>>();
    let mut blocks: BTreeMap<u32, Block> = BTreeMap::new();
    for change in changes {
        let (exchange, last) = block::split(change.number)?;
        // Outside the full list's coverage a number is kept, but nothing is claimed about its area.
        areas.entry(block::area_of(exchange)).or_insert(false);
        let block = match blocks.entry(exchange) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let bytes = list::find_block(conn, base, exchange)?;
                entry.insert(bytes.map(|bytes| block::decode(&bytes)).unwrap_or_default())
            }
        };
        if change.added && block.insert(last) {
            count = count.saturating_add(1);
        } else if !change.added && block.remove(last) {
            count = count.saturating_sub(1);
        }
    }
    for (area, covered) in areas {
        let narrowed = list
            .area_codes
            .as_ref()
            .is_none_or(|codes| codes.contains(&area));
        insert_area(conn, version, area, Some(base), covered && narrowed)?;
    }
    if list.name.is_none() {
        conn.execute(
            "UPDATE list_versions
             SET name = (SELECT b.name FROM list_versions b WHERE b.version = ?2)
             WHERE version = ?1",
            [version, base],
        )?;
    }
    write_blocks(conn, version, &blocks)?;
    Ok(count)
}

/// The version that a change list changes, and how many numbers it holds.
fn base_of(conn: &Connection, version: i64, list: &ListImport) -> Result<(i64, u64)> {
    let owners: Vec<&String> = list.sellers.iter().collect();
    let candidates = page::all(
        conn,
        "SELECT v.version, v.count,
             (SELECT json_group_array(o.seller) FROM list_owners o WHERE o.version = v.version) AS owners
         FROM list_versions v
         WHERE v.family = 'national' AND v.version <> ?1 AND v.obtained_at <= ?2
         ORDER BY v.obtained_at DESC, v.version DESC",
        params![version, list.obtained_at.as_microsecond()],
        |row| {
            let owners: Vec<String> = super::column::json_column(row, "owners")?;
            Ok((row.get(0)?, row.get(1)?, owners))
        },
    )?;
    let (base, count, _) = candidates
        .into_iter()
        .find(|(_, _, theirs)| {
            theirs.is_empty() || (!owners.is_empty() && owners.iter().all(|o| theirs.contains(o)))
        })
        .ok_or_else(|| {
            StoreError::invalid(
                "a change list needs a full national list of the same sellers first",
            )
        })?;
    if depth(conn, base)? >= CHANGES_MAX {
        return Err(StoreError::invalid(format!(
            "{CHANGES_MAX} change lists stand on one full list; import a full list"
        )));
    }
    Ok((base, count))
}

/// How many change lists stand on one another.
fn depth(conn: &Connection, version: i64) -> Result<u32> {
    Ok(conn.query_row(
        "WITH RECURSIVE below (version, depth) AS (
             SELECT ?1, 0
             UNION
             SELECT a.base, below.depth + 1 FROM list_areas a JOIN below ON a.version = below.version
             WHERE a.base IS NOT NULL)
         SELECT max(depth) FROM below",
        [version],
        |row| row.get(0),
    )?)
}

fn add_internal(
    work: &Work<'_>,
    list_id: &Id,
    list: &ListImport,
    rows: &[InternalRow],
) -> Result<u64> {
    for row in rows {
        let at = row.at.unwrap_or(list.obtained_at);
        work.not_future(at, "at")?;
        let owners: Vec<Option<&str>> = match &row.seller {
            Some(seller) => vec![Some(seller)],
            None if list.sellers.is_empty() => vec![None],
            None => list.sellers.iter().map(|s| Some(s.as_str())).collect(),
        };
        for seller in owners {
            let entry = Entry {
                number: row.number,
                seller,
                revocation: None,
                list: Some(list_id),
                reason: "on the internal list",
                source: "list import",
                at,
            };
            suppression::insert(work, &entry)?;
        }
    }
    Ok(rows.len() as u64)
}

fn add_reassigned(
    conn: &Connection,
    version: i64,
    list: &ListImport,
    rows: &[ReassignedRow],
) -> Result<u64> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO reassigned (number, consent_date, answer, asked_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for row in rows {
        insert.execute(params![
            digits(row.number),
            row.consent_date.to_string(),
            word(&row.answer)?,
            row.asked_at.unwrap_or(list.obtained_at).as_microsecond(),
            version,
        ])?;
    }
    Ok(rows.len() as u64)
}
