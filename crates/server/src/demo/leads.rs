//! The demo's leads: rows of a file, a persona for each, one campaign per seller they are for.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use ringfence_core::campaign::RetrySchedule;
use ringfence_core::consent::Purpose;
use ringfence_core::id::Id;
use ringfence_core::lead::import::{ImportOptions, ImportReport, LeadRow, read_leads};
use ringfence_core::outcome::Outcome;
use ringfence_store::Store;
use ringfence_store::campaign::{CampaignPlan, CampaignState};
use ringfence_telephony::simulated::Persona;
use serde_json::{Value, json};

use super::world::World;
use crate::app::App;
use crate::config::Config;
use crate::intake::{Destination, Kept, suppress_marked, take_in_leads};

/// Who answers where the file does not say: each of these once in twenty numbers, the rest listen.
const EVERYBODY: &[Persona] = &[
    Persona::PressesNine,
    Persona::PressesNineLate,
    Persona::SaysStop,
    Persona::SaysStopLate,
    Persona::Voicemail,
    Persona::Busy,
    Persona::NoAnswer,
    Persona::Declines,
    Persona::HangsUpEarly,
    Persona::NotInService,
    Persona::Unavailable,
    Persona::Overloaded,
    Persona::Echoes,
];

/// The rows of a file.
pub(super) struct Rows(ImportReport);

/// What was taken in.
pub(super) struct Intake {
    pub report: ImportReport,
    pub kept: Kept,
    /// One campaign per seller that leads are for.
    pub campaigns: Vec<(String, Id)>,
}

impl Rows {
    pub fn read(bytes: &[u8]) -> Result<Self> {
        Ok(Self(read_leads(bytes, &ImportOptions::default())?))
    }

    /// How each number behaves when it is called: as its `persona` column says, else by its digits, so that any file
    /// meets them all.
    pub fn personas(&self) -> BTreeMap<String, Persona> {
        self.0
            .leads
            .iter()
            .map(|row| (row.number.e164(), persona(row)))
            .collect()
    }
}

fn persona(row: &LeadRow) -> Persona {
    let named = row
        .extra
        .get("persona")
        .and_then(|name| serde_json::from_value(Value::String(name.trim().to_owned())).ok());
    named.unwrap_or_else(|| {
        let place = row.number.nanp().unwrap_or_default() % 20;
        usize::try_from(place)
            .ok()
            .and_then(|place| EVERYBODY.get(place))
            .copied()
            .unwrap_or(Persona::Listens)
    })
}

/// Makes the campaigns, takes every row into its own, and starts them.
pub(super) fn take_in(
    store: &dyn Store,
    world: &World,
    rows: Rows,
    config: &Config,
    now: Timestamp,
) -> Result<Intake> {
    let Rows(report) = rows;
    let main = world.main_seller()?;
    let mut by_seller: BTreeMap<&str, Vec<&LeadRow>> = BTreeMap::new();
    for row in &report.leads {
        let seller = row
            .extra
            .get("call_for")
            .map_or(main.id.as_str(), String::as_str);
        by_seller.entry(seller).or_default().push(row);
    }
    let mut kept = Kept::default();
    let mut campaigns = Vec::new();
    for (seller, rows) in by_seller {
        let campaign = store.create_campaign(plan(seller, config), now)?;
        let name = world
            .sellers
            .iter()
            .find(|s| s.id == seller)
            .map(|s| s.name.as_str());
        let to = Destination {
            seller,
            seller_name: name,
            purpose: Purpose::Telemarketing,
            campaign: Some(&campaign.id),
        };
        let part = take_in_leads(store, &rows, &to, now)?;
        kept.leads += part.leads;
        kept.known += part.known;
        kept.consents += part.consents;
        kept.consents_refused.extend(part.consents_refused);
        store.set_campaign_state(&campaign.id, CampaignState::Running, now)?;
        campaigns.push((seller.to_owned(), campaign.id));
    }
    kept.suppressed = suppress_marked(store, &report, &main.id, now)?;
    Ok(Intake {
        report,
        kept,
        campaigns,
    })
}

fn plan(seller: &str, config: &Config) -> CampaignPlan {
    // At once, so that a second try and a frequency cap are seen within the demo's two minutes.
    let retry = RetrySchedule {
        attempts_max: 2,
        after_minutes: BTreeMap::from([(Outcome::Busy, 0), (Outcome::CarrierError, 0)]),
    };
    CampaignPlan {
        name: format!("demo for {seller}"),
        seller: seller.to_owned(),
        purpose: Purpose::Telemarketing,
        caller_id: None,
        trunk: config
            .trunks
            .first()
            .map(|trunk| trunk.id.clone())
            .unwrap_or_default(),
        agent: json!({ "kind": "announcement" }),
        attempts_max: retry.attempts_max,
        retry: json!(retry),
        concurrency: 60,
        calls_per_second: 12.0,
    }
}

impl Intake {
    /// What was read and what was refused, line by line.
    pub fn introduction(&self, app: &App) -> String {
        let report = &self.report;
        let mut text = format!(
            "{} rows: {} leads, {} refused, {} repeated, {} test leads, {} marked do-not-call; {} consents on file\n",
            report.rows,
            report.leads.len(),
            report.errors.len(),
            report.duplicates.len(),
            report.test_leads.len(),
            report.do_not_call.len(),
            self.kept.consents,
        );
        for error in report.errors.iter().take(20) {
            text.push_str(&format!(
                "  line {:>5}  {}: {}\n",
                error.line, error.code, error.message
            ));
        }
        if report.errors.len() > 20 {
            text.push_str(&format!(
                "  and {} more (see --json)\n",
                report.errors.len() - 20
            ));
        }
        for refused in &self.kept.consents_refused {
            text.push_str(&format!(
                "  line {:>5}  consent not kept: {}\n",
                refused.line, refused.why
            ));
        }
        text.push_str(&format!(
            "the demo's clock: {} (a test clock; nothing here is evidence)\n",
            app.now()
        ));
        text
    }
}
