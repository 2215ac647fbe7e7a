//! The file itself: a header, then frames, one for each flush; each begins a block of 4,096 bytes.
//!
//! ```text
//! header   8  magic
//!          4  schema version, little end first
//!         16  generation, random: a file that begins anew has another one
//!         16  seal over the above
//! frame    4  length of what follows the seal; 0, or no room for it: the end
//!         16  seal: HMAC-SHA-256 over generation, place in the file and contents, its first half
//!          n  contents
//! ```
//!
//! The seal's key comes from the key that signs the log's heads: a frame that was cut off, written for an earlier
//! generation or made by anybody else is none.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ring::hmac;

use super::super::connection::beside;
use super::super::secret;
use super::disk::{BLOCK, Disk, round_up};
use crate::{Result, StoreError};

const MAGIC: &[u8; 8] = b"rf-ahea2";
/// Its frames stood side by side.
const MAGIC_BEFORE: &[u8; 8] = b"rf-ahead";
const HEADER_BYTES: usize = 44;
const SEAL_BYTES: usize = 16;
const FRAME_HEAD_BYTES: usize = 4 + SEAL_BYTES;

/// From here on the file should begin anew (invariant `bounded`): some eight thousand flushes, or fifteen thousand decisions.
const FULL_BYTES: u64 = 32 << 20;

/// No frame is longer; a group of commands at its bounds is a hundredth of it.
const FRAME_BYTES_MAX: usize = 64 << 20;

/// `<database>.ahead`.
pub(super) fn path_beside(database: &Path) -> PathBuf {
    beside(database, ".ahead")
}

/// The key of the seals.
pub(super) fn seal_key(secret: &[u8; 32]) -> hmac::Key {
    let derived = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        b"ringfence: what is ahead of the database",
    );
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

/// The file, held by the one process that writes it.
#[derive(Debug)]
pub(super) struct AheadFile {
    disk: Disk,
    key: hmac::Key,
    schema: u32,
    generation: [u8; 16],
    /// Where the next frame goes; none: a header comes first.
    end: Option<u64>,
}

impl AheadFile {
    /// Opens or makes the file and holds it; none when another process does.
    pub(super) fn hold(database: &Path, key: &hmac::Key, schema: u32) -> Result<Option<Self>> {
        let path = path_beside(database);
        let unavailable =
            |e: io::Error| StoreError::Unavailable(format!("{}: {e}", path.display()));
        let Some(disk) = Disk::hold(&path).map_err(unavailable)? else {
            return Ok(None);
        };
        // Its name is durable before anything in it is relied on.
        secret::sync_directory(&path).map_err(unavailable)?;
        Ok(Some(Self {
            disk,
            key: key.clone(),
            schema,
            generation: [0; 16],
            end: None,
        }))
    }

    /// Begins anew with the next frame: everything in the file is durable in the database.
    pub(super) fn begin_anew(&mut self) {
        self.end = None;
    }

    /// Empties it: everything in it is durable in the database, and nothing more will come.
    pub(super) fn clear(&mut self) {
        // What is left behind is known to the database, and is passed over when it is read.
        let _ = self.disk.clear();
        self.end = None;
    }

    /// Whether it is time to begin anew.
    pub(super) fn is_full(&self) -> bool {
        self.end.is_some_and(|end| end >= FULL_BYTES)
    }

    /// Appends a frame and makes it durable.
    pub(super) fn append(&mut self, contents: &[u8]) -> Result<()> {
        self.write(contents)
            .map_err(|e| StoreError::Unavailable(format!("what is ahead of the database: {e}")))
    }

    fn write(&mut self, contents: &[u8]) -> io::Result<()> {
        let length = u32::try_from(contents.len()).map_err(io::Error::other)?;
        let begin = match self.end {
            Some(end) => end,
            None => self.write_header()?,
        };
        let seal = seal(&self.key, &self.generation, begin, contents);
        let (seal, _) = seal.as_ref().split_at(SEAL_BYTES);
        let parts = [&length.to_le_bytes(), seal, contents];
        self.disk.write(&parts, begin)?;
        let bytes = FRAME_HEAD_BYTES.saturating_add(contents.len());
        self.end = Some(begin.saturating_add(round_up(bytes) as u64));
        Ok(())
    }

    /// A new generation's header: durable before a frame of the one before is written over, for with the old header such a
    /// frame would pass for one that was changed. Returns where the first frame goes.
    fn write_header(&mut self) -> io::Result<u64> {
        getrandom::fill(&mut self.generation).map_err(io::Error::other)?;
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&self.schema.to_le_bytes());
        header.extend_from_slice(&self.generation);
        let seal = hmac::sign(&self.key, &header);
        header.extend(seal.as_ref().iter().take(SEAL_BYTES));
        self.disk.write(&[&header], 0)?;
        Ok(BLOCK as u64)
    }
}

fn seal(key: &hmac::Key, generation: &[u8], place: u64, contents: &[u8]) -> hmac::Tag {
    let mut seal = hmac::Context::with_key(key);
    seal.update(generation);
    seal.update(&place.to_le_bytes());
    seal.update(contents);
    seal.sign()
}

/// What a file holds, read by whoever holds the database's write lock.
#[derive(Debug)]
pub(super) struct Found {
    /// The schema that the frames were written for.
    pub(super) schema: u32,
    bytes: Vec<u8>,
    frames: Vec<std::ops::Range<usize>>,
}

impl Found {
    /// The contents of the frames, in order.
    pub(super) fn frames(&self) -> impl Iterator<Item = &[u8]> {
        self.frames
            .iter()
            .filter_map(|range| self.bytes.get(range.clone()))
    }

    /// Reads a file; none when there is none, or nothing was written yet.
    ///
    /// # Errors
    /// `Corrupt` when it is another database's, or was changed. A last frame that is not whole is no error: the
    /// flush that wrote it never ended, and nobody was answered.
    pub(super) fn read(path: &Path, key: &hmac::Key) -> Result<Option<Self>> {
        let read = || {
            let mut bytes = Vec::new();
            let most = FULL_BYTES.saturating_add(FRAME_BYTES_MAX as u64);
            File::open(path)?.take(most).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = match read() {
            Ok(bytes) => bytes,
            Err::<_, io::Error>(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => {
                return Err(StoreError::Unavailable(format!("{}: {e}", path.display())));
            }
        };
        let header = bytes.get(..HEADER_BYTES).unwrap_or_default();
        if header.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let corrupt = |what: &str| {
            StoreError::Corrupt(format!(
                "{}: {what}; it may hold decisions that are not in the database yet. Put back the database that it \
                 belongs to, or move it away to go on without them",
                path.display()
            ))
        };
        if header.starts_with(MAGIC_BEFORE) {
            return Err(corrupt(
                "written by an earlier version of this program; start that one once",
            ));
        }
        let (signed, its_seal) = header.split_at(HEADER_BYTES - SEAL_BYTES);
        let Some((schema, generation)) = signed
            .strip_prefix(MAGIC)
            .and_then(|rest| rest.split_first_chunk())
        else {
            return Err(corrupt("not such a file"));
        };
        if !is_seal(&hmac::sign(key, signed), its_seal) {
            return Err(corrupt("not written with this database's key"));
        }
        let mut frames = Vec::new();
        let mut place = BLOCK;
        while let Some(frame) = frame_at(&bytes, place, key, generation) {
            place = round_up(frame.end);
            frames.push(frame);
        }
        if let Some(after) = claimed_end(&bytes, place)
            && frame_at(&bytes, round_up(after), key, generation).is_some()
        {
            return Err(corrupt("a frame within it was changed"));
        }
        Ok(Some(Self {
            schema: u32::from_le_bytes(*schema),
            bytes,
            frames,
        }))
    }
}

/// Where the frame at a place says that it ends.
fn claimed_end(bytes: &[u8], place: usize) -> Option<usize> {
    let length = bytes.get(place..)?.first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let end = place.checked_add(FRAME_HEAD_BYTES)?.checked_add(length)?;
    ((1..=FRAME_BYTES_MAX).contains(&length) && end <= bytes.len()).then_some(end)
}

/// The contents of the whole frame at a place, if there is one.
fn frame_at(
    bytes: &[u8],
    place: usize,
    key: &hmac::Key,
    generation: &[u8],
) -> Option<std::ops::Range<usize>> {
    let end = claimed_end(bytes, place)?;
    let begin = place.checked_add(FRAME_HEAD_BYTES)?;
    let contents = bytes.get(begin..end)?;
    let its_seal = bytes.get(begin.checked_sub(SEAL_BYTES)?..begin)?;
    let seal = seal(key, generation, place as u64, contents);
    is_seal(&seal, its_seal).then_some(begin..end)
}

fn is_seal(tag: &hmac::Tag, seal: &[u8]) -> bool {
    tag.as_ref().get(..SEAL_BYTES) == Some(seal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn written(path: &Path, frames: &[&[u8]]) -> AheadFile {
        let mut file = AheadFile::hold(path, &seal_key(&SECRET), 6)
            .unwrap()
            .unwrap();
        for frame in frames {
            file.append(frame).unwrap();
        }
        file
    }

    fn read(path: &Path) -> Result<Vec<Vec<u8>>> {
        let found = Found::read(&path_beside(path), &seal_key(&SECRET))?;
        Ok(found
            .iter()
            .flat_map(Found::frames)
            .map(<[u8]>::to_vec)
            .collect())
    }

    #[test]
    fn frames_are_read_back_and_one_that_was_cut_off_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        assert!(read(&path).unwrap().is_empty());
        let file = written(&path, &[b"one", &[b'2'; 70_000], b"three"]);
        assert_eq!(read(&path).unwrap().len(), 3);
        let whole = std::fs::read(path_beside(&path)).unwrap();
        assert_eq!(whole.len() % (64 << 10), 0);
        let last = usize::try_from(file.end.unwrap()).unwrap() - BLOCK;
        let end = last + FRAME_HEAD_BYTES + 5;
        for cut in [end - 1, end - 5, end - 20, last] {
            let mut torn = whole.clone();
            torn[cut..].fill(0);
            std::fs::write(path_beside(&path), torn).unwrap();
            assert_eq!(read(&path).unwrap().len(), 2, "{cut}");
        }
    }

    #[test]
    fn a_file_that_begins_anew_holds_nothing_of_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let mut file = written(&path, &[b"a1", b"a2", b"a3"]);
        file.begin_anew();
        file.append(b"b1").unwrap();
        assert_eq!(read(&path).unwrap(), [b"b1"]);
    }

    #[test]
    fn only_one_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let held = written(&path, &[]);
        assert!(
            AheadFile::hold(&path, &seal_key(&SECRET), 6)
                .unwrap()
                .is_none()
        );
        drop(held);
        assert!(
            AheadFile::hold(&path, &seal_key(&SECRET), 6)
                .unwrap()
                .is_some()
        );
    }

    #[test]
    fn what_was_changed_or_belongs_elsewhere_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        drop(written(&path, &[b"first", b"second", b"third"]));
        let whole = std::fs::read(path_beside(&path)).unwrap();
        // The header's magic, version, generation and seal; the first frame's seal and contents.
        for changed in [0, 8, 12, 30, BLOCK + 6, BLOCK + 22] {
            let mut bytes = whole.clone();
            bytes[changed] ^= 1;
            std::fs::write(path_beside(&path), bytes).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)), "{changed}");
        }
        let before = [MAGIC_BEFORE, &whole[8..]].concat();
        std::fs::write(path_beside(&path), before).unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.to_string().contains("earlier version"), "{error}");
        std::fs::write(path_beside(&path), &whole).unwrap();
        let other = seal_key(&[8; 32]);
        assert!(Found::read(&path_beside(&path), &other).is_err());
        assert_eq!(read(&path).unwrap().len(), 3);
    }
}
