//! One spelling for every JSON value, so that its hash means something: keys in the order of their UTF-8 bytes, no
//! white space, numbers and strings as `serde_json` writes them.

use std::fmt::Write as _;

use serde_json::Value;

/// The canonical text of `value`.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            // The map keeps its own order; sorting here holds under `serde_json/preserve_order` as well, which any
            // other crate of a build may switch on.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (index, (key, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write_value(item, out);
            }
            out.push('}');
        }
        Value::String(text) => write_text(text, out),
        scalar => {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "{scalar}");
        }
    }
}

/// As `serde_json` writes it; most texts have nothing to escape.
pub(crate) fn write_text(text: &str, out: &mut String) {
    if is_plain(text.as_bytes()) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        write_escaped(text, out);
    }
}

#[cold]
fn write_escaped(text: &str, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = write!(out, "{}", Value::String(text.to_owned()));
}

/// Whether nothing in it must be escaped: eight bytes at a time, for every text of every record is asked.
fn is_plain(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<8>();
    let odd = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let odd_in_words = words
        .iter()
        .fold(0, |odd, word| odd | odd_bytes(u64::from_le_bytes(*word)));
    match (text.last_chunk::<8>(), rest.is_empty()) {
        (_, true) => odd_in_words == 0,
        // The last eight, of which some were seen already.
        (Some(last), false) => odd_in_words | odd_bytes(u64::from_le_bytes(*last)) == 0,
        (None, false) => !rest.iter().any(|byte| odd(*byte)),
    }
}

/// Not zero where one of eight bytes is a control character, a quote or a backslash.
const fn odd_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // A borrow reaches a byte above only from one that is itself below, so that zero still means none.
    const fn below(word: u64, least: u64) -> u64 {
        word.wrapping_sub(ONES.wrapping_mul(least)) & !word & HIGH
    }
    let quote = word ^ ONES.wrapping_mul(b'"' as u64);
    let backslash = word ^ ONES.wrapping_mul(b'\\' as u64);
    below(word, 0x20) | below(quote, 1) | below(backslash, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_one_value() {
        let value: Value =
            serde_json::from_str(" {\"b\" : [1, 2.50,{}], \"a\":\"\\u00e9\\n\\\"\", \"B\":null}")
                .unwrap();
        assert_eq!(
            canonical_json(&value),
            "{\"B\":null,\"a\":\"é\\n\\\"\",\"b\":[1,2.5,{}]}"
        );
    }

    #[test]
    fn reading_back_changes_nothing() {
        for text in [
            "0.1",
            "1e300",
            "5e-324",
            "0.30000000000000004",
            "-0.0",
            "123456789012345680.0",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let once = canonical_json(&value);
            let again = canonical_json(&serde_json::from_str(&once).unwrap());
            assert_eq!(once, again, "{text}");
        }
    }

    #[test]
    fn every_byte_at_every_place_is_written_as_serde_does() {
        for length in 0..20 {
            for place in 0..length {
                for odd in (0..=0xFF).map(char::from) {
                    let mut text: Vec<char> = vec!['a'; length];
                    text[place] = odd;
                    let text = String::from_iter(text);
                    let mut out = String::new();
                    write_text(&text, &mut out);
                    assert_eq!(out, serde_json::to_string(&text).unwrap());
                }
            }
        }
    }
}
