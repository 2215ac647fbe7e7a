//! From a case to the objects that are to be made: the fixture's parts and the case's own, with their defaults, and with
//! `$to`, `$at-10d` and the like filled in.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::book::{Book, Case, KINDS};

/// One object to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// The object.
    pub body: Value,
}

impl Step {
    /// A text of the object.
    pub fn text(&self, key: &str) -> &str {
        self.body
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// Everything that a case needs, in order, each once.
pub fn steps(book: &Book, case: &Case) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for kind in KINDS {
        for (at, _) in &case.asks {
            let fill = Fill {
                book,
                to: case.text("to"),
                at: at.parse().unwrap(),
            };
            for object in objects(book, case, kind) {
                let step = Step {
                    kind,
                    body: fill.value(&object),
                };
                if !steps.contains(&step) {
                    steps.push(step);
                }
            }
        }
    }
    steps
}

/// What the parts alone make, whatever the number and the instant: to be made once and copied.
pub fn fixed(book: &Book, parts: &[String]) -> Vec<Step> {
    let mut steps = Vec::new();
    for kind in KINDS {
        for body in of_parts(book, parts, kind) {
            if !body.to_string().contains('$') {
                steps.push(Step { kind, body });
            }
        }
    }
    steps
}

fn of_parts(book: &Book, parts: &[String], kind: &str) -> Vec<Value> {
    let held = parts
        .iter()
        .filter_map(|part| book.fixtures["fixture"][part].get(kind));
    held.flat_map(|v| v.as_array().unwrap())
        .map(|v| with_default(book, kind, v))
        .collect()
}

fn objects(book: &Book, case: &Case, kind: &str) -> Vec<Value> {
    let mut objects = of_parts(book, &case.parts, kind);
    match case.raw.get(kind) {
        Some(Value::Array(own)) => objects.extend(own.iter().map(|v| with_default(book, kind, v))),
        Some(other) => objects.push(other.clone()),
        None => {}
    }
    if kind == "sellers" {
        for change in case
            .raw
            .get("change_sellers")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let seller = objects.iter_mut().find(|s| s["id"] == change["id"]);
            change_seller(seller.unwrap(), change.as_object().unwrap());
        }
    }
    objects
}

fn with_default(book: &Book, kind: &str, object: &Value) -> Value {
    let default = &book.fixtures["default"][kind.trim_end_matches('s')];
    let mut whole = default.as_object().cloned().unwrap_or_default();
    whole.extend(object.as_object().unwrap().clone());
    Value::Object(whole)
}

fn change_seller(seller: &mut Value, change: &Map<String, Value>) {
    let seller = seller.as_object_mut().unwrap();
    for (key, value) in change {
        match key.as_str() {
            "drop" => {
                for gone in value.as_array().unwrap() {
                    seller.remove(gone.as_str().unwrap()).unwrap();
                }
            }
            "drop_registrations" => {
                let states = value.as_array().unwrap();
                let held = seller["registrations"].as_array_mut().unwrap();
                held.retain(|r| !states.contains(&r["state"]));
            }
            _ => {}
        }
    }
    for (key, value) in change {
        match key.as_str() {
            "drop" | "drop_registrations" => {}
            "add_registrations" => {
                let held = seller["registrations"].as_array_mut().unwrap();
                held.extend(value.as_array().unwrap().iter().cloned());
            }
            _ => {
                seller.insert(key.clone(), value.clone());
            }
        }
    }
}

struct Fill<'a> {
    book: &'a Book,
    to: &'a str,
    at: Timestamp,
}

impl Fill<'_> {
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.whole(text),
            Value::Array(all) => all.iter().map(|v| self.value(v)).collect(),
            Value::Object(all) => Value::Object(
                all.iter()
                    .map(|(k, v)| (k.clone(), self.value(v)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    fn whole(&self, text: &str) -> Value {
        if text == "$null" {
            return Value::Null;
        }
        match text.strip_prefix("$text.") {
            Some(name) => self.book.fixtures["text"][name].as_str().unwrap().into(),
            None => self.text(text).into(),
        }
    }

    fn text(&self, text: &str) -> String {
        let digits = |from, to| self.to.get(from..to).unwrap_or_default();
        let text = text
            .replace("$to", self.to)
            .replace("$ten", digits(2, 12))
            .replace("$npa", digits(2, 5))
            .replace("$line", digits(5, 12));
        match text.strip_prefix("$at") {
            Some(offset) => (self.at + offset_of(offset)).to_string(),
            None => {
                assert!(!text.contains('$'), "unknown placeholder in {text:?}");
                text
            }
        }
    }
}

/// `-31d1s`, `+1d`, or nothing.
fn offset_of(text: &str) -> SignedDuration {
    let mut total = SignedDuration::ZERO;
    let mut number = 0;
    for c in text.chars().skip(1) {
        let unit = match c {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            digit => {
                number = number * 10 + i64::from(digit.to_digit(10).unwrap());
                continue;
            }
        };
        total += SignedDuration::from_secs(number * unit);
        number = 0;
    }
    if text.starts_with('-') { -total } else { total }
}
