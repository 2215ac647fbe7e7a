//! Reads the federal layer, our own policy rules and the retention table.

use std::collections::BTreeSet;

use crate::lead::StateCode;

use super::intern::keep;
use super::load::JURISDICTIONS;
use super::pack::{Federal, OralConsent};
use super::read::Table;
use super::rule::{cap, hours, record};

const RULE_KEYS: [&str; 4] = ["jurisdiction", "topic", "requirement", "never_effective"];

/// The only rule on consent that counsel's advice may relax.
const WRITTEN_CONSENT: &str = "us-fed-consent-telemarketing-pewc";

/// The figures that the gate takes from the parameters of federal rules.
#[derive(Default)]
struct Figures {
    registry_age_days_max: Option<i64>,
    purchase_months: Option<i64>,
    inquiry_months: Option<i64>,
    reassigned_age_days_max: Option<i64>,
    /// The rule that is relaxed, the one it rests on, the states.
    oral_consent: Option<(&'static str, String, Vec<StateCode>)>,
}

/// Reads `federal.toml`.
pub(super) fn federal(table: &Table<'_>) -> Option<Federal> {
    let hours: Vec<_> = table.tables("hours").iter().filter_map(hours).collect();
    let caps = table.tables("caps").iter().filter_map(cap).collect();
    if hours.is_empty() {
        table.report_here("no `[[hours]]`: 47 CFR 64.1200(c)(1) is missing");
    }
    let mut figures = Figures::default();
    for rule in table.tables("rule") {
        let id = rule.word("id").map_or("", |id| id.text);
        figures.take(id, &rule);
        record(&rule, &RULE_KEYS);
    }
    let small = |figure: Option<i64>, rule: &str| {
        if figure.is_none() {
            table.report_here(format!("the rule `{rule}` and its figures are missing"));
        }
        figure.and_then(|figure| u32::try_from(figure).ok())
    };
    let registry = small(figures.registry_age_days_max, "us-fed-dnc-safe-harbor");
    let purchase = small(figures.purchase_months, "us-fed-ebr");
    let inquiry = small(figures.inquiry_months, "us-fed-ebr");
    let reassigned = small(figures.reassigned_age_days_max, "us-fed-rnd");
    Some(Federal {
        hours,
        caps,
        registry_age_days_max: registry?,
        relationship_months: (purchase?, inquiry?),
        reassigned_age_days_max: reassigned?,
        oral_consent: figures
            .oral_consent
            .and_then(|found| oral_consent(table, found)),
    })
}

/// `override = { by = "...", states = [...] }` of the rule on written consent.
fn written_consent(rule: &Table<'_>) -> Option<(&'static str, String, Vec<StateCode>)> {
    let relaxes = rule.word("id").map(|id| keep(id.text))?;
    let table = rule.table("override")?;
    let by = table.needed("by");
    let mut states = Vec::new();
    for word in table.words("states").unwrap_or_default() {
        let known = JURISDICTIONS
            .split_whitespace()
            .any(|code| code == word.text);
        match StateCode::parse(word.text) {
            Ok(code) if known => states.push(code),
            _ => table.report(word.at, format!("unknown state `{}`", word.text)),
        }
    }
    if states.is_empty() {
        table
            .report_here("`states` must name the states in which less than written consent may do");
    }
    Some((relaxes, by?.text.to_owned(), states))
}

fn oral_consent(
    table: &Table<'_>,
    (relaxes, by, states): (&'static str, String, Vec<StateCode>),
) -> Option<OralConsent> {
    let rules = table.reading.rules.borrow();
    let Some((rule, _)) = rules.get(&by) else {
        drop(rules);
        table.report_here(format!(
            "`{relaxes}` is relaxed by `{by}`, which is no rule of this file"
        ));
        return None;
    };
    Some(OralConsent {
        relaxes,
        rule: rule.clone(),
        states,
    })
}

impl Figures {
    fn take(&mut self, id: &str, rule: &Table<'_>) {
        let figure = |key| {
            let parameters = rule.needed_table("parameters")?;
            parameters.people_read();
            parameters.needed_number(key, 1, 366)
        };
        match id {
            "us-fed-dnc-safe-harbor" => {
                self.registry_age_days_max = figure("max_registry_age_days");
            }
            "us-fed-ebr" => {
                self.purchase_months = figure("purchase_months");
                self.inquiry_months = figure("inquiry_months");
            }
            "us-fed-rnd" => self.reassigned_age_days_max = figure("product_requery_days"),
            WRITTEN_CONSENT => {
                rule.kept("parameters");
                self.oral_consent = written_consent(rule);
            }
            _ => rule.kept("parameters"),
        }
    }
}

/// Reads `policy.toml`.
pub(super) fn policy(table: &Table<'_>) {
    for rule in table.tables("rule") {
        rule.kept("parameters");
        record(&rule, &RULE_KEYS);
    }
}

/// Reads `retention.toml`.
pub(super) fn retention(table: &Table<'_>) {
    let mut seen = BTreeSet::new();
    for row in table.tables("retention") {
        if let Some(record) = row.needed("record")
            && !seen.insert(record.text.to_owned())
        {
            row.report(record.at, format!("`{}` has a row already", record.text));
        }
        row.needed("legal_minimum");
        row.needed("clock");
        row.needed_number("default_years", 0, 100);
        record(&row, &[]);
    }
}
