//! Lists over HTTP: the twins of `ringfence lists`.

use std::collections::BTreeSet;
use std::sync::{Mutex, TryLockError};

use hyper::StatusCode;
use jiff::Timestamp;
use regex::Regex;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::list::{ListImport, ListKind, PRUNE_DAYS, PRUNE_DAYS_DEFAULT};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::ApiError;
use super::request::{Answer, Request, whole_list};
use crate::app::App;
use crate::lists::{self, ListError, Progress, Reading, Source};

/// Numbers in one question (invariant `bounded`).
const NUMBERS_MAX: usize = 10_000;

/// What the query of an import may say.
pub const ASKED: &[(&str, &str)] = &[
    (
        "kind",
        "ftc-full, ftc-change, state, internal, litigator or reassigned.",
    ),
    ("name", "The list's name; of a state's list its code."),
    ("seller", "Whose list it is; several with commas."),
    (
        "obtained_at",
        "When the copy was obtained; now if not given.",
    ),
    ("published_at", "When its keeper published it."),
    ("effective_at", "From when it binds."),
    ("expires_at", "When it stops being current."),
    (
        "area_codes",
        "What the subscription covers, such as 212,305.",
    ),
    ("columns", "Of a state's file: its columns in order."),
    (
        "pattern",
        "Of a state\'s file: a regular expression for its lines.",
    ),
    (
        "file_name",
        "The file's name, if an area code in it is to agree with the lines.",
    ),
];

/// One import at a time: each may hold the whole registry in memory (invariant `bounded`).
static UNDER_WAY: Mutex<()> = Mutex::new(());

/// Numbers that are asked about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckAsked {
    /// As people write them, at most 10,000.
    numbers: Vec<String>,
    /// Only lists that bind this seller.
    #[serde(default)]
    seller: Option<String>,
}

/// Which files may go.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PruneAsked {
    /// For so many days another version must have had its place, 7 to 3650; 31 if not given.
    #[serde(default)]
    older_than_days: Option<u16>,
    /// Only say what would go.
    #[serde(default)]
    dry_run: bool,
}

/// Every list version on file.
pub fn all(app: &App, _request: Request) -> Result<Answer, ApiError> {
    Answer::ok(&whole_list(&app.store.lists()?))
}

/// Which lists hold each number, in order.
pub fn check(app: &App, request: Request) -> Result<Answer, ApiError> {
    let asked: CheckAsked = request.json()?;
    request.caller.may_for(asked.seller.as_deref())?;
    if asked.numbers.len() > NUMBERS_MAX {
        let detail = format!("`numbers` holds at most {NUMBERS_MAX}");
        return Err(ApiError::field("numbers", detail));
    }
    let read: Vec<Option<PhoneNumber>> = asked
        .numbers
        .iter()
        .map(|text| lists::number(text.trim()).ok())
        .collect();
    let numbers: Vec<PhoneNumber> = read.iter().flatten().copied().collect();
    let held = app.store.check_lists(&numbers, asked.seller.as_deref())?;
    let mut held = held.into_iter();
    let items: Vec<Value> = asked
        .numbers
        .iter()
        .zip(read)
        .map(|(line, number)| {
            let names = number.and_then(|_| held.next()).unwrap_or_default();
            json!({"line": line, "number": number.map(|n| n.e164()), "lists": names,
                   "valid": number.is_some()})
        })
        .collect();
    Answer::ok(&whole_list(&items))
}

/// Removes the files of versions that bind nobody any more.
pub fn prune(app: &App, mut request: Request) -> Result<Answer, ApiError> {
    let asked: PruneAsked = request.json_or_empty()?;
    request.caller.may_for(None)?;
    let days = asked.older_than_days.unwrap_or(PRUNE_DAYS_DEFAULT);
    if !PRUNE_DAYS.contains(&days) {
        let (least, most) = (PRUNE_DAYS.start(), PRUNE_DAYS.end());
        let detail = format!("`older_than_days` is {least} to {most}");
        return Err(ApiError::field("older_than_days", detail));
    }
    let done = match asked.dry_run {
        true => app.store.prunable_lists(days, request.now),
        false => app.store.prune_lists(days, request.now),
    };
    Answer::ok(&done?)
}

/// Takes a list in, all or nothing; the body is the file as delivered.
pub fn import(app: &App, request: Request) -> Result<Answer, ApiError> {
    if let Some(name) = request.query.keys().find(|name| !knows(name)) {
        return Err(ApiError {
            code: "unknown-field",
            ..ApiError::field(name, format!("no such parameter: `{name}`"))
        });
    }
    let asked = Asked::read(app, &request)?;
    for seller in &asked.sellers {
        request.caller.may_for(Some(seller))?;
    }
    if asked.sellers.is_empty() {
        request.caller.may_for(None)?;
    }
    let _alone = match UNDER_WAY.try_lock() {
        Ok(alone) => alone,
        Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
        Err(TryLockError::WouldBlock) => {
            let detail = "another list is being imported";
            return Err(ApiError {
                retry_after_seconds: Some(5),
                ..ApiError::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "list-import-under-way",
                    detail,
                )
            });
        }
    };
    let list = asked.read_list(&request)?;
    let version = app.store.import_list(list, request.now)?;
    Answer::created(&version)
}

fn knows(name: &str) -> bool {
    ASKED.iter().any(|(known, _)| *known == name)
}

/// An import as the query asks for it.
struct Asked {
    kind: ListKind,
    name: Option<String>,
    sellers: BTreeSet<String>,
    obtained_at: Timestamp,
    published_at: Option<Timestamp>,
    effective_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    area_codes: Option<BTreeSet<u16>>,
    columns: Option<Vec<String>>,
    pattern: Option<Regex>,
}

impl Asked {
    fn read(app: &App, request: &Request) -> Result<Self, ApiError> {
        let words = |field: &str| -> Option<Vec<String>> {
            let text = request.query(field)?;
            Some(text.split(',').map(|word| word.trim().to_owned()).collect())
        };
        let time = |field: &str| -> Result<Option<Timestamp>, ApiError> {
            let read = request.query(field).map(lists::time).transpose();
            read.map_err(|what| ApiError::field(field, format!("`{field}`: {what}")))
        };
        let kind = request.query("kind").and_then(ListKind::parse);
        let kind = kind.ok_or_else(|| {
            let all: Vec<_> = ListKind::ALL.iter().map(|k| k.as_str()).collect();
            ApiError::field("kind", format!("`kind` is one of {}", all.join(", ")))
        })?;
        let name = request.query("name").map(str::to_owned);
        if let (ListKind::State, Some(name)) = (kind, &name)
            && !lists::knows_state(&app.rules, name)
        {
            let detail = "no state, district or territory of that code";
            return Err(ApiError::field("name", detail));
        }
        let columns = words("columns");
        if kind != ListKind::State && columns.is_some() {
            return Err(ApiError::field(
                "columns",
                "`columns` is for a state's list",
            ));
        }
        let pattern = request.query("pattern").map(lists::pattern).transpose();
        let pattern = pattern.map_err(|what| ApiError::field("pattern", what))?;
        if pattern.is_some() && (kind != ListKind::State || columns.is_some()) {
            let detail = "`pattern` is for a state's list, in place of `columns`";
            return Err(ApiError::field("pattern", detail));
        }
        let code = |word: &String| word.parse().ok().filter(|c| (200..1000).contains(c));
        let area_codes = words("area_codes").map(|codes| {
            let codes: Option<BTreeSet<u16>> = codes.iter().map(code).collect();
            codes.ok_or_else(|| ApiError::field("area_codes", "`area_codes` is such as 212,305"))
        });
        Ok(Self {
            kind,
            name,
            sellers: words("seller").into_iter().flatten().collect(),
            obtained_at: request.past("obtained_at", time("obtained_at")?)?,
            published_at: time("published_at")?,
            effective_at: time("effective_at")?,
            expires_at: time("expires_at")?,
            area_codes: area_codes.transpose()?,
            columns,
            pattern,
        })
    }

    fn read_list(self, request: &Request) -> Result<ListImport, ApiError> {
        let reading = Reading {
            kind: self.kind,
            columns: self.columns,
            pattern: self.pattern,
            covers_stated: self.area_codes.is_some(),
            now: request.now,
        };
        let Some(spooled) = &request.spooled else {
            return Err(ApiError::internal("the body was not kept"));
        };
        let source = Source {
            path: spooled.path(),
            name: request.query("file_name").unwrap_or("body").to_owned(),
        };
        let files = lists::read_sources(&reading, &[source], &Progress::none()).map_err(refused)?;
        Ok(ListImport {
            kind: self.kind,
            name: self.name,
            sellers: self.sellers,
            obtained_at: self.obtained_at,
            published_at: self.published_at,
            effective_at: self.effective_at,
            expires_at: self.expires_at,
            area_codes: self.area_codes,
            source_sha256: files.sha256,
            rows: files.rows,
        })
    }
}

fn refused(error: ListError) -> ApiError {
    ApiError {
        code: "list-refused",
        ..ApiError::field("body", error.to_string())
    }
}
