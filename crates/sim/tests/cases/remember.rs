//! The set-up of a case made in a store, by the verbs that the server uses for the same requests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::Store;
use ringfence_store::consent::{Confirmation, ConsentDraft};
use ringfence_store::list::{
    InternalRow, ListChange, ListImport, ListKind, ListRows, ReassignedRow,
};
use ringfence_store::operator::StopScope;
use ringfence_store::seller::{Prompt, PromptKind};
use ringfence_store::suppression::{OptOutScope, Revocation, SuppressionDraft};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::setup::Step;

/// Makes every object, in order, at `now`, the world's clock.
pub fn make(store: &dyn Store, steps: &[Step], now: Timestamp) {
    let mut consents = BTreeMap::new();
    for step in steps {
        let made = one(store, step, now, &mut consents);
        made.unwrap_or_else(|error| panic!("{error}: {step:?}"));
    }
}

fn one(
    store: &dyn Store,
    step: &Step,
    now: Timestamp,
    consents: &mut BTreeMap<String, Id>,
) -> ringfence_store::Result<()> {
    match step.kind {
        "sellers" => {
            let profile = read(&without(&step.body, "id"));
            store.put_seller(step.text("id"), profile, now)?;
        }
        "prompts" => {
            let kind = PromptKind::parse(step.text("kind")).unwrap();
            store.put_prompt(step.text("seller"), kind, prompt(step.text("text")), now)?;
        }
        "lists" => {
            store.import_list(list(step), now)?;
        }
        "consents" => {
            let record = store.record_consent(consent(&step.body), now)?;
            consents.insert(step.text("as").to_owned(), record.id);
        }
        "confirmations" => {
            let confirmation: Confirmation = read(&without(&step.body, "consent"));
            store.confirm_consent(&consents[step.text("consent")], confirmation, now)?;
        }
        "revocations" => {
            store.revoke(revocation(step), now)?;
        }
        "suppressions" => {
            store.suppress(read::<SuppressionDraft>(&step.body), now)?;
        }
        "emergency_areas" => store.put_emergency_area(read(&step.body), now)?,
        "overrides" => {
            store.record_override(read(&step.body), now)?;
        }
        "relationships" => {
            store.record_relationship(read(&step.body), now)?;
        }
        "stop" => {
            store.stop(StopScope::All, None, now)?;
            if step.body == "lifted" {
                store.resume(&StopScope::All, now)?;
            }
        }
        other => panic!("no such kind: {other}"),
    }
    Ok(())
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

fn without(body: &Value, key: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(key);
    body
}

fn prompt(words: &str) -> Prompt {
    Prompt {
        wav: b"case".to_vec(),
        words: words.to_owned(),
        sha256: "0".repeat(64),
        duration_ms: 1,
    }
}

fn consent(body: &Value) -> ConsentDraft {
    let mut body = body.clone();
    let fields = body.as_object_mut().unwrap();
    fields.remove("as");
    fields.entry("expires_at").or_insert(Value::Null);
    read(&body)
}

fn revocation(step: &Step) -> Revocation {
    Revocation {
        number: read(&step.body["number"]),
        seller: read(&step.body["seller"]),
        channel: step.text("channel").to_owned(),
        said: read(&step.body["said"]),
        at: read(&step.body["at"]),
        scope: OptOutScope::Seller,
        call: None,
        heard: None,
        by: None,
    }
}

fn list(step: &Step) -> ListImport {
    let time = |key: &str| step.body.get(key).map(read::<Timestamp>);
    let kind = ListKind::parse(step.text("kind")).unwrap();
    let lines: Vec<&str> = step.body["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    ListImport {
        kind,
        name: step.body.get("name").map(read),
        sellers: step
            .body
            .get("sellers")
            .map(read::<BTreeSet<String>>)
            .unwrap_or_default(),
        obtained_at: time("obtained_at").unwrap(),
        published_at: time("published_at"),
        effective_at: time("effective_at"),
        expires_at: time("expires_at"),
        area_codes: step.body.get("area_codes").map(|codes| {
            codes
                .as_str()
                .unwrap()
                .split(',')
                .map(|code| code.parse().unwrap())
                .collect()
        }),
        source_sha256: "0".repeat(64),
        rows: rows(kind, &lines),
    }
}

fn ten(text: &str) -> u64 {
    text.trim_start_matches("+1")
        .replace(',', "")
        .parse()
        .unwrap()
}

fn rows(kind: ListKind, lines: &[&str]) -> ListRows {
    let columns = lines.iter().map(|line| line.split(',').collect::<Vec<_>>());
    match kind {
        ListKind::FtcFull | ListKind::State | ListKind::Litigator => {
            ListRows::Numbers(lines.iter().map(|line| ten(line)).collect())
        }
        ListKind::FtcChange => ListRows::Changes(
            columns
                .map(|c| ListChange {
                    number: ten(c[0]),
                    stamp: format!("{}Z", c[1])
                        .parse::<Timestamp>()
                        .unwrap()
                        .as_second(),
                    added: c[2] == "A",
                })
                .collect(),
        ),
        ListKind::Internal => ListRows::Internal(columns.map(|c| internal(&c)).collect()),
        ListKind::Reassigned => ListRows::Reassigned(
            columns
                .map(|c| ReassignedRow {
                    number: PhoneNumber::parse(c[0]).unwrap(),
                    consent_date: c[1].parse().unwrap(),
                    answer: read(&c[2].into()),
                    asked_at: Some(c[3].parse().unwrap()),
                })
                .collect(),
        ),
    }
}

fn internal(columns: &[&str]) -> InternalRow {
    let rest = &columns[1..];
    InternalRow {
        number: PhoneNumber::parse(columns[0]).unwrap(),
        seller: rest
            .iter()
            .find(|c| c.parse::<Timestamp>().is_err())
            .map(|c| (*c).to_owned()),
        at: rest.iter().find_map(|c| c.parse().ok()),
    }
}
