//! Taking a list in: all of it or nothing, as one new version. What is large was written to its file before.

use std::collections::{BTreeMap, BTreeSet};

use ringfence_core::evidence::Subject;
use ringfence_core::id::Id;
use rusqlite::{Connection, params};
use serde_json::json;

use super::column::{digits, micros, word};
use super::suppression::{self, Entry};
use super::work::Work;
use super::{list, page};
use crate::list::{InternalRow, ListImport, ListKind, ListRows, ListVersion, ReassignedRow};
use crate::{Result, StoreError};

/// A version whose numbers are in its file by now.
pub(super) struct Draft {
    pub(super) id: Id,
    pub(super) list: ListImport,
    pub(super) name: String,
    pub(super) family: &'static str,
    /// Of a change list: the versions that it changes.
    pub(super) bases: Vec<Base>,
    /// The file; none for the kinds whose rows are in the database.
    pub(super) file: Option<Written>,
}

/// A version that a change list changes: the newest one for some area codes. Full lists come whole or by area code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) row: i64,
    pub(super) name: String,
    /// What it covers and no newer one does.
    pub(super) areas: BTreeSet<u16>,
}

/// What was written to a file.
pub(super) struct Written {
    pub(super) header_sha256: String,
    pub(super) bytes: u64,
    pub(super) count: u64,
    /// Area codes that occur among the rows.
    pub(super) areas: BTreeSet<u16>,
}

pub(super) fn name_of(list: &ListImport) -> Result<(&'static str, String)> {
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

/// Puts the version in; everybody sees it once this commits.
pub(super) fn import(work: &mut Work<'_>, draft: Draft) -> Result<ListVersion> {
    let list = &draft.list;
    work.not_future(list.obtained_at, "obtained_at")?;
    let version = insert_version(work, &draft)?;
    let count = match &list.rows {
        ListRows::Internal(rows) => add_internal(work, &draft.id, list, rows)?,
        ListRows::Reassigned(rows) => add_reassigned(work.conn, version, list, rows)?,
        ListRows::Set(_) | ListRows::Numbers(_) | ListRows::Changes(_) => {
            cover(work.conn, version, &draft)?;
            draft.file.as_ref().map_or(0, |file| file.count)
        }
    };
    work.conn.execute(
        "UPDATE list_versions SET count = ?2 WHERE version = ?1",
        params![version, count],
    )?;
    let made = list::version_by_id(work.conn, &draft.id)?;
    work.event(
        "suppression.list-imported",
        Subject {
            list: Some(draft.id.clone()),
            ..Subject::default()
        },
        json!({
            "kind": made.kind, "name": made.name, "sellers": made.sellers, "count": made.count,
            "obtained_at": made.obtained_at, "published_at": made.published_at,
            "effective_at": made.effective_at, "expires_at": made.expires_at,
            "area_codes": made.area_codes.len(), "sha256": made.sha256,
            "file_sha256": draft.file.as_ref().map(|file| &file.header_sha256),
        }),
    )?;
    Ok(made)
}

fn insert_version(work: &Work<'_>, draft: &Draft) -> Result<i64> {
    let list = &draft.list;
    let file = draft.file.as_ref();
    work.conn.execute(
        "INSERT INTO list_versions (id, kind, family, name, count, obtained_at, published_at,
             effective_at, expires_at, sha256, imported_at, file_sha256, file_bytes)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            draft.id.as_str(),
            word(&list.kind)?,
            draft.family,
            draft.name,
            list.obtained_at.as_microsecond(),
            micros(list.published_at),
            micros(list.effective_at),
            micros(list.expires_at),
            list.source_sha256,
            work.micros(),
            file.map(|file| &file.header_sha256),
            file.map(|file| file.bytes),
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

/// The areas of a national list: those that the subscription covers, and those that merely occur in it. A change list
/// has its full list's, or fewer.
fn cover(conn: &Connection, version: i64, draft: &Draft) -> Result<()> {
    let stated = draft.list.area_codes.as_ref();
    let occurring = draft.file.as_ref().map(|file| &file.areas);
    let occurring = occurring.into_iter().flatten().copied();
    let mut areas: BTreeMap<u16, bool> = BTreeMap::new();
    if draft.list.kind == ListKind::FtcFull {
        areas.extend(occurring.map(|area| (area, stated.is_none())));
        areas.extend(stated.into_iter().flatten().map(|area| (*area, true)));
    } else if draft.list.kind == ListKind::FtcChange {
        let touched: BTreeSet<u16> = occurring.collect();
        if bases_of(conn, &draft.list, &touched, Some(version))? != draft.bases {
            let what = "another national list was imported meanwhile; try again";
            return Err(StoreError::Conflict(what.into()));
        }
        // Outside the full lists' coverage a number is kept, but nothing is claimed about its area.
        areas.extend(touched.into_iter().map(|area| (area, false)));
        let kept = |area: &u16| stated.is_none_or(|codes| codes.contains(area));
        let covered = draft.bases.iter().flat_map(|base| &base.areas);
        areas.extend(covered.map(|area| (*area, kept(area))));
    }
    let mut insert =
        conn.prepare_cached("INSERT INTO list_areas (area, version, covered) VALUES (?1, ?2, ?3)")?;
    for (area, covered) in areas {
        insert.execute(params![area, version, covered])?;
    }
    Ok(())
}

/// The national versions of the same owners that a change list of these area codes changes, the newest first; `but` is
/// the change list's own row.
pub(super) fn bases_of(
    conn: &Connection,
    list: &ListImport,
    touched: &BTreeSet<u16>,
    but: Option<i64>,
) -> Result<Vec<Base>> {
    let mut candidates = page::all(
        conn,
        "SELECT v.version, v.name,
             (SELECT json_group_array(o.seller) FROM list_owners o WHERE o.version = v.version) AS owners,
             (SELECT json_group_array(a.area) FROM list_areas a
                 WHERE a.version = v.version AND a.covered = 1) AS areas
         FROM list_versions v
         WHERE v.family = 'national' AND v.version IS NOT ?1 AND v.obtained_at <= ?2
         ORDER BY v.obtained_at DESC, v.version DESC",
        params![but, list.obtained_at.as_microsecond()],
        |row| {
            let owners: Vec<String> = super::column::json_column(row, "owners")?;
            let base = Base {
                row: row.get(0)?,
                name: row.get(1)?,
                areas: super::column::json_column(row, "areas")?,
            };
            Ok((base, owners))
        },
    )?;
    let ours = |theirs: &[String]| {
        let sellers = &list.sellers;
        theirs.is_empty() || (!sellers.is_empty() && sellers.iter().all(|s| theirs.contains(s)))
    };
    let mut known = BTreeSet::new();
    for (base, owners) in &mut candidates {
        if ours(owners) {
            base.areas.retain(|area| known.insert(*area));
        }
    }
    let others = |area: &u16| {
        let theirs = candidates.iter().filter(|(_, owners)| !ours(owners));
        theirs
            .into_iter()
            .any(|(base, _)| base.areas.contains(area))
    };
    if let Some(area) = touched.difference(&known).find(|area| others(area)) {
        return Err(StoreError::invalid(format!(
            "the full list of area code {area} belongs to other sellers; name them with the change list"
        )));
    }
    let mut bases = candidates
        .into_iter()
        .filter_map(|(base, owners)| ours(&owners).then_some(base));
    let newest = bases.next();
    let mut found: Vec<Base> = newest
        .iter()
        .cloned()
        .chain(bases)
        .filter(|base| !base.areas.is_disjoint(touched))
        .collect();
    if found.is_empty() {
        found.extend(newest);
    }
    if found.is_empty() {
        let what = "a change list needs a full national list of the same sellers first";
        return Err(StoreError::invalid(what));
    }
    Ok(found)
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
