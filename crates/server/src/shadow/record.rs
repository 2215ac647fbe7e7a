//! Call records as dialers and carriers export them.

use jiff::tz::{Offset, TimeZone};
use ringfence_core::consent::Purpose;
use ringfence_core::gate::CallRequest;
use ringfence_core::lead::import::{read_number, read_time};
use serde::Serialize;
use serde_json::json;

use super::Made;
use crate::scrub::place_of;
use crate::sheet::{Column, Row, Sheet, SheetError};

/// What the file itself does not say.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The seller of rows that name none.
    pub seller: Option<String>,
    /// The purpose of rows that name none.
    pub purpose: Purpose,
    /// The zone of times that name no offset.
    pub zone: TimeZone,
}

/// A row that is no call we can judge, and why. Such rows are told, never dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The line of the file.
    pub line: u64,
    /// What is wrong with it; without the number.
    pub why: String,
}

/// A file of call records.
#[derive(Debug, Default)]
pub struct Records {
    /// The calls, in the order of the file.
    pub calls: Vec<Made>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// Lines of calls that came in: the gate is not asked about them.
    pub inbound: Vec<u64>,
    /// Rows whose time names no offset.
    pub without_offset: u64,
}

impl Records {
    /// Reads a file.
    ///
    /// # Errors
    /// [`SheetError`] when it has no column for the number or for the time.
    pub fn read(bytes: &[u8], reading: &Reading) -> Result<Self, SheetError> {
        let needed = [Column::Number, Column::Time];
        let sheet = Sheet::open(bytes, &needed, &needed)?;
        let mut records = Self::default();
        sheet.each(|row| {
            let direction = row.get(Column::Direction).unwrap_or_default();
            if direction.to_ascii_lowercase().starts_with("in") {
                records.inbound.push(row.line);
                return true;
            }
            match call(&row, reading) {
                Ok((call, without_offset)) => {
                    records.without_offset += u64::from(without_offset);
                    records.calls.push(call);
                }
                Err(why) => records.unread.push(Unread {
                    line: row.line,
                    why,
                }),
            }
            true
        });
        Ok(records)
    }
}

/// A row's call, and whether its time names no offset.
fn call(row: &Row<'_, '_>, reading: &Reading) -> Result<(Made, bool), String> {
    if row.broken {
        return Err("a quote is opened and not closed, or the line is not UTF-8".to_owned());
    }
    let text = row.get(Column::Number).ok_or("no number")?;
    let number = read_number(&text).map_err(|e| e.to_string())?;
    let when = row.get(Column::Time).ok_or("no time")?;
    let at = read_time(&when, &reading.zone).map_err(|e| e.to_string())?;
    let elsewhere = TimeZone::fixed(Offset::constant(13));
    let without_offset = read_time(&when, &elsewhere) != Ok(at);
    let seller = row.get(Column::Seller).map(|text| text.into_owned());
    let purpose = match row.get(Column::Purpose) {
        None => reading.purpose,
        Some(text) => {
            let word = text.to_lowercase().replace(['_', ' '], "-");
            serde_json::from_value(json!(word)).map_err(|_| format!("`{text}` is no purpose"))?
        }
    };
    let caller_id = row
        .get(Column::CallerId)
        // A name, or `anonymous`, is kept as it is: the gate says what it thinks of it.
        .map(|text| read_number(&text).map_or_else(|_| text.into_owned(), |n| n.e164()));
    let request = CallRequest {
        to: number.e164(),
        seller: seller
            .or_else(|| reading.seller.clone())
            .ok_or("no seller")?,
        purpose,
        caller_id,
        place: place_of(row),
        lead: None,
        campaign: None,
    };
    Ok((
        Made {
            line: row.line,
            at,
            request,
        },
        without_offset,
    ))
}
