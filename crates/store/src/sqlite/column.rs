//! How values stand in columns: times in microseconds, numbers as digits, words as the API spells them.

use jiff::Timestamp;
use ringfence_core::lead::PhoneNumber;
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Result, StoreError};

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound("record"),
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Corrupt(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// The instant as it is stored: whole microseconds.
pub(super) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    instant(row.get(column)?)
}

pub(super) fn time_option(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(instant).transpose()
}

pub(super) fn instant(microseconds: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|_| StoreError::Corrupt("a time out of range".into()))
}

pub(super) fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_microsecond)
}

/// The digits of a number, without the plus.
pub(super) fn digits(number: PhoneNumber) -> i64 {
    i64::try_from(number.digits()).unwrap_or(0)
}

pub(super) fn number(row: &Row<'_>, column: &str) -> Result<PhoneNumber> {
    let digits: i64 = row.get(column)?;
    PhoneNumber::parse(&format!("+{digits}"))
        .map_err(|_| StoreError::Corrupt("a number that cannot exist".into()))
}

/// A value as JSON text.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| StoreError::invalid(e.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| StoreError::Corrupt(e.to_string()))
}

pub(super) fn json_column<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    from_json(row.get_ref(column)?.as_str().map_err(not_text)?)
}

pub(super) fn json_option<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    row.get_ref(column)?
        .as_str_or_null()
        .map_err(not_text)?
        .map(from_json)
        .transpose()
}

/// A unit variant as the API spells it.
pub(super) fn word<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::invalid("not a word")),
    }
}

pub(super) fn from_word<T: DeserializeOwned>(word: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|e| StoreError::Corrupt(e.to_string()))
}

pub(super) fn word_column<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    from_word(row.get_ref(column)?.as_str().map_err(not_text)?)
}

pub(super) fn word_option<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    row.get_ref(column)?
        .as_str_or_null()
        .map_err(not_text)?
        .map(from_word)
        .transpose()
}

fn not_text(error: rusqlite::types::FromSqlError) -> StoreError {
    StoreError::Corrupt(error.to_string())
}
