//! Imported lists as the database keeps them: their versions, and the kinds whose rows it holds itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::{ListAnswer, ReassignedAnswer};
use rusqlite::{Connection, Row, params};

use super::column::{digits, json_column, time, time_option, word_column};
use super::page;
use crate::list::ListVersion;
use crate::registry::book::{Areas, Book, Family, Version};
use crate::{Result, StoreError};

/// What a version belongs to everybody by, or to this seller.
pub(super) const BINDS_SELLER: &str =
    "(NOT EXISTS (SELECT 1 FROM list_owners o WHERE o.version = v.version)
    OR EXISTS (SELECT 1 FROM list_owners o WHERE o.version = v.version AND o.seller = ?2))";

/// What every import and every pruning makes greater.
pub(super) fn stamp(conn: &Connection) -> Result<i64> {
    let mut newest = conn.prepare_cached(
        "SELECT (SELECT coalesce(max(version), 0) FROM list_versions)
             + (SELECT coalesce(max(pruning), 0) FROM list_prunings)",
    )?;
    Ok(newest.query_row([], |row| row.get(0))?)
}

/// Every version that has a file and was imported after this row.
pub(super) fn read_versions(conn: &Connection, after: i64) -> Result<Vec<Version>> {
    let mut found = page::all(
        conn,
        "SELECT v.*, (SELECT json_group_array(seller) FROM
             (SELECT o.seller FROM list_owners o WHERE o.version = v.version ORDER BY 1)) AS owners
         FROM list_versions v
         WHERE v.version > ?1 AND v.family IN ('national', 'state', 'litigator')
         ORDER BY v.version",
        [after],
        read_version,
    )?;
    let areas = page::all(
        conn,
        "SELECT version, area, covered FROM list_areas WHERE version > ?1",
        [after],
        |row| {
            let version: i64 = row.get(0)?;
            Ok((version, row.get::<_, u16>(1)?, row.get::<_, bool>(2)?))
        },
    )?;
    for (version, area, covered) in areas {
        let Ok(at) = found.binary_search_by_key(&version, |v| v.row) else {
            continue;
        };
        if let Some(version) = found.get_mut(at) {
            version.areas.insert(area);
            if covered {
                version.covered.insert(area);
            }
        }
    }
    Ok(found)
}

fn read_version(row: &Row<'_>) -> Result<Version> {
    let family: String = row.get("family")?;
    let sha256: Option<String> = row.get("file_sha256")?;
    Ok(Version {
        row: row.get("version")?,
        family: match family.as_str() {
            "national" => Family::National,
            "state" => Family::State,
            _ => Family::Litigator,
        },
        owners: json_column(row, "owners")?,
        areas: Areas::default(),
        covered: Areas::default(),
        answer: ListAnswer {
            version: Id::new(row.get::<_, String>("id")?),
            name: row.get("name")?,
            obtained_at: time(row, "obtained_at")?,
            effective_at: time_option(row, "effective_at")?,
            expires_at: time_option(row, "expires_at")?,
            listed: false,
        },
        file: sha256.zip(row.get("file_bytes")?),
        imported_at: time(row, "imported_at")?,
        pruned_at: time_option(row, "pruned_at")?,
    })
}

/// Says of the versions that were read before which were pruned since.
pub(super) fn mark_pruned(conn: &Connection, versions: &mut [Arc<Version>]) -> Result<()> {
    let sql = "SELECT version, pruned_at FROM list_versions WHERE pruned_at IS NOT NULL";
    let pruned = page::all(conn, sql, [], |row| {
        Ok((row.get(0)?, time_option(row, "pruned_at")?))
    })?;
    let pruned: BTreeMap<i64, Option<Timestamp>> = pruned.into_iter().collect();
    for version in versions {
        if version.pruned_at.is_none()
            && let Some(at) = pruned.get(&version.row)
        {
            Arc::make_mut(version).pruned_at = *at;
        }
    }
    Ok(())
}

/// The ids of the versions that have a file, and keep it.
pub(super) fn ids_with_files(conn: &Connection) -> Result<BTreeSet<String>> {
    let sql = "SELECT id FROM list_versions WHERE file_sha256 IS NOT NULL AND pruned_at IS NULL";
    let ids = page::all(conn, sql, [], |row| Ok(row.get(0)?))?;
    Ok(ids.into_iter().collect())
}

pub(super) fn reassigned(
    conn: &Connection,
    number: PhoneNumber,
    seller: &str,
    now: Timestamp,
) -> Result<Vec<ReassignedAnswer>> {
    let sql = format!(
        "SELECT v.* FROM reassigned v WHERE v.number = ?1 AND v.asked_at <= ?3 AND {BINDS_SELLER}
         ORDER BY v.asked_at, v.version"
    );
    page::all(
        conn,
        &sql,
        params![digits(number), seller, now.as_microsecond()],
        reassigned_answer,
    )
}

pub(super) fn reassigned_answer(row: &Row<'_>) -> Result<ReassignedAnswer> {
    let date: String = row.get("consent_date")?;
    Ok(ReassignedAnswer {
        consent_date: date
            .parse()
            .map_err(|_| StoreError::Corrupt("a consent date".into()))?,
        answer: word_column(row, "answer")?,
        asked_at: time(row, "asked_at")?,
    })
}

/// The names of the lists that hold a number: the newest version of each name and owner, whatever its age.
pub(super) fn check(
    conn: &Connection,
    book: &Book,
    number: PhoneNumber,
    seller: Option<&str>,
) -> Result<Vec<String>> {
    let held = |family| {
        let names = book.holding(family, number, seller);
        names.map_err(StoreError::Unavailable)
    };
    // In the order of the contract: national, the states, internal, litigator, reassigned.
    let mut names: Vec<String> = Vec::new();
    let mut add = |more: Vec<String>| {
        for name in more {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    };
    add(held(Family::National)?);
    add(held(Family::State)?);
    add(internal(conn, number, seller)?);
    add(held(Family::Litigator)?);
    add(reassigned_names(conn, number, seller)?);
    Ok(names)
}

fn internal(conn: &Connection, number: PhoneNumber, seller: Option<&str>) -> Result<Vec<String>> {
    page::all(
        conn,
        "SELECT DISTINCT coalesce(v.name, 'internal') FROM suppressions s
         LEFT JOIN list_versions v ON v.id = s.list
         WHERE s.number = ?1 AND (?2 IS NULL OR s.seller IS NULL OR s.seller = ?2) ORDER BY 1",
        params![digits(number), seller],
        |row| Ok(row.get(0)?),
    )
}

/// The newest answer about each consent date counts, and only `yes` is a hit.
fn reassigned_names(
    conn: &Connection,
    number: PhoneNumber,
    seller: Option<&str>,
) -> Result<Vec<String>> {
    page::all(
        conn,
        "SELECT DISTINCT v.name FROM reassigned r JOIN list_versions v ON v.version = r.version
         WHERE r.number = ?1 AND r.answer = 'yes'
             AND (?2 IS NULL OR NOT EXISTS (SELECT 1 FROM list_owners o WHERE o.version = r.version)
                 OR EXISTS (SELECT 1 FROM list_owners o WHERE o.version = r.version AND o.seller = ?2))
             AND NOT EXISTS (SELECT 1 FROM reassigned later WHERE later.number = r.number
                 AND later.consent_date = r.consent_date AND later.asked_at > r.asked_at)
         ORDER BY 1",
        params![digits(number), seller],
        |row| Ok(row.get(0)?),
    )
}

/// Every version on file, newest first.
pub(super) fn versions(conn: &Connection) -> Result<Vec<ListVersion>> {
    page::all(
        conn,
        "SELECT * FROM list_versions ORDER BY version DESC",
        [],
        |row| version(conn, row),
    )
}

pub(super) fn version_by_id(conn: &Connection, id: &Id) -> Result<ListVersion> {
    page::one(
        conn,
        "SELECT * FROM list_versions WHERE id = ?1",
        [id.as_str()],
        |row| version(conn, row),
    )?
    .ok_or(StoreError::NotFound("list version"))
}

fn version(conn: &Connection, row: &Row<'_>) -> Result<ListVersion> {
    let version: i64 = row.get("version")?;
    Ok(ListVersion {
        id: Id::new(row.get::<_, String>("id")?),
        kind: word_column(row, "kind")?,
        name: row.get("name")?,
        sellers: page::all(
            conn,
            "SELECT seller FROM list_owners WHERE version = ?1 ORDER BY seller",
            [version],
            |row| Ok(row.get(0)?),
        )?,
        count: row.get("count")?,
        obtained_at: time(row, "obtained_at")?,
        published_at: time_option(row, "published_at")?,
        effective_at: time_option(row, "effective_at")?,
        expires_at: time_option(row, "expires_at")?,
        area_codes: page::all(
            conn,
            "SELECT area FROM list_areas WHERE version = ?1 AND covered = 1 ORDER BY area",
            [version],
            |row| Ok(row.get(0)?),
        )?,
        sha256: row.get("sha256")?,
        imported_at: time(row, "imported_at")?,
        file_bytes: row.get("file_bytes")?,
        pruned_at: time_option(row, "pruned_at")?,
    })
}
