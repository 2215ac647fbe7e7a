//! The first 4,096 bytes of a list's file: what it is, and the hashes of all the rest.

use ringfence_core::evidence::sha256_hex;
use serde::{Deserialize, Serialize};

use super::{Fault, Result};

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 4096;

/// The arena is hashed in pieces of this size, so that several threads can verify it and a quiet watcher can go on
/// where it stopped.
pub(super) const PIECE_BYTES: usize = 1 << 20;

const MAGIC: &[u8; 8] = b"RFLIST\x01\n";

/// How the numbers of an exchange are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// 1,250 bytes for each exchange.
    Bitmap,
    /// Where each exchange begins (four bytes each, and the end), then the last four digits, two bytes each, sorted.
    Sorted,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version's id, `lst_...`.
    pub id: String,
    /// How many numbers.
    pub count: u64,
    /// As of when, in microseconds since 1970.
    pub obtained_at: i64,
    /// SHA-256 over the files that it was made from.
    pub source_sha256: String,
    /// How the arena is written.
    pub encoding: Encoding,
    /// Where the directory's words begin, in units of 64 exchanges.
    pub directory_first: u32,
    /// Bytes of the directory.
    pub directory_bytes: u64,
    /// SHA-256 over them.
    pub directory_sha256: String,
    /// Bytes of the arena.
    pub arena_bytes: u64,
    /// SHA-256 over the SHA-256 of each piece of the arena, which stand behind it.
    pub pieces_sha256: String,
}

impl Header {
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(self).map_err(|e| Fault::damaged(e.to_string()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(text);
        if bytes.len() > HEADER_BYTES {
            return Err(Fault::damaged("its header is too long"));
        }
        bytes.resize(HEADER_BYTES, 0);
        Ok(bytes)
    }

    /// Reads what must have this hash: the one that the database keeps, so that no other file can take its place.
    pub(super) fn decode(bytes: &[u8], sha256: &str) -> Result<Self> {
        if sha256_hex(bytes) != sha256 {
            return Err(Fault::damaged("its header does not have the recorded hash"));
        }
        let text = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| Fault::damaged("it is no list of this program"))?;
        let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
        serde_json::from_slice(text.get(..end).unwrap_or_default())
            .map_err(|e| Fault::damaged(format!("its header: {e}")))
    }

    /// Pieces of the arena.
    pub(super) const fn pieces(&self) -> u64 {
        self.arena_bytes.div_ceil(PIECE_BYTES as u64)
    }

    /// Where the arena begins in the file.
    pub(super) const fn arena_at(&self) -> u64 {
        HEADER_BYTES as u64 + self.directory_bytes
    }

    /// Bytes of the whole file.
    #[must_use]
    pub const fn file_bytes(&self) -> u64 {
        self.arena_at() + self.arena_bytes + self.pieces() * 32
    }
}
