//! Opening files as delivered: plain, `.gz` or `.zip` by their first bytes, never by their names.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ListError;

/// Told how many bytes were read.
pub struct Progress(Box<dyn Fn(u64)>);

impl Progress {
    /// Nobody looks.
    #[must_use]
    pub fn none() -> Self {
        Self(Box::new(|_| {}))
    }

    /// Calls `tell` with the bytes read since the last call.
    #[must_use]
    pub fn new(tell: impl Fn(u64) + 'static) -> Self {
        Self(Box::new(tell))
    }
}

/// One file, or one member of an archive.
pub struct Part {
    /// For messages.
    pub name: String,
    /// The names in which an area code in the registry's own pattern is looked for.
    pub file_names: Vec<String>,
}

/// What is done with one part.
type PartSink<'a> = dyn FnMut(&Part, &mut dyn BufRead) -> Result<(), ListError> + 'a;

/// Opens every file and every member; answers SHA-256 over the files as they came.
pub fn each_part(
    files: &[PathBuf],
    progress: &Progress,
    sink: &mut PartSink<'_>,
) -> Result<String, ListError> {
    let mut hash = Sha256::new();
    for path in files {
        let unreadable = |cause| ListError::Unreadable {
            file: path.display().to_string(),
            cause,
        };
        hash_file(path, &mut hash).map_err(unreadable)?;
        let mut file = File::open(path).map_err(unreadable)?;
        let mut magic = [0u8; 4];
        let got = read_up_to(&mut file, &mut magic).map_err(unreadable)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let counted = Counted { file, progress };
        let mut part = Part {
            name: path.display().to_string(),
            file_names: vec![base_name(path)],
        };
        match magic.get(..got) {
            Some([0x1f, 0x8b, ..]) => {
                let gz = flate2::read::MultiGzDecoder::new(BufReader::new(counted));
                sink(&part, &mut BufReader::with_capacity(1 << 16, gz))?;
            }
            Some(b"PK\x03\x04" | b"PK\x05\x06") => zip_members(counted, &mut part, sink)?,
            _ => sink(&part, &mut BufReader::with_capacity(1 << 16, counted))?,
        }
    }
    Ok(hex(&hash.finalize()))
}

fn zip_members(
    file: Counted<'_>,
    part: &mut Part,
    sink: &mut PartSink<'_>,
) -> Result<(), ListError> {
    let archive_name = part.name.clone();
    let outer = part.file_names.clone();
    let broken = |e: zip::result::ZipError| ListError::Unreadable {
        file: archive_name.clone(),
        cause: e.into(),
    };
    let mut archive = zip::ZipArchive::new(file).map_err(broken)?;
    let mut members = 0;
    for index in 0..archive.len() {
        // The member's CRC is checked when its end is read: a truncated member is an error.
        let member = archive.by_index(index).map_err(broken)?;
        if member.is_dir() {
            continue;
        }
        members += 1;
        part.name = format!("{archive_name}, member {}", member.name());
        part.file_names.clone_from(&outer);
        part.file_names.push(base_name(Path::new(member.name())));
        sink(part, &mut BufReader::with_capacity(1 << 16, member))?;
    }
    if members == 0 {
        let what = "the archive is empty".to_owned();
        return Err(ListError::File {
            file: archive_name,
            what,
        });
    }
    Ok(())
}

/// The area code in a name of the registry's own pattern, `2011-3-27_240_36554E44-....txt.zip`.
pub fn area_code_in_name(name: &str) -> Option<u16> {
    let mut parts = name.split('_');
    let (date, code, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let dated = date.split('-').count() == 3 && date.split('-').all(digits);
    let guid = rest.split('.').next()?;
    let is_guid = guid.len() == 36 && guid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let alone = parts.next().is_none();
    (dated && is_guid && alone && code.len() == 3 && digits(code))
        .then(|| code.parse().ok())
        .flatten()
}

fn base_name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn hash_file(path: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        hash.update(buffer.get(..n).unwrap_or_default());
    }
}

fn read_up_to(file: &mut File, buffer: &mut [u8; 4]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

struct Counted<'a> {
    file: File,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        (self.progress.0)(n as u64);
        Ok(n)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
