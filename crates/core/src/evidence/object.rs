//! A canonical object written straight into its text, for the entries that every decision makes: what it says is known
//! word for word, and a tree of values that is sorted and walked costs several times what it says.

use jiff::Timestamp;

use super::canonical::write_text;
use super::instant::write_instant;

/// An object in its canonical spelling, field after field.
///
/// Keys are plain words, given in the order of their bytes: a debug build insists on both.
#[derive(Debug)]
pub struct CanonicalObject {
    text: String,
    /// The key written last; none yet.
    last: &'static str,
}

impl CanonicalObject {
    /// An object without fields yet, and room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self::within(String::with_capacity(bytes))
    }

    fn within(mut text: String) -> Self {
        text.push('{');
        Self { text, last: "" }
    }

    fn key(&mut self, key: &'static str) {
        debug_assert!(self.last < key, "{key} after {}", self.last);
        debug_assert!(
            key.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "{key}"
        );
        self.text
            .push_str(if self.last.is_empty() { "\"" } else { ",\"" });
        self.text.push_str(key);
        self.text.push_str("\":");
        self.last = key;
    }

    /// A text.
    #[must_use]
    pub fn text(mut self, key: &'static str, value: &str) -> Self {
        self.key(key);
        write_text(value, &mut self.text);
        self
    }

    /// A text, or `null`.
    #[must_use]
    pub fn text_or_null(self, key: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self.null(key),
        }
    }

    /// A text, or no such field.
    #[must_use]
    pub fn text_if_any(self, key: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// Several texts.
    #[must_use]
    pub fn texts<'t>(
        mut self,
        key: &'static str,
        values: impl IntoIterator<Item = &'t str>,
    ) -> Self {
        self.key(key);
        self.text.push('[');
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            write_text(value, &mut self.text);
        }
        self.text.push(']');
        self
    }

    /// An instant, as `serde` writes it.
    #[must_use]
    pub fn instant(mut self, key: &'static str, at: Timestamp) -> Self {
        self.key(key);
        self.text.push('"');
        write_instant(at, &mut self.text);
        self.text.push('"');
        self
    }

    /// An instant, or `null`.
    #[must_use]
    pub fn instant_or_null(self, key: &'static str, at: Option<Timestamp>) -> Self {
        match at {
            Some(at) => self.instant(key, at),
            None => self.null(key),
        }
    }

    /// A whole number.
    #[must_use]
    pub fn number(mut self, key: &'static str, value: u64) -> Self {
        self.key(key);
        write_number(value, &mut self.text);
        self
    }

    /// `true` or `false`.
    #[must_use]
    pub fn truth(mut self, key: &'static str, value: bool) -> Self {
        self.key(key);
        self.text.push_str(if value { "true" } else { "false" });
        self
    }

    /// `null`.
    #[must_use]
    pub fn null(mut self, key: &'static str) -> Self {
        self.key(key);
        self.text.push_str("null");
        self
    }

    /// An object within this one.
    #[must_use]
    pub fn object(mut self, key: &'static str, fill: impl FnOnce(Self) -> Self) -> Self {
        self.key(key);
        let inner = fill(Self::within(self.text));
        Self {
            text: inner.finish(),
            last: key,
        }
    }

    /// The whole text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

/// Appends a whole number in digits.
pub(crate) fn write_number(value: u64, out: &mut String) {
    let mut digits = [b'0'; 20];
    let mut rest = value;
    let mut begin = digits.len();
    for place in digits.iter_mut().rev() {
        // A remainder of ten is below ten.
        *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        begin -= 1;
        if rest == 0 {
            break;
        }
    }
    let text = digits.get(begin..).unwrap_or_default();
    out.push_str(std::str::from_utf8(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::canonical_json;
    use super::*;

    #[test]
    fn as_the_tree_would_be_written() {
        let at: Timestamp = "2026-11-11T17:30:00.25Z".parse().unwrap();
        for word in [
            "",
            "plain",
            "é\"\\\n\u{7f}\u{1}",
            "a text of more than eight bytes\t",
        ] {
            for number in [0, 9, 10, 1_234_567, u64::MAX] {
                let tree = json!({
                    "a": word, "b1": null, "b_": [word, "", word], "c": {"x": {}, "y": {"z": at}},
                    "d": number, "e": true, "f": false, "g": [], "h": at, "i": word,
                });
                let direct = CanonicalObject::with_capacity(0)
                    .text("a", word)
                    .text_or_null("b1", None)
                    .texts("b_", [word, "", word])
                    .object("c", |c| {
                        c.object("x", |x| x).object("y", |y| y.instant("z", at))
                    })
                    .number("d", number)
                    .truth("e", true)
                    .truth("f", false)
                    .texts("g", [])
                    .instant_or_null("h", Some(at))
                    .text_or_null("i", Some(word))
                    .text_if_any("j", None)
                    .finish();
                assert_eq!(direct, canonical_json(&tree));
            }
        }
        let empty = CanonicalObject::with_capacity(2).finish();
        assert_eq!(empty, canonical_json(&json!({})));
    }

    #[test]
    #[should_panic(expected = "a after b")]
    #[cfg(debug_assertions)]
    fn keys_out_of_order_are_a_mistake() {
        let _ = CanonicalObject::with_capacity(0).null("b").null("a");
    }
}
