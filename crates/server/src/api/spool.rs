//! A body that may be the whole registry: kept in a file without a name, which ends with the request, whatever happens.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use hyper::StatusCode;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};

use super::problem::ApiError;
use super::receive::each_part;

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
/// As [`each_part`]; 503 when the disk takes no more.
pub async fn keep(body: Incoming, folder: &Path, most: u64) -> Result<Spooled, ApiError> {
    let full = |error: std::io::Error| {
        tracing::error!(%error, "an uploaded list could not be kept");
        let detail = "the body could not be kept on disk";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "disk", detail)
    };
    let mut file = tempfile::tempfile_in(folder).map_err(full)?;
    let mut hash = Sha256::new();
    each_part(body, most, |data| {
        hash.update(data);
        // Into the page cache: short enough for a thread that others wait for, too.
        file.write_all(data).map_err(full)
    })
    .await?;
    file.flush().map_err(full)?;
    Ok(Spooled {
        file,
        sha256: hash.finalize().into(),
    })
}
