//! Imported lists as they are asked: which version binds, and whether it holds a number.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::{ListAnswer, ReassignedAnswer};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{digits, time, time_option, word_column};
use super::{block, page};
use crate::list::ListVersion;
use crate::{Result, StoreError};

/// What a version belongs to everybody by, or to this seller.
pub(super) const BINDS_SELLER: &str =
    "(NOT EXISTS (SELECT 1 FROM list_owners o WHERE o.version = v.version)
    OR EXISTS (SELECT 1 FROM list_owners o WHERE o.version = v.version AND o.seller = ?2))";

/// The owners of a version in one text; null: everybody.
const OWNERS: &str =
    "(SELECT group_concat(o.seller, char(10)) FROM list_owners o WHERE o.version = v.version)";

/// The greatest number of change lists on one full list that a look-up follows (invariant `bounded`).
pub(super) const CHANGES_MAX: u32 = 1000;

struct Row1 {
    version: i64,
    answer: ListAnswer,
}

fn answer(row: &Row<'_>) -> Result<Row1> {
    Ok(Row1 {
        version: row.get("version")?,
        answer: ListAnswer {
            version: Id::new(row.get::<_, String>("id")?),
            name: row.get("name")?,
            obtained_at: time(row, "obtained_at")?,
            effective_at: time_option(row, "effective_at")?,
            expires_at: time_option(row, "expires_at")?,
            listed: false,
        },
    })
}

/// The newest national version that this seller may use and that covers the number's area code.
pub(super) fn national(
    conn: &Connection,
    number: PhoneNumber,
    seller: &str,
    now: Timestamp,
) -> Result<Option<ListAnswer>> {
    let (Some(area), Some(ten)) = (number.area_code(), number.nanp()) else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT v.* FROM list_areas a JOIN list_versions v ON v.version = a.version
         WHERE a.area = ?1 AND a.covered = 1 AND v.obtained_at <= ?3
             AND (v.effective_at IS NULL OR v.effective_at <= ?3) AND {BINDS_SELLER}
         ORDER BY v.obtained_at DESC, v.version DESC LIMIT 1"
    );
    let found = page::one(
        conn,
        &sql,
        params![area, seller, now.as_microsecond()],
        answer,
    )?;
    found
        .map(|mut found| {
            found.answer.listed = holds(conn, found.version, ten)?;
            Ok(found.answer)
        })
        .transpose()
}

/// The newest version of each list and owner scope of a family that binds this seller at `now`: a version replaces the
/// one before it of the same name and the same owners, so that a seller's own list never lifts what binds everybody.
pub(super) fn newest(
    conn: &Connection,
    family: &str,
    number: PhoneNumber,
    seller: &str,
    now: Timestamp,
) -> Result<Vec<ListAnswer>> {
    let Some(ten) = number.nanp() else {
        return Ok(Vec::new());
    };
    let sql = format!(
        "SELECT v.*, {OWNERS} AS owners FROM list_versions v
         WHERE v.family = ?1 AND v.obtained_at <= ?3
             AND (v.effective_at IS NULL OR v.effective_at <= ?3) AND {BINDS_SELLER}
         ORDER BY v.name, coalesce(v.effective_at, v.obtained_at) DESC, v.obtained_at DESC,
             v.version DESC"
    );
    let found = page::all(
        conn,
        &sql,
        params![family, seller, now.as_microsecond()],
        |row| Ok((answer(row)?, row.get::<_, Option<String>>("owners")?)),
    )?;
    let mut seen = BTreeSet::new();
    found
        .into_iter()
        .filter(|(found, owners)| seen.insert((found.answer.name.clone(), owners.clone())))
        .map(|(mut found, _)| {
            found.answer.listed = holds(conn, found.version, ten)?;
            Ok(found.answer)
        })
        .collect()
}

pub(super) fn states(
    conn: &Connection,
    number: PhoneNumber,
    seller: &str,
    now: Timestamp,
) -> Result<Vec<ListAnswer>> {
    newest(conn, "state", number, seller, now)
}

pub(super) fn litigator(
    conn: &Connection,
    number: PhoneNumber,
    seller: &str,
    now: Timestamp,
) -> Result<Vec<ListAnswer>> {
    let mut found = newest(conn, "litigator", number, seller, now)?;
    found.retain(|answer| answer.listed);
    Ok(found)
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

/// Whether a version holds ten digits: its own block, or that of the list that it changed.
pub(super) fn holds(conn: &Connection, version: i64, ten_digits: u64) -> Result<bool> {
    let Ok((exchange, last)) = block::split(ten_digits) else {
        return Ok(false);
    };
    Ok(find_block(conn, version, exchange)?.is_some_and(|bytes| block::holds(&bytes, last)))
}

pub(super) fn find_block(
    conn: &Connection,
    version: i64,
    exchange: u32,
) -> Result<Option<Vec<u8>>> {
    let mut own = conn
        .prepare_cached("SELECT numbers FROM list_blocks WHERE exchange = ?1 AND version = ?2")?;
    let mut base =
        conn.prepare_cached("SELECT base FROM list_areas WHERE area = ?1 AND version = ?2")?;
    let mut version = version;
    for _ in 0..=CHANGES_MAX {
        let bytes = own
            .query_row(params![exchange, version], |row| row.get(0))
            .optional()?;
        if bytes.is_some() {
            return Ok(bytes);
        }
        let before: Option<i64> = base
            .query_row(params![block::area_of(exchange), version], |row| row.get(0))
            .optional()?
            .flatten();
        match before {
            Some(before) => version = before,
            None => return Ok(None),
        }
    }
    Err(StoreError::Corrupt(
        "change lists upon change lists without end".into(),
    ))
}

/// The names of the lists that hold a number: the newest version of each name and owner, whatever its age.
pub(super) fn check(
    conn: &Connection,
    number: PhoneNumber,
    seller: Option<&str>,
) -> Result<Vec<String>> {
    // In the order of the contract: national, the states, internal, litigator, reassigned.
    let mut names = Vec::new();
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    if let (Some(area), Some(ten)) = (number.area_code(), number.nanp()) {
        for name in holding(conn, "national", area, ten, seller)? {
            add(name);
        }
        for name in holding(conn, "state", area, ten, seller)? {
            add(name);
        }
    }
    for name in internal(conn, number, seller)? {
        add(name);
    }
    if let (Some(area), Some(ten)) = (number.area_code(), number.nanp()) {
        for name in holding(conn, "litigator", area, ten, seller)? {
            add(name);
        }
    }
    for name in reassigned_names(conn, number, seller)? {
        add(name);
    }
    Ok(names)
}

fn holding(
    conn: &Connection,
    family: &str,
    area: u16,
    ten: u64,
    seller: Option<&str>,
) -> Result<Vec<String>> {
    // The registry is one list whatever its copies are called; elsewhere each name is a list of its own.
    let sql = format!(
        "SELECT v.version, v.name, {OWNERS}, CASE ?1 WHEN 'national' THEN '' ELSE v.name END AS list
         FROM list_versions v
         WHERE v.family = ?1 AND (?1 <> 'national' OR EXISTS
             (SELECT 1 FROM list_areas a WHERE a.area = ?2 AND a.version = v.version))
         ORDER BY list, coalesce(v.effective_at, v.obtained_at) DESC, v.obtained_at DESC,
             v.version DESC"
    );
    let versions = page::all(conn, &sql, params![family, area], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, Option<String>>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for (version, name, owners, list) in versions {
        let binds = match (seller, &owners) {
            (None, _) | (_, None) => true,
            (Some(seller), Some(owners)) => owners.lines().any(|owner| owner == seller),
        };
        if binds && seen.insert((list, owners)) && holds(conn, version, ten)? {
            names.push(name);
        }
    }
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
    })
}
