//! Reads a body up to a limit: the one place where it is counted, and refused when it is too large.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::Incoming;

use super::problem::ApiError;

/// The most of an oversized body that is read so that its sender can hear why it was refused: a client that is still
/// writing when the connection closes sees a broken pipe and never the answer.
const DROPPED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Hands each part of a body to `keep`, in order, as long as all of it is at most `most` bytes.
///
/// # Errors
/// 413 for more than `most` bytes, 400 for a body that breaks off, and what `keep` answers.
pub async fn each_part(
    mut body: Incoming,
    most: u64,
    mut keep: impl FnMut(&Bytes) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let mut length = 0_u64;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let detail = "the body broke off";
            ApiError::new(StatusCode::BAD_REQUEST, "body-broken", detail)
        })?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        length = length.saturating_add(data.len() as u64);
        if length <= most {
            keep(data)?;
        } else if length > most.saturating_add(DROPPED_BYTES_MAX) {
            break;
        }
    }
    if length <= most {
        return Ok(());
    }
    let detail = format!("the body is larger than {most} bytes");
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    Err(ApiError::new(status, "body-too-large", detail))
}
