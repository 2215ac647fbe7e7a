//! A body that may be the whole registry: kept in a file without a name, which ends with the request, whatever happens.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};

use super::problem::ApiError;

/// A body on disk.
#[derive(Debug)]
pub struct Spooled {
    file: File,
    /// SHA-256 over it.
    pub sha256: [u8; 32],
}

impl Spooled {
    /// Where it can be opened while this lives.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/dev/fd/{}", self.file.as_raw_fd()))
    }
}

/// Reads a body into a file in `folder`.
///
/// # Errors
/// 413 for more than `most` bytes, of which `dropped` more are read so that the sender hears of it; 400 for a body that
/// breaks off; 503 when the disk takes no more.
pub async fn keep(
    mut body: Incoming,
    folder: &Path,
    most: u64,
    dropped: u64,
) -> Result<Spooled, ApiError> {
    let full = |error: std::io::Error| {
        tracing::error!(%error, "an uploaded list could not be kept");
        let detail = "the body could not be kept on disk";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "disk", detail)
    };
    let mut file = tempfile::tempfile_in(folder).map_err(full)?;
    let mut hash = Sha256::new();
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
            hash.update(data);
            // Into the page cache: short enough for a thread that others wait for, too.
            file.write_all(data).map_err(full)?;
        } else if length > most.saturating_add(dropped) {
            break;
        }
    }
    if length > most {
        let detail = format!("the body is larger than {most} bytes");
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            detail,
        ));
    }
    file.flush().map_err(full)?;
    Ok(Spooled {
        file,
        sha256: hash.finalize().into(),
    })
}
