//! A request as handlers read it, and their answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::PageRequest;
use ringfence_store::key::Role;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::problem::ApiError;
use super::spool::Spooled;

/// How far a caller's clock may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The API key's id.
    pub id: Id,
    /// What the key may do.
    pub role: Role,
    /// For whom; empty: for every seller.
    pub sellers: Vec<String>,
}

impl Caller {
    /// Whether the key may act for `seller`; none: for every seller at once.
    ///
    /// # Errors
    /// 403 when it may not.
    pub fn may_for(&self, seller: Option<&str>) -> Result<(), ApiError> {
        let may = self.sellers.is_empty()
            || seller.is_some_and(|s| self.sellers.iter().any(|mine| mine == s));
        if may {
            return Ok(());
        }
        let detail = "this key is limited to other sellers";
        Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "seller-forbidden",
            detail,
        ))
    }

    /// Whether records of `seller` may be shown; those that bind every seller may be.
    pub fn sees(&self, seller: Option<&str>) -> bool {
        self.sellers.is_empty() || seller.is_none_or(|s| self.sellers.iter().any(|mine| mine == s))
    }
}

/// A request whose route, caller and body are known.
#[derive(Debug)]
pub struct Request {
    /// Path and query as they came.
    pub target: String,
    /// The path's variable parts.
    pub path: BTreeMap<&'static str, String>,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole; empty if it was kept on disk.
    pub body: Bytes,
    /// The body, if it was kept on disk.
    pub spooled: Option<Spooled>,
    /// Who asks.
    pub caller: Caller,
    /// When it came, by our clock.
    pub now: Timestamp,
}

impl Request {
    /// A variable part of the path.
    pub fn part(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The `{id}` of the path.
    pub fn id(&self) -> Id {
        Id::from(self.part("id"))
    }

    /// A query parameter that is not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// The JSON body, strictly: unknown fields are refused by their names.
    ///
    /// # Errors
    /// 400 for what is no JSON, 422 for what is no `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        // The whole text first: a fault of the JSON comes before a fault of what it says.
        let _: IgnoredAny = serde_json::from_slice(&self.body)
            .map_err(|e| ApiError::new(StatusCode::BAD_REQUEST, "malformed-json", e.to_string()))?;
        // An array would be read as the fields in order.
        if self.body.trim_ascii_start().first() != Some(&b'{') {
            let detail = "the body is not a JSON object";
            return Err(ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-field",
                detail,
            ));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        // It is JSON: whatever is wrong now is wrong with what it says.
        serde_path_to_error::deserialize(&mut json)
            .map_err(|e| refused(&e.path().to_string(), &e.inner().to_string()))
    }

    /// The JSON body; an empty one is `{}`.
    ///
    /// # Errors
    /// As [`Request::json`].
    pub fn json_or_empty<T: DeserializeOwned>(&mut self) -> Result<T, ApiError> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            self.body = Bytes::from_static(b"{}");
        }
        self.json()
    }

    /// An instant of a record: now if none is given, never in the future.
    ///
    /// # Errors
    /// 422 for an instant in the future.
    pub fn past(&self, field: &str, at: Option<Timestamp>) -> Result<Timestamp, ApiError> {
        let at = at.unwrap_or(self.now);
        if at.duration_since(self.now) > SKEW {
            return Err(ApiError {
                code: "time-in-the-future",
                ..ApiError::field(field, format!("`{field}` is in the future"))
            });
        }
        Ok(at)
    }

    /// `?cursor=&limit=`
    ///
    /// # Errors
    /// 422 for a limit out of range.
    pub fn page(&self) -> Result<PageRequest, ApiError> {
        Ok(PageRequest {
            cursor: self.query("cursor").map(str::to_owned),
            limit: self.limit()?,
        })
    }

    /// `?limit=`, 100 if none is given.
    ///
    /// # Errors
    /// 422 for a limit out of range.
    pub fn limit(&self) -> Result<u32, ApiError> {
        self.query("limit").map_or(Ok(100), |text| {
            text.parse()
                .ok()
                .filter(|n| (1..=PageRequest::LIMIT_MAX).contains(n))
                .ok_or_else(|| {
                    let most = PageRequest::LIMIT_MAX;
                    ApiError::field("limit", format!("`limit` is a number from 1 to {most}"))
                })
        })
    }
}

/// Whether the body is a table.
pub fn is_csv(headers: &HeaderMap) -> bool {
    headers
        .get(hyper::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/csv")
        })
}

/// A number that can exist.
///
/// # Errors
/// 422 with the field's name.
pub fn number(field: &str, text: &str) -> Result<PhoneNumber, ApiError> {
    PhoneNumber::parse(text).map_err(|e| ApiError {
        code: "number-invalid",
        ..ApiError::field(field, e.to_string())
    })
}

/// What a well-formed body says wrongly, and where: `path` is as in `caller_ids[0].number`.
fn refused(path: &str, message: &str) -> ApiError {
    let quoted = |prefix: &str| {
        let rest = message.strip_prefix(prefix)?;
        rest.split('`').next().map(str::to_owned)
    };
    // The place in the text says nothing to a client that does not keep it.
    let detail = message.split(" at line ").next().unwrap_or(message);
    let (code, field) = if let Some(name) = quoted("unknown field `") {
        ("unknown-field", Some(name))
    } else if let Some(name) = quoted("missing field `") {
        ("missing-field", Some(name))
    } else {
        let field = (path != ".").then(|| path.to_owned());
        ("invalid-field", field)
    };
    ApiError {
        field,
        ..ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }
}

/// What a handler answers.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The media type.
    pub media_type: &'static str,
    /// The body.
    pub body: Payload,
}

/// A body, whole or as it happens.
#[derive(Debug)]
pub enum Payload {
    /// Whole.
    Whole(Bytes),
    /// Nothing: a browser goes there next.
    Elsewhere(String),
    /// Server-sent events after this place in the log.
    Events {
        /// Where to begin.
        after: u64,
        /// Which events.
        filter: ringfence_store::evidence::EventFilter,
    },
}

impl Answer {
    /// JSON with a status.
    ///
    /// # Errors
    /// 500 when the value cannot be written as JSON.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(value).map_err(|e| ApiError::internal(&e.to_string()))?;
        Ok(Self::text(status, "application/json", body))
    }

    /// 200 with JSON.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn ok(value: &impl Serialize) -> Result<Self, ApiError> {
        Self::json(StatusCode::OK, value)
    }

    /// 201 with JSON.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn created(value: &impl Serialize) -> Result<Self, ApiError> {
        Self::json(StatusCode::CREATED, value)
    }

    /// Any text.
    pub fn text(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            media_type,
            body: Payload::Whole(body.into()),
        }
    }
}

/// A list that was read whole, as a page.
pub fn whole_list(items: &[impl Serialize]) -> Value {
    serde_json::json!({ "items": items, "next_cursor": null })
}
