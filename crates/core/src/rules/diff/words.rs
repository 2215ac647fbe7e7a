//! How a change is said.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::super::rule::HOURS_KEYS;

/// Keys that say something of the rule itself and not of calls.
pub(super) fn is_about_the_rule(key: &str) -> bool {
    [
        "effective_from",
        "effective_to",
        "citation",
        "status",
        "confidence",
        "note",
        "basis",
    ]
    .contains(&key)
}

/// A value as it is read aloud.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(true) => "yes".into(),
        Value::Boolean(false) => "no".into(),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn or_nothing(given: Option<&Value>) -> String {
    given.map_or_else(|| "nothing".to_owned(), value)
}

/// One key's change.
pub(super) fn change(key: &str, before: Option<&Value>, after: Option<&Value>) -> String {
    let plain = |what: &str| format!("{what} {} -> {}", or_nothing(before), or_nothing(after));
    match key {
        _ if HOURS_KEYS.contains(&key) => hours(key, before, after),
        "effective_from" => plain("first day in force:"),
        "effective_to" => plain("last day in force:"),
        "calls_max" => plain("at most so many calls:"),
        "period_hours" => plain("in so many hours:"),
        "list" => members("closed days", before, after),
        "purposes" => members("purposes bound", before, after),
        "time_zones" => members("time zones", before, after),
        "own_list" => plain("keeps a do-not-call list of its own:"),
        "lifted_by_written_consent" => plain("written consent lifts its list:"),
        "may_be_required" => plain("registration may be required:"),
        "ban" => plain("bars calls on holidays:"),
        "action" => plain("artificial voice:"),
        "version" => plain("version"),
        _ => plain(&format!("{}:", key.replace('_', " "))),
    }
}

fn hours(key: &str, before: Option<&Value>, after: Option<&Value>) -> String {
    let day = day(key);
    if let (Some((open, close)), Some((opens, closes))) = (one_span(before), one_span(after)) {
        let mut said = Vec::new();
        if open != opens {
            said.push(format!("opening {open} -> {opens}"));
        }
        if close != closes {
            said.push(format!("closing {close} -> {closes}"));
        }
        return format!("{day} {}", said.join(", "));
    }
    let spans = |given: Option<&Value>| match given {
        None => "nothing".to_owned(),
        Some(Value::Array(items)) if items.is_empty() => "closed".to_owned(),
        Some(other) => value(other),
    };
    format!("{day} {} -> {}", spans(before), spans(after))
}

fn one_span(given: Option<&Value>) -> Option<(String, String)> {
    let [span] = given?.as_array()?.as_slice() else {
        return None;
    };
    let (open, close) = span.as_str()?.split_once('-')?;
    Some((open.to_owned(), close.to_owned()))
}

fn day(key: &str) -> String {
    key.split('_')
        .map(|word| match word {
            "to" | "day" => word.to_owned(),
            word => {
                let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
                format!("{}{rest}", first.to_uppercase())
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn members(what: &str, before: Option<&Value>, after: Option<&Value>) -> String {
    let set = |given: Option<&Value>| -> BTreeSet<String> {
        let items = given.and_then(Value::as_array);
        items.into_iter().flatten().map(value).collect()
    };
    let (old, new) = (set(before), set(after));
    let list = |sign: &str, members: Vec<&String>| {
        members
            .iter()
            .map(|m| format!("{sign}{m}"))
            .collect::<Vec<_>>()
    };
    let mut said = list("+", new.difference(&old).collect());
    said.extend(list("-", old.difference(&new).collect()));
    match said.is_empty() {
        // In another order, or a list that was not there and is empty.
        true => format!("{what}: {} -> {}", or_nothing(before), or_nothing(after)),
        false => format!("{what}: {}", said.join(", ")),
    }
}

/// A whole row.
pub(super) fn row(row: &Table) -> String {
    let mut said = Vec::new();
    for key in HOURS_KEYS {
        if let Some(given) = row.get(key) {
            let spans = match given {
                Value::Array(items) if items.is_empty() => "closed".to_owned(),
                other => value(other),
            };
            said.push(format!("{} {spans}", day(key)));
        }
    }
    let number = |key| row.get(key).and_then(Value::as_integer);
    if let (Some(calls), Some(hours)) = (number("calls_max"), number("period_hours")) {
        said.push(format!("at most {calls} calls in {hours} hours"));
    }
    for key in ["requirement", "summary", "name"] {
        said.extend(row.get(key).map(value));
    }
    if let Some(list) = row.get("list") {
        said.push(format!("closed days: {}", value(list)));
    }
    for (key, word) in [
        ("status", "status"),
        ("effective_from", "from"),
        ("effective_to", "until"),
    ] {
        said.extend(row.get(key).map(|given| format!("{word} {}", value(given))));
    }
    said.extend(
        row.get("citation")
            .map(|given| format!("[{}]", value(given))),
    );
    if said.is_empty() {
        said.push(
            row.iter()
                .map(|(key, given)| format!("{key} {}", value(given)))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    said.join("; ")
}
