//! The registry's full list as XML, read as a stream: `list` holds `ac val='NNN'`, which holds `ph val='NNNNNNN'`.

use std::io::{self, BufRead};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::fields::ten_digits;

/// Whether the text begins as XML does.
pub fn begins(text: &mut dyn BufRead) -> io::Result<bool> {
    let head = text.fill_buf()?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    Ok(head.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<'))
}

/// Hands every number to `take`.
pub fn full(
    text: &mut dyn BufRead,
    take: &mut dyn FnMut(u64) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = Reader::from_reader(text);
    let mut buffer = Vec::new();
    let mut area = String::new();
    let mut depth = 0usize;
    let mut rooted = false;
    loop {
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|e| format!("at byte {}: {e}", reader.error_position()))?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                rooted = true;
                element(&tag, &mut area, take)?;
            }
            Event::Empty(tag) => element(&tag, &mut area, take)?,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(words) if words.iter().any(|b| !b.is_ascii_whitespace()) => {
                return Err(format!("text at byte {}", reader.buffer_position()));
            }
            Event::Eof if depth == 0 && rooted => return Ok(()),
            Event::Eof => return Err("the file ends before its last element does".into()),
            _ => {}
        }
        buffer.clear();
    }
}

fn element(
    tag: &BytesStart<'_>,
    area: &mut String,
    take: &mut dyn FnMut(u64) -> Result<(), String>,
) -> Result<(), String> {
    let attribute = |name: &str| -> Result<Option<String>, String> {
        tag.try_get_attribute(name)
            .map_err(|e| e.to_string())
            .map(|found| found.map(|a| String::from_utf8_lossy(&a.value).into_owned()))
    };
    let value = attribute("val")?.unwrap_or_default();
    match tag.local_name().as_ref() {
        b"list" => {
            if attribute("type")?.is_some_and(|t| t != "full") {
                return Err("not a full list".into());
            }
            *area = value;
            Ok(())
        }
        b"ac" => {
            *area = value;
            Ok(())
        }
        b"ph" => {
            // Copies that went through a spreadsheet have lost their leading zeros.
            let digits = if value.len() == 10 {
                value
            } else {
                format!("{area}{value:0>7}")
            };
            let number = ten_digits(&digits).ok_or("a `ph` that is no number")?;
            take(number)
        }
        other => Err(format!(
            "unknown element `{}`",
            String::from_utf8_lossy(other)
        )),
    }
}
