//! Reads the file of one state, DC or territory.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lead::StateCode;

use super::holiday::HolidayRecipe;
use super::pack::{ArtificialVoice, Holiday, Jurisdiction, Provenance, StateList};
use super::read::Table;
use super::rule::{cap, hours, provenance, record, relaxation, zones};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    State,
    Territory,
}

/// Whose consent a recording needs.
#[derive(Deserialize)]
enum RecordingMode {
    #[serde(rename = "one_party")]
    One,
    #[serde(rename = "all_party")]
    All,
    #[serde(rename = "treat_as_all_party")]
    TreatAsAll,
}

/// Reads one jurisdiction; `expected` is the code that the file is named after.
pub(super) fn jurisdiction(
    table: &Table<'_>,
    expected: StateCode,
    recipes: &BTreeMap<String, HolidayRecipe>,
) -> Option<Jurisdiction> {
    let code = table.needed("code");
    let name = table.needed("name");
    table.one_of::<Kind>("kind");
    table.needed("federal_circuit");
    table.kept("time_zone_note");
    table.kept("note");
    if let Some(code) = code
        && code.text != expected.as_str()
    {
        let what = format!("`code` is `{}`, the file is that of {expected}", code.text);
        table.report(code.at, what);
    }
    let time_zones = zones(table, "time_zones");
    if time_zones.as_ref().is_none_or(Vec::is_empty) {
        table.report_here("`time_zones` must name the zones of the whole state");
    }
    let hours: Vec<_> = table.tables("hours").iter().filter_map(hours).collect();
    if hours.is_empty() {
        table.report_here("no `[[hours]]`: give the federal window where the state has none");
    }
    let caps = table.tables("caps").iter().filter_map(cap).collect();
    let unread = table.table("unread").and_then(|unread| provenance(&unread));
    let holidays = table
        .needed_table("holidays")
        .and_then(|table| holidays(&table, recipes));
    let voice = table
        .needed_table("artificial_voice")
        .and_then(|table| voice(&table));
    let list = table.needed_table("dnc").and_then(|table| list(&table));
    let registration = table
        .needed_table("registration")
        .and_then(|table| registration(&table));
    let emergency_ban = table
        .table("emergency_ban")
        .and_then(|table| record(&table, &["dynamic_feed_needed"]));
    let reassigned = table
        .table("reassigned")
        .and_then(|table| reassigned(&table));
    records(table);
    Some(Jurisdiction {
        code: expected,
        name: name?.text.to_owned(),
        time_zones: time_zones?,
        unread,
        hours,
        holidays,
        caps,
        artificial_voice: voice?,
        list: list?,
        registration,
        emergency_ban,
        reassigned,
    })
}

/// The rules that no check reads, but people, reports and citations do.
fn records(table: &Table<'_>) {
    if let Some(recording) = table.needed_table("recording") {
        recording.one_of::<RecordingMode>("mode");
        record(&recording, &["default_action"]);
    }
    for disclosure in table.tables("ai_disclosure") {
        disclosure.needed("when");
        record(&disclosure, &["kind"]);
    }
    if let Some(biometric) = table.needed_table("biometric") {
        biometric.flag("private_action");
        record(&biometric, &["rule", "default_action"]);
    }
    if let Some(identification) = table.table("identification") {
        identification.needed_number("within_seconds", 0, 600);
        record(&identification, &[]);
    }
    if let Some(action) = table.table("private_action") {
        record(&action, &["summary"]);
    }
}

fn holidays(table: &Table<'_>, recipes: &BTreeMap<String, HolidayRecipe>) -> Option<Holiday> {
    // Nebraska's window for prerecorded calls on holidays has no list of days, so nothing can be computed from it.
    table.kept("window");
    let ban = table.flag("ban");
    let mut chosen = Vec::new();
    let list = table.words("list").unwrap_or_default();
    for word in &list {
        match recipes.get(word.text) {
            Some(recipe) => chosen.push(recipe.clone()),
            None => table.report(word.at, format!("unknown holiday `{}`", word.text)),
        }
    }
    if ban == Some(list.is_empty()) {
        table.report_here("`ban` and `list` disagree: a ban has days, no ban has none");
    }
    for (index, word) in list.iter().enumerate() {
        if list
            .iter()
            .take(index)
            .any(|before| before.text == word.text)
        {
            table.report(
                word.at,
                format!("the holiday `{}` is listed twice", word.text),
            );
        }
    }
    let relaxation = relaxation(table);
    let provenance = provenance(table);
    if !ban? {
        return None;
    }
    Some(Holiday {
        provenance: provenance?,
        recipes: chosen,
        relaxation,
    })
}

fn voice(table: &Table<'_>) -> Option<ArtificialVoice> {
    let action = table.one_of("action");
    let provenance = record(table, &["rule", "federal_minimum"]);
    Some(ArtificialVoice {
        provenance: provenance?,
        action: action?,
    })
}

fn list(table: &Table<'_>) -> Option<StateList> {
    let own_list = table.flag("own_list");
    let lifted = table.flag("lifted_by_written_consent");
    let provenance = provenance(table);
    Some(StateList {
        provenance: provenance?,
        own_list: own_list?,
        lifted_by_written_consent: lifted?,
    })
}

fn registration(table: &Table<'_>) -> Option<Provenance> {
    let binds = table.flag("may_be_required");
    let provenance = provenance(table);
    provenance.filter(|_| binds == Some(true))
}

fn reassigned(table: &Table<'_>) -> Option<(Provenance, u32)> {
    let age = table.needed_number("answer_age_days_max", 1, 366);
    let provenance = provenance(table);
    Some((provenance?, u32::try_from(age?).ok()?))
}
