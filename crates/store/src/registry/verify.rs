//! Reading a list's file back, piece by piece, against its hashes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::header::{HEADER_BYTES, PIECE_BYTES};
use super::{Fault, Header, Result};

/// Threads that read a large file.
const THREADS_MAX: usize = 4;

/// The SHA-256 of each piece.
pub(super) type PieceTable = Vec<[u8; 32]>;

pub(super) fn read_at(file: &File, into: &mut [u8], at: u64) -> Result<()> {
    file.read_exact_at(into, at).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            Fault::damaged("it is cut off")
        } else {
            Fault::Io(error)
        }
    })
}

pub(super) fn read_header(file: &File, sha256: &str) -> Result<Header> {
    let mut bytes = vec![0; HEADER_BYTES];
    read_at(file, &mut bytes, 0)?;
    let header = Header::decode(&bytes, sha256)?;
    if file.metadata()?.len() != header.file_bytes() {
        return Err(Fault::damaged("it does not have the length that it had"));
    }
    Ok(header)
}

pub(super) fn piece_table(file: &File, header: &Header) -> Result<PieceTable> {
    let mut bytes = vec![0; usize::try_from(header.pieces() * 32).unwrap_or_default()];
    read_at(file, &mut bytes, header.arena_at() + header.arena_bytes)?;
    if ringfence_core::evidence::sha256_hex(&bytes) != header.pieces_sha256 {
        return Err(Fault::damaged("its table of hashes does not have its hash"));
    }
    Ok(bytes.as_chunks::<32>().0.to_vec())
}

/// Reads the whole arena, verified, with a few threads.
pub(super) fn read_pieces(
    file: &File,
    header: &Header,
    table: &PieceTable,
    arena: &mut [u8],
) -> Result<()> {
    let mut pieces: Vec<_> = (0..).zip(arena.chunks_mut(PIECE_BYTES)).collect();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_MAX));
    let stop = AtomicBool::new(false);
    let failed = Mutex::new(None);
    let share = pieces.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for part in pieces.chunks_mut(share) {
            let (failed, stop) = (&failed, &stop);
            let read = move || {
                for (at, piece) in part {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    if let Err(fault) = read_piece(file, header, table, *at, piece) {
                        stop.store(true, Ordering::Relaxed);
                        *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
                    }
                }
            };
            scope.spawn(read);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// Reads one piece of the arena and verifies it; `buffer` is a piece long.
pub(super) fn verify_piece(
    file: &File,
    header: &Header,
    table: &PieceTable,
    at: u64,
    buffer: &mut [u8],
) -> Result<()> {
    let begins = at * PIECE_BYTES as u64;
    let bytes = header
        .arena_bytes
        .saturating_sub(begins)
        .min(PIECE_BYTES as u64);
    let piece = buffer
        .get_mut(..usize::try_from(bytes).unwrap_or_default())
        .ok_or_else(|| Fault::damaged("a piece that is too long"))?;
    read_piece(file, header, table, at, piece)
}

fn read_piece(
    file: &File,
    header: &Header,
    table: &PieceTable,
    at: u64,
    piece: &mut [u8],
) -> Result<()> {
    read_at(file, piece, header.arena_at() + at * PIECE_BYTES as u64)?;
    let expected = usize::try_from(at).ok().and_then(|at| table.get(at));
    if expected.is_none_or(|hash| hash != Sha256::digest(&*piece).as_slice()) {
        return Err(Fault::damaged("a part of it does not have its hash"));
    }
    Ok(())
}
