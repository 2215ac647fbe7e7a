//! Errors at the HTTP edge: RFC 9457 problem+json with a stable `code`. Internal text is logged once, never sent.

use hyper::StatusCode;
use ringfence_store::StoreError;
use serde_json::{Map, Value, json};

use crate::desk::DeskError;

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable, kebab-case.
    pub code: &'static str,
    /// For people; without personal data.
    pub detail: String,
    /// The field it is about.
    pub field: Option<String>,
    /// Seconds until it is worth trying again.
    pub retry_after_seconds: Option<u32>,
    /// The methods that the path knows.
    pub allow: Option<String>,
}

impl ApiError {
    /// An error.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            field: None,
            retry_after_seconds: None,
            allow: None,
        }
    }

    /// 422 about one field.
    pub fn field(field: &str, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", detail)
        }
    }

    /// 404 for a record.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("no such {what}"),
        )
    }

    /// 500; `cause` goes to the log only.
    pub fn internal(cause: &str) -> Self {
        tracing::error!(cause, "request failed");
        let detail = "something went wrong here; it is in the log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The problem document.
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), json!("about:blank"));
        body.insert(
            "title".into(),
            json!(self.status.canonical_reason().unwrap_or("Error")),
        );
        body.insert("status".into(), json!(self.status.as_u16()));
        body.insert("code".into(), json!(self.code));
        body.insert("detail".into(), json!(self.detail));
        if let Some(field) = &self.field {
            body.insert("field".into(), json!(field));
        }
        Value::Object(body)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::Conflict(why) => Self::new(StatusCode::CONFLICT, "conflict", why),
            StoreError::Invalid { what } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", what)
            }
            StoreError::Unavailable(cause) => {
                tracing::error!(cause, "store unavailable");
                let detail = "the database cannot be reached; nothing was kept";
                Self {
                    retry_after_seconds: Some(1),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", detail)
                }
            }
            StoreError::Corrupt(cause) => Self::internal(&cause),
        }
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::TrunkUnknown => Self {
                field: Some("trunk".into()),
                ..Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "trunk-unknown",
                    "no trunk of that id is configured",
                )
            },
            DeskError::NoCapacity {
                retry_after_seconds,
            } => Self {
                retry_after_seconds: Some(retry_after_seconds),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "no-capacity",
                    "every line is taken",
                )
            },
            DeskError::AgentUnavailable(why) => Self {
                field: Some("agent".into()),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "agent-unavailable", why)
            },
            DeskError::NotUnderWay => Self::new(
                StatusCode::CONFLICT,
                "call-not-under-way",
                "there is no such call under way",
            ),
            DeskError::Closing => Self {
                retry_after_seconds: Some(5),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "closing", "shutting down")
            },
            DeskError::Store(error) => error.into(),
        }
    }
}
