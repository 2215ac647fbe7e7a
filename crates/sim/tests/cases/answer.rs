//! Whether an answer, as JSON, is what a case expects.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::book::Case;

/// What failed, in full, for a person to read.
#[derive(Default)]
pub struct Failures(String, usize);

impl Failures {
    /// Notes what is wrong with one answer, if anything is.
    pub fn judge(&mut self, case: &Case, ask: usize, answer: &Value) {
        let (at, expect) = &case.asks[ask];
        let faults = faults(case, expect, answer);
        if faults.is_empty() {
            return;
        }
        self.1 += 1;
        let Self(text, _) = self;
        let _ = writeln!(
            text,
            "\n{}: {} ({} at {at})",
            case.file,
            case.name,
            case.text("to")
        );
        let _ = writeln!(text, "  why:      {}", case.why);
        let _ = writeln!(text, "  expected: {expect}");
        let _ = writeln!(text, "  got:      {}", short(answer));
        for fault in faults {
            let _ = writeln!(text, "  wrong:    {fault}");
        }
    }

    /// Notes that a world broke down before every answer was there.
    pub fn broken(&mut self, case: &Case, cause: &(dyn Any + Send)) {
        let words = cause
            .downcast_ref::<String>()
            .map_or("it panicked", String::as_str);
        self.1 += 1;
        let _ = writeln!(self.0, "\n{}: {}\n  {words}", case.file, case.name);
    }

    /// Adds another's.
    pub fn extend(&mut self, other: Self) {
        self.0 += &other.0;
        self.1 += other.1;
    }

    /// Fails the test if anything failed.
    pub fn report(self, asked: usize) {
        assert!(asked > 0, "nothing was asked");
        assert!(
            self.1 == 0,
            "{} of {asked} answers are wrong:\n{}",
            self.1,
            self.0
        );
    }
}

fn set(value: Option<&Value>) -> BTreeSet<String> {
    let all = value.and_then(Value::as_array).into_iter().flatten();
    all.map(|v| v.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn each(answer: &Value, list: &str, key: &str) -> BTreeSet<String> {
    let all = answer[list].as_array().into_iter().flatten();
    all.map(|v| v[key].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn faults(case: &Case, expect: &Value, answer: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let verdict = expect["verdict"].as_str().unwrap_or_default();
    if answer["verdict"] != verdict {
        faults.push(format!("verdict {}", answer["verdict"]));
    }
    let codes = each(answer, "reasons", "code");
    match expect.get("includes") {
        Some(some) => {
            let missing: Vec<_> = set(Some(some)).difference(&codes).cloned().collect();
            if !missing.is_empty() {
                faults.push(format!("reasons lack {missing:?}"));
            }
        }
        None if codes != set(expect.get("reasons")) => faults.push(format!("reasons {codes:?}")),
        None => {}
    }
    let rules = each(answer, "reasons", "rule");
    if !set(expect.get("rules")).is_subset(&rules) {
        faults.push(format!("rules {rules:?}"));
    }
    let next = &answer["next_allowed_at"];
    let next_is_right = match (verdict, expect.get("next")) {
        ("defer", Some(wanted)) => next == wanted,
        ("defer", None) => next.is_string(),
        _ => next.is_null(),
    };
    if !next_is_right {
        faults.push(format!("next_allowed_at {next}"));
    }
    let lifted = each(answer, "exemptions", "code");
    if expect
        .get("exemptions")
        .is_some_and(|e| set(Some(e)) != lifted)
    {
        faults.push(format!("exemptions {lifted:?}"));
    }
    for key in ["jurisdictions", "time_zones"] {
        let wanted = case.raw.get("candidates").and_then(|c| c.get(key));
        if wanted.is_some() && set(wanted) != set(answer["candidates"].get(key)) {
            faults.push(format!("{key} {}", answer["candidates"][key]));
        }
    }
    faults
}

fn short(answer: &Value) -> String {
    let reasons: Vec<String> = answer["reasons"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| format!("{} ({}: {})", r["code"], r["rule"], r["detail"]))
        .collect();
    format!("{}, {}", answer["verdict"], reasons.join("; "))
}
