//! Lists by cursor.

use rusqlite::{Connection, Params, Row};

use crate::{Page, PageRequest, Result};

/// How many rows to ask for: one more than the page holds says whether another follows.
pub(super) fn fetch(page: &PageRequest) -> i64 {
    i64::try_from(page.bounded())
        .unwrap_or(i64::MAX)
        .saturating_add(1)
}

/// Where a list that runs from the newest id down begins: below the cursor, or below nothing.
pub(super) fn below(page: &PageRequest) -> String {
    // `~` sorts after every character of an id.
    page.cursor.clone().unwrap_or_else(|| "~".to_owned())
}

/// Runs a query that asked for [`fetch`] rows.
pub(super) fn select<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    page: &PageRequest,
    read: impl Fn(&Row<'_>) -> Result<T>,
    cursor: impl Fn(&T) -> String,
) -> Result<Page<T>> {
    let mut items = all(conn, sql, params, read)?;
    let more = items.len() > page.bounded();
    items.truncate(page.bounded());
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Ok(Page { items, next_cursor })
}

/// Runs a query and reads every row.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query(params)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(read(row)?);
    }
    Ok(items)
}

/// Runs a query and reads the first row.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query(params)?;
    rows.next()?.map(read).transpose()
}
