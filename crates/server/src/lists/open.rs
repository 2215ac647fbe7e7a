//! Opening files as delivered: plain, `.gz` or `.zip` by their first bytes, never by their names. One thread unpacks,
//! one reads what it unpacked, one hashes the files as they came; between them stands a bounded queue.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::{ListError, Source};

/// Bytes that are handed over at once.
const BLOCK_BYTES: usize = 256 * 1024;

/// Blocks that may wait (invariant `bounded`).
const BLOCKS_MAX: usize = 8;

/// Told how many bytes were read.
pub struct Progress(Box<dyn Fn(u64) + Send + Sync>);

impl Progress {
    /// Nobody looks.
    #[must_use]
    pub fn none() -> Self {
        Self(Box::new(|_| {}))
    }

    /// Calls `tell` with the bytes read since the last call.
    #[must_use]
    pub fn new(tell: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(Box::new(tell))
    }
}

/// One file, or one member of an archive.
#[derive(Debug, Clone)]
pub struct Part {
    /// For messages.
    pub name: String,
    /// The names in which an area code in the registry's own pattern is looked for.
    pub file_names: Vec<String>,
}

/// What is done with one part.
type PartSink<'a> = dyn FnMut(&Part, &mut dyn BufRead) -> Result<(), ListError> + 'a;

/// From the thread that unpacks to the one that reads.
enum Sent {
    Begin(Part),
    Bytes(Vec<u8>),
    End,
    Failed(ListError),
}

/// Where unpacked blocks go, and where those that were read come back from: three gigabytes of fresh memory would cost
/// more than what is done with them.
struct Queue {
    sent: SyncSender<Sent>,
    spent: Receiver<Vec<u8>>,
}

/// Opens every file and every member; answers SHA-256 over the files as they came.
pub fn each_part(
    files: &[Source],
    progress: &Progress,
    sink: &mut PartSink<'_>,
) -> Result<String, ListError> {
    let before = looks(files)?;
    let (queue, sent) = sync_channel(BLOCKS_MAX);
    let (back, spent) = sync_channel(BLOCKS_MAX);
    let queue = Queue { sent: queue, spent };
    let hash = std::thread::scope(|scope| {
        let hashed = scope.spawn(|| hash_files(files));
        scope.spawn(move || unpack_all(files, progress, &queue));
        let read = read_parts(&sent, &back, sink);
        // Whoever still unpacks finds nobody to send to.
        drop(sent);
        read?;
        hashed.join().map_err(|_| ListError::File {
            file: "files".to_owned(),
            what: "they could not be hashed".to_owned(),
        })?
    })?;
    // The rows and the hash come from two readings: they are of the same file only if nobody wrote in between.
    for ((file, before), after) in files.iter().zip(before).zip(looks(files)?) {
        if before != after {
            return Err(ListError::File {
                file: file.name.clone(),
                what: "it changed while it was read".to_owned(),
            });
        }
    }
    Ok(hash)
}

fn read_parts(
    sent: &Receiver<Sent>,
    back: &SyncSender<Vec<u8>>,
    sink: &mut PartSink<'_>,
) -> Result<(), ListError> {
    while let Ok(next) = sent.recv() {
        match next {
            Sent::Begin(part) => {
                let mut text = Unpacked {
                    sent,
                    back,
                    block: Vec::new(),
                    at: 0,
                    ended: None,
                };
                let read = sink(&part, &mut text);
                // A file that breaks off breaks the line that it breaks off in: the file is what is wrong.
                if let Some(Err(error)) = text.ended {
                    return Err(error);
                }
                read?;
            }
            Sent::Failed(error) => return Err(error),
            Sent::Bytes(_) | Sent::End => {}
        }
    }
    Ok(())
}

/// One part's bytes as they come.
struct Unpacked<'a> {
    sent: &'a Receiver<Sent>,
    back: &'a SyncSender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
    ended: Option<Result<(), ListError>>,
}

impl BufRead for Unpacked<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.block.len() && self.ended.is_none() {
            match self.sent.recv() {
                Ok(Sent::Bytes(block)) => {
                    let spent = std::mem::replace(&mut self.block, block);
                    self.at = 0;
                    // Where it is full there are enough of them.
                    let _ = self.back.try_send(spent);
                }
                Ok(Sent::Failed(error)) => self.ended = Some(Err(error)),
                Ok(Sent::Begin(_) | Sent::End) => self.ended = Some(Ok(())),
                Err(_) => {
                    let what = "the unpacking stopped".to_owned();
                    let file = String::new();
                    self.ended = Some(Err(ListError::File { file, what }));
                }
            }
        }
        if matches!(self.ended, Some(Err(_))) {
            return Err(io::Error::other("broken off"));
        }
        Ok(self.block.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.at.saturating_add(amount).min(self.block.len());
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.fill_buf()?;
        let n = rest.read(into)?;
        self.consume(n);
        Ok(n)
    }
}

fn unpack_all(files: &[Source], progress: &Progress, queue: &Queue) {
    for file in files {
        match unpack(file, progress, queue) {
            Ok(true) => {}
            // Nobody reads on.
            Ok(false) => return,
            Err(error) => {
                let _ = queue.sent.send(Sent::Failed(error));
                return;
            }
        }
    }
}

/// Whether somebody still reads.
type Goes = Result<bool, ListError>;

fn unpack(source: &Source, progress: &Progress, queue: &Queue) -> Goes {
    let unreadable = |cause| ListError::Unreadable {
        file: source.name.clone(),
        cause,
    };
    let mut file = File::open(&source.path).map_err(unreadable)?;
    let mut magic = [0u8; 4];
    let got = read_up_to(&mut file, &mut magic).map_err(unreadable)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let counted = Counted { file, progress };
    let mut part = Part {
        name: source.name.clone(),
        file_names: vec![base_name(Path::new(&source.name))],
    };
    match magic.get(..got) {
        Some([0x1f, 0x8b, ..]) => {
            let packed = BufReader::with_capacity(BLOCK_BYTES, counted);
            let mut gz = flate2::bufread::MultiGzDecoder::new(packed);
            send_part(&part, &mut gz, queue)
        }
        Some(b"PK\x03\x04" | b"PK\x05\x06") => zip_members(counted, &mut part, queue),
        _ => send_part(&part, &mut { counted }, queue),
    }
}

fn send_part(part: &Part, from: &mut dyn Read, queue: &Queue) -> Goes {
    if queue.sent.send(Sent::Begin(part.clone())).is_err() {
        return Ok(false);
    }
    loop {
        let mut block = queue.spent.try_recv().unwrap_or_default();
        block.resize(BLOCK_BYTES, 0);
        let mut got = 0;
        while let Some(rest) = block.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match from.read(rest) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    let file = part.name.clone();
                    return Err(ListError::Unreadable { file, cause });
                }
            }
        }
        let last = got < block.len();
        block.truncate(got);
        if queue.sent.send(Sent::Bytes(block)).is_err() {
            return Ok(false);
        }
        if last {
            return Ok(queue.sent.send(Sent::End).is_ok());
        }
    }
}

fn zip_members(file: Counted<'_>, part: &mut Part, queue: &Queue) -> Goes {
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
        let mut member = archive.by_index(index).map_err(broken)?;
        if member.is_dir() {
            continue;
        }
        members += 1;
        part.name = format!("{archive_name}, member {}", member.name());
        part.file_names.clone_from(&outer);
        part.file_names.push(base_name(Path::new(member.name())));
        if !send_part(part, &mut member, queue)? {
            return Ok(false);
        }
    }
    if members == 0 {
        let what = "the archive is empty".to_owned();
        return Err(ListError::File {
            file: archive_name,
            what,
        });
    }
    Ok(true)
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

/// How each file looks from outside.
fn looks(files: &[Source]) -> Result<Vec<(u64, Option<SystemTime>)>, ListError> {
    let look = |file: &Source| {
        let found = std::fs::metadata(&file.path).map_err(|cause| ListError::Unreadable {
            file: file.name.clone(),
            cause,
        })?;
        Ok((found.len(), found.modified().ok()))
    };
    files.iter().map(look).collect()
}

fn hash_files(files: &[Source]) -> Result<String, ListError> {
    let mut hash = Sha256::new();
    for file in files {
        hash_file(&file.path, &mut hash).map_err(|cause| ListError::Unreadable {
            file: file.name.clone(),
            cause,
        })?;
    }
    Ok(hex(&hash.finalize()))
}

fn hash_file(path: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0u8; BLOCK_BYTES];
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
