//! Bytes to text: what spreadsheets and ad platforms really write.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::Serialize;

use super::FileError;

/// How the file's bytes were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-8 with some bytes that are not; each reads as U+FFFD and no row is lost for it.
    Utf8Damaged,
    /// UTF-16, little endian (Meta's export, Excel's "Unicode text").
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// Windows-1252, of which Latin-1 is a part as far as people write it.
    Windows1252,
}

/// How many bytes are looked at to tell one encoding from another.
const SAMPLE_BYTES: usize = 8_192;

/// Kinds of files that are mistaken for CSV, by their first bytes.
const OTHER_KINDS: [(&[u8], &str); 7] = [
    (
        b"PK\x03\x04",
        "an .xlsx workbook or a .zip; save the sheet as CSV",
    ),
    (
        b"\xD0\xCF\x11\xE0",
        "an old .xls workbook; save the sheet as CSV",
    ),
    (b"%PDF", "a PDF"),
    (b"\x1F\x8B", "gzip; unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (
        b"\xFF\xFE\x00\x00",
        "text in UTF-32; save it as CSV in UTF-8",
    ),
];

/// Decodes a lead file.
///
/// # Errors
/// [`FileError::NotText`] when the bytes are plainly no text, [`FileError::Empty`] when there are none.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, Encoding), FileError> {
    for (magic, kind) in OTHER_KINDS {
        if bytes.starts_with(magic) {
            return Err(FileError::NotText { kind });
        }
    }
    let (text, encoding) = decode_any(bytes);
    if is_binary(&text) {
        return Err(FileError::NotText {
            kind: "no text at all",
        });
    }
    // A file may hold more than one mark after it was joined from others, and Ctrl-Z ends DOS files.
    let text = text
        .trim_start_matches('\u{FEFF}')
        .trim_end_matches(['\u{1A}', '\0']);
    if text.trim().is_empty() {
        return Err(FileError::Empty);
    }
    Ok((text.to_owned(), encoding))
}

fn decode_any(bytes: &[u8]) -> (String, Encoding) {
    let utf16 = |rest: &[u8], little: bool| {
        let codec = if little { UTF_16LE } else { UTF_16BE };
        let (text, _) = codec.decode_without_bom_handling(rest);
        let name = if little {
            Encoding::Utf16Le
        } else {
            Encoding::Utf16Be
        };
        (text.into_owned(), name)
    };
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return utf16(rest, true);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return utf16(rest, false);
    }
    if let Some(little) = plainly_utf16(bytes) {
        return utf16(bytes, little);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), Encoding::Utf8);
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") || mostly_utf8(bytes) {
        return (
            String::from_utf8_lossy(bytes).into_owned(),
            Encoding::Utf8Damaged,
        );
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    (text.into_owned(), Encoding::Windows1252)
}

/// UTF-16 without its mark: in Western text every other byte is zero. `Some(true)`: little endian.
fn plainly_utf16(bytes: &[u8]) -> Option<bool> {
    let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
    let pairs = sample.len() / 2;
    if pairs < 4 {
        return None;
    }
    let zeros = |at: usize| {
        let every_other = sample.iter().skip(at).step_by(2);
        every_other.filter(|b| **b == 0).count()
    };
    let (high_first, low_first) = (zeros(0), zeros(1));
    let (few, many) = (pairs / 20, pairs * 7 / 10);
    if low_first >= many && high_first <= few {
        Some(true)
    } else if high_first >= many && low_first <= few {
        Some(false)
    } else {
        None
    }
}

/// One damaged byte must not turn every other name of a UTF-8 file into mojibake.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

fn is_binary(text: &str) -> bool {
    let sample = text.chars().take(SAMPLE_BYTES);
    let (mut all, mut odd) = (0_usize, 0_usize);
    for c in sample {
        all += 1;
        odd += usize::from(c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{1A}'));
    }
    odd * 10 > all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xFEFF_u16);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(|unit| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn every_encoding_people_use() {
        let text = "phone,name\n2125550123,José\n";
        let latin: Vec<u8> = text.chars().map(|c| u32::from(c) as u8).collect();
        let damaged = [text.as_bytes(), "Zoë Núñez ".as_bytes(), b"\xE9\n"].concat();
        for (bytes, want) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Encoding::Utf8),
            (utf16(text, true, true), Encoding::Utf16Le),
            (utf16(text, false, true), Encoding::Utf16Be),
            (utf16(text, true, false), Encoding::Utf16Le),
            (utf16(text, false, false), Encoding::Utf16Be),
            (latin, Encoding::Windows1252),
            (damaged, Encoding::Utf8Damaged),
        ] {
            let (read, encoding) = decode(&bytes).unwrap();
            assert_eq!(encoding, want);
            assert!(read.starts_with(text), "{want:?}: {read}");
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, want) in [
            (&b"PK\x03\x04rest of a workbook"[..], "xlsx"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1", "xls"),
            (b"\x00\x01\x02\x03\x04\x05\x06\x07\x00\x01\x02", "no text"),
        ] {
            let error = decode(bytes).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
        for empty in [&b""[..], b"\xEF\xBB\xBF", b" \r\n\t\n", b"\xFF\xFE"] {
            assert_eq!(decode(empty), Err(FileError::Empty));
        }
    }
}
