//! Writing a list's file: under a name of its own first, flushed, then put in place.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use ringfence_core::evidence::sha256_hex;
use sha2::{Digest, Sha256};

use super::build::lasts;
use super::header::{HEADER_BYTES, PIECE_BYTES};
use super::{BLOCK_BYTES, Directory, Encoding, Fault, Header, Result};

/// What the header says beside what the numbers say themselves.
#[derive(Debug, Clone)]
pub struct Label {
    /// The version's id.
    pub id: String,
    /// As of when, in microseconds since 1970.
    pub obtained_at: i64,
    /// SHA-256 over the files that it is made from.
    pub source_sha256: String,
}

/// Writes a file and puts it in place; durable when this returns. Answers the header and its SHA-256.
///
/// # Errors
/// [`Fault::Io`]; then there is no such file.
pub fn write<'b>(
    path: &Path,
    label: &Label,
    count: u64,
    directory: &Directory,
    blocks: impl Iterator<Item = &'b [u8]> + Clone,
) -> Result<(Header, String)> {
    let temporary = path.with_extension("part");
    let written = write_to(&temporary, label, count, directory, blocks);
    let written = written.and_then(|written| {
        fs::rename(&temporary, path)?;
        // The name is durable only with its directory.
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(written)
    });
    if written.is_err() {
        // What is left is swept later.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_to<'b>(
    path: &Path,
    label: &Label,
    count: u64,
    directory: &Directory,
    blocks: impl Iterator<Item = &'b [u8]> + Clone,
) -> Result<(Header, String)> {
    let exchanges = directory.len() as u64;
    let thin = count * 2 + (exchanges + 1) * 4;
    let (encoding, arena_bytes) = if thin < exchanges * BLOCK_BYTES as u64 {
        (Encoding::Sorted, thin)
    } else {
        (Encoding::Bitmap, exchanges * BLOCK_BYTES as u64)
    };
    let words = directory.encode();
    let mut header = Header {
        id: label.id.clone(),
        count,
        obtained_at: label.obtained_at,
        source_sha256: label.source_sha256.clone(),
        encoding,
        directory_first: directory.first(),
        directory_bytes: words.len() as u64,
        directory_sha256: sha256_hex(&words),
        arena_bytes,
        pieces_sha256: String::new(),
    };
    let mut file = File::create(path)?;
    file.write_all(&[0; HEADER_BYTES])?;
    file.write_all(&words)?;
    let mut pieces = Pieces::new(&mut file);
    match encoding {
        Encoding::Bitmap => blocks.into_iter().try_for_each(|block| pieces.put(block))?,
        Encoding::Sorted => sorted(&mut pieces, blocks)?,
    }
    let (table, bytes) = pieces.finish()?;
    if bytes != arena_bytes {
        return Err(Fault::damaged("the numbers are not as many as was said"));
    }
    file.write_all(&table)?;
    header.pieces_sha256 = sha256_hex(&table);
    let bytes = header.encode()?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok((header, sha256_hex(&bytes)))
}

fn sorted<'b>(
    pieces: &mut Pieces<'_>,
    blocks: impl Iterator<Item = &'b [u8]> + Clone,
) -> Result<()> {
    let mut begins = 0_u32;
    pieces.put(&begins.to_le_bytes())?;
    for block in blocks.clone() {
        begins = u32::try_from(super::build::count_ones(block))
            .ok()
            .and_then(|count| begins.checked_add(count))
            .ok_or_else(|| Fault::damaged("more numbers than there are"))?;
        pieces.put(&begins.to_le_bytes())?;
    }
    for last in blocks.flat_map(lasts) {
        // Last four digits are under 10,000.
        pieces.put(&(last as u16).to_le_bytes())?;
    }
    Ok(())
}

/// Writes the arena, and hashes each piece as it fills.
struct Pieces<'f> {
    file: &'f mut File,
    piece: Vec<u8>,
    table: Vec<u8>,
    bytes: u64,
}

impl<'f> Pieces<'f> {
    fn new(file: &'f mut File) -> Self {
        Self {
            file,
            piece: Vec::with_capacity(PIECE_BYTES),
            table: Vec::new(),
            bytes: 0,
        }
    }

    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = PIECE_BYTES - self.piece.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.piece)?;
        self.table.extend_from_slice(&Sha256::digest(&self.piece));
        self.bytes += self.piece.len() as u64;
        self.piece.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<(Vec<u8>, u64)> {
        if !self.piece.is_empty() {
            self.flush()?;
        }
        Ok((self.table, self.bytes))
    }
}
