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
    if text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        let _ = write!(out, "{}", Value::String(text.to_owned()));
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
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
}
