//! A file of leads into the store: its rows, the consents they carry, and the rows that say "do not call". A bad row
//! never loses a good one, and nothing is invented for a row that lacks something.

use jiff::Timestamp;
use ringfence_core::consent::{ConsentLevel, Element, Purpose, find_elements};
use ringfence_core::id::Id;
use ringfence_core::lead::import::{
    ConsentColumns, FileError, ImportOptions, ImportReport, LeadRow, read_leads,
};
use ringfence_core::seller::comparable_name;
use ringfence_store::campaign::{LeadDraft, LeadImported};
use ringfence_store::consent::{Confirmation, ConsentDraft};
use ringfence_store::hold::HoldState;
use ringfence_store::suppression::SuppressionDraft;
use ringfence_store::{Store, StoreError};
use serde::Serialize;
use serde_json::{Value, json};

/// For whom and for what a file is taken in.
#[derive(Debug, Clone)]
pub struct Destination<'a> {
    /// The seller that the leads are to be called for.
    pub seller: &'a str,
    /// The registered name of that seller, if it is known.
    pub seller_name: Option<&'a str>,
    /// What the calls are for; a consent that names no purpose is recorded for this one.
    pub purpose: Purpose,
    /// The campaign; none: the leads wait for one.
    pub campaign: Option<&'a Id>,
}

/// What became of a file.
#[derive(Debug, Serialize)]
pub struct TakenIn {
    /// What the file held.
    pub report: ImportReport,
    /// What was kept of it.
    #[serde(flatten)]
    pub kept: Kept,
}

/// What was kept of a file's rows.
#[derive(Debug, Default, Serialize)]
pub struct Kept {
    /// Leads that are new to the campaign.
    pub leads: u64,
    /// Leads that the campaign had already.
    pub known: u64,
    /// Consents recorded.
    pub consents: u64,
    /// Consents that could not be kept, with their line.
    pub consents_refused: Vec<Refused>,
    /// Numbers suppressed because the file says so.
    pub suppressed: u64,
    /// Rows whose number is on the internal list for this seller, or held, and stays so: an import undoes no opt-out.
    pub opted_out: u64,
    /// Their lines, the first of them.
    pub opted_out_lines: Vec<u64>,
}

/// INVARIANT (bounded): so many lines are named.
const LINES_NAMED_MAX: usize = 1_000;

/// A consent that could not be kept.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// The row's line.
    pub line: u64,
    /// Why.
    pub why: String,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The file as a whole cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store failed; what was kept before stays, and the same file may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a file in.
///
/// # Errors
/// [`IntakeError`]; a row's own fault is none of them and stands in the report.
pub fn take_in(
    store: &dyn Store,
    bytes: &[u8],
    options: &ImportOptions,
    to: &Destination<'_>,
    now: Timestamp,
) -> Result<TakenIn, IntakeError> {
    let report = read_leads(bytes, options)?;
    let leads: Vec<&LeadRow> = report.leads.iter().collect();
    let mut kept = take_in_leads(store, &leads, to, now)?;
    kept.suppressed = suppress_marked(store, &report, to.seller, now)?;
    Ok(TakenIn { report, kept })
}

/// Suppresses the numbers that a file itself marks.
///
/// # Errors
/// The store's failure.
pub fn suppress_marked(
    store: &dyn Store,
    report: &ImportReport,
    seller: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut suppressed = 0;
    for row in &report.do_not_call {
        let draft = SuppressionDraft {
            number: row.number,
            seller: Some(seller.to_owned()),
            reason: "marked do-not-call in a lead file".to_owned(),
            source: "lead-import".to_owned(),
            at: now,
            by: None,
        };
        store.suppress(draft, now)?;
        suppressed += 1;
    }
    Ok(suppressed)
}

/// Takes in rows that were read: their consents first, so that no lead waits without its own.
///
/// # Errors
/// The store's failure.
pub fn take_in_leads(
    store: &dyn Store,
    rows: &[&LeadRow],
    to: &Destination<'_>,
    now: Timestamp,
) -> Result<Kept, StoreError> {
    let mut kept = Kept::default();
    for row in rows {
        let Some(columns) = &row.consent else {
            continue;
        };
        match keep_consent(store, row, columns, to, now) {
            Ok(()) => kept.consents += 1,
            Err(StoreError::Invalid { what }) => {
                kept.consents_refused.push(Refused {
                    line: row.line,
                    why: what,
                });
            }
            Err(error) => return Err(error),
        }
    }
    for row in rows {
        if is_opted_out(store, row, to.seller)? {
            kept.opted_out += 1;
            if kept.opted_out_lines.len() < LINES_NAMED_MAX {
                kept.opted_out_lines.push(row.line);
            }
        }
    }
    let drafts = rows.iter().map(|row| draft(row)).collect();
    for result in store.import_leads(to.campaign, drafts, now)?.results {
        match result {
            LeadImported::New(_) => kept.leads += 1,
            LeadImported::Duplicate(_) => kept.known += 1,
        }
    }
    Ok(kept)
}

/// Whether the number is on the internal list for this seller, or held. Only a consent that is later lifts that, and the
/// gate says so call by call.
fn is_opted_out(store: &dyn Store, row: &LeadRow, seller: &str) -> Result<bool, StoreError> {
    let binds = |named: &Option<String>| named.as_deref().is_none_or(|named| named == seller);
    let listed = store.suppressions_of(row.number)?;
    if listed.iter().any(|entry| binds(&entry.seller)) {
        return Ok(true);
    }
    let holds = store.holds_of(row.number)?;
    Ok(holds
        .iter()
        .any(|hold| hold.state == HoldState::Open && binds(&hold.draft.seller)))
}

fn keep_consent(
    store: &dyn Store,
    row: &LeadRow,
    columns: &ConsentColumns,
    to: &Destination<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let record = store.record_consent(consent(row, columns, to), now)?;
    if let Some(at) = columns.confirmed_at {
        let confirmation = Confirmation {
            channel: "lead-import".to_owned(),
            proof: json!({ "line": row.line }),
            at,
        };
        store.confirm_consent(&record.id, confirmation, now)?;
    }
    Ok(())
}

fn consent(row: &LeadRow, columns: &ConsentColumns, to: &Destination<'_>) -> ConsentDraft {
    let elements = find_elements(&columns.text, to.seller_name);
    let says_artificial = elements
        .found
        .contains(&Element::ArtificialOrPrerecordedVoice);
    ConsentDraft {
        number: row.number,
        seller: seller_of(columns, to),
        // A text that was shown and agreed to, with its time, is a written record unless the file says otherwise.
        level: columns.level.unwrap_or(ConsentLevel::ExpressWritten),
        purposes: purposes(columns, to.purpose),
        channel: columns
            .channel
            .clone()
            .unwrap_or_else(|| "lead-import".to_owned()),
        granted_at: columns.granted_at,
        text: columns.text.clone(),
        proof: proof(row, columns),
        artificial_voice: columns.artificial_voice.unwrap_or(says_artificial),
        double_opt_in: columns.double_opt_in.unwrap_or(false),
        expires_at: columns.expires_at,
    }
}

/// The seller whom the row names, else the one that the file is taken in for.
fn seller_of(columns: &ConsentColumns, to: &Destination<'_>) -> String {
    match columns
        .seller
        .as_deref()
        .map(str::trim)
        .filter(|named| !named.is_empty())
    {
        None => to.seller.to_owned(),
        Some(named) => {
            let plain = comparable_name(named);
            let same = named == to.seller
                || to
                    .seller_name
                    .is_some_and(|name| comparable_name(name) == plain);
            if same {
                to.seller.to_owned()
            } else {
                plain.replace(' ', "-")
            }
        }
    }
}

/// The purposes that the row names; what it names and we do not know stays out. None named: the file's own.
fn purposes(columns: &ConsentColumns, default: Purpose) -> Vec<Purpose> {
    match &columns.purposes {
        None => vec![default],
        Some(text) => text
            .split([',', ';', '|'])
            .filter_map(|word| {
                let word = word.trim().to_lowercase().replace([' ', '_'], "-");
                serde_json::from_value(Value::String(word)).ok()
            })
            .collect(),
    }
}

fn proof(row: &LeadRow, columns: &ConsentColumns) -> Value {
    json!({
        "ip": columns.ip,
        "user_agent": columns.user_agent,
        "page_url": columns.page_url,
        "certificate_url": columns.certificate_url,
        "line": row.line,
    })
}

fn draft(row: &LeadRow) -> LeadDraft {
    LeadDraft {
        number: row.number,
        place: row.place.clone(),
        external_id: row.external_id.clone(),
        extra: json!({
            "line": row.line,
            "name": row.name,
            "source": row.source,
            "campaign": row.campaign,
            "columns": row.extra,
        }),
    }
}
