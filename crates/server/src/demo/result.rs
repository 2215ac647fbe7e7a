//! What the demo did: who was called, deferred and denied, and why; what the opt-outs did; whether the log holds.

use std::collections::BTreeMap;

use anyhow::Result;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::CallRequest;
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_store::PageRequest;
use ringfence_store::campaign::Lead;
use ringfence_telephony::simulated::SimulatedCarrier;
use serde::Serialize;

use super::leads::Intake;
use crate::app::App;

/// The demo's result, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct DemoResult {
    /// The instant by the demo's clock.
    pub at: jiff::Timestamp,
    /// What the file held.
    pub import: ImportFigures,
    /// One per lead, in the file's order.
    pub leads: Vec<LeadResult>,
    /// Leads by what became of them.
    pub states: BTreeMap<String, u64>,
    /// Leads by each reason of the last decision.
    pub reasons: BTreeMap<String, u64>,
    /// Leads by the outcome of the last call.
    pub outcomes: BTreeMap<String, u64>,
    /// What the opt-outs did.
    pub opt_outs: Vec<OptOutResult>,
    /// Attempts on file, and INVITEs that the carrier counted.
    pub attempts: u64,
    /// Retransmissions not counted.
    pub invites: u64,
    /// The event log's verification.
    pub log: LogResult,
}

/// What the file held.
#[derive(Debug, Serialize)]
pub struct ImportFigures {
    pub rows: u64,
    pub leads: usize,
    pub consents: u64,
    pub errors: Vec<ringfence_core::lead::import::RowError>,
    pub warnings: Vec<ringfence_core::lead::import::RowError>,
    pub duplicates: Vec<ringfence_core::lead::import::Duplicate>,
    pub test_leads: Vec<u64>,
    pub do_not_call: usize,
}

/// What became of one lead.
#[derive(Debug, Serialize)]
pub struct LeadResult {
    pub line: Option<u64>,
    pub number: PhoneNumber,
    pub seller: String,
    pub state: String,
    pub attempts: u32,
    pub outcome: Option<String>,
    pub opt_out: bool,
    /// The last call's disclosure: its state, and what cut it short.
    pub disclosure: Option<serde_json::Value>,
    pub reasons: Vec<String>,
    pub next_attempt_at: Option<jiff::Timestamp>,
}

/// What an opt-out did.
#[derive(Debug, Serialize)]
pub struct OptOutResult {
    pub number: PhoneNumber,
    pub channel: String,
    pub said: String,
    /// The codes of a decision about the same number now.
    pub now_denied_by: Vec<String>,
}

/// The event log's verification.
#[derive(Debug, Serialize)]
pub struct LogResult {
    pub entries: u64,
    pub verified: bool,
    pub fault: Option<String>,
}

/// Reads everything back from the store.
pub(super) fn gather(app: &App, intake: &Intake, carrier: &SimulatedCarrier) -> Result<DemoResult> {
    let mut leads = Vec::new();
    for (seller, campaign) in &intake.campaigns {
        let mut page = PageRequest::first(1000);
        loop {
            let part = app.store.leads(campaign, None, &page)?;
            for lead in &part.items {
                leads.push(lead_result(app, seller, lead)?);
            }
            match part.next_cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
    }
    leads.sort_by_key(|lead| lead.line);
    let chain = app.store.verify_chain(None)?;
    Ok(DemoResult {
        at: app.now(),
        import: import_figures(intake),
        states: count(leads.iter().map(|lead| lead.state.clone())),
        reasons: count(leads.iter().flat_map(|lead| lead.reasons.clone())),
        outcomes: count(leads.iter().filter_map(|lead| lead.outcome.clone())),
        opt_outs: opt_outs(app, &leads)?,
        attempts: leads.iter().map(|lead| u64::from(lead.attempts)).sum(),
        invites: carrier
            .all_invites()
            .values()
            .map(|count| u64::from(*count))
            .sum(),
        log: LogResult {
            entries: chain.entries,
            verified: chain.fault.is_none(),
            fault: chain
                .fault
                .map(|fault| format!("entry {}: {}", fault.seq, fault.what)),
        },
        leads,
    })
}

fn import_figures(intake: &Intake) -> ImportFigures {
    let report = &intake.report;
    ImportFigures {
        rows: report.rows,
        leads: report.leads.len(),
        consents: intake.kept.consents,
        errors: report.errors.clone(),
        warnings: report.warnings.clone(),
        duplicates: report.duplicates.clone(),
        test_leads: report.test_leads.clone(),
        do_not_call: report.do_not_call.len(),
    }
}

fn lead_result(app: &App, seller: &str, lead: &Lead) -> Result<LeadResult> {
    let calls = app
        .store
        .calls_of(lead.draft.number, &PageRequest::first(10))?
        .items;
    let waits = matches!(
        lead.state,
        ringfence_store::campaign::LeadState::Queued
            | ringfence_store::campaign::LeadState::Deferred
    );
    Ok(LeadResult {
        line: lead
            .draft
            .extra
            .get("line")
            .and_then(serde_json::Value::as_u64),
        number: lead.draft.number,
        seller: seller.to_owned(),
        state: word(&lead.state),
        attempts: lead.attempts,
        outcome: lead.last_outcome.as_ref().map(word),
        opt_out: calls.iter().any(|call| call.opt_out),
        disclosure: calls.first().and_then(|call| call.disclosure.clone()),
        reasons: lead.last_reasons.iter().map(ToString::to_string).collect(),
        next_attempt_at: waits.then_some(lead.next_attempt_at),
    })
}

/// Asks the gate once more about everybody who opted out: the answer must be no.
fn opt_outs(app: &App, leads: &[LeadResult]) -> Result<Vec<OptOutResult>> {
    let mut found = Vec::new();
    for lead in leads.iter().filter(|lead| lead.opt_out) {
        let request = CallRequest {
            to: lead.number.e164(),
            seller: lead.seller.clone(),
            purpose: Purpose::Telemarketing,
            caller_id: None,
            place: Place::default(),
            lead: None,
            campaign: None,
        };
        let again = app.dry_run(&request, app.now())?;
        let entries = app.store.suppressions_of(lead.number)?;
        let entry = entries.iter().rev().find(|entry| entry.revocation);
        found.push(OptOutResult {
            number: lead.number,
            channel: entry.map(|entry| entry.source.clone()).unwrap_or_default(),
            said: entry.map(|entry| entry.reason.clone()).unwrap_or_default(),
            now_denied_by: again.codes().map(|code| code.to_string()).collect(),
        });
    }
    Ok(found)
}

fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn count(words: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

impl DemoResult {
    /// Whether everything that the demo stands for held.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.log.verified
            && self.invites <= self.attempts
            && self
                .opt_outs
                .iter()
                .all(|o| o.now_denied_by.iter().any(|code| code == "dnc-internal"))
    }

    /// The result as a table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        for lead in &self.leads {
            text.push_str(&lead.line());
        }
        section(&mut text, "what became of the leads", &self.states);
        section(&mut text, "how the last calls ended", &self.outcomes);
        section(
            &mut text,
            "why leads were denied or deferred",
            &self.reasons,
        );
        if let Some(next) = self
            .leads
            .iter()
            .filter_map(|lead| lead.next_attempt_at)
            .min()
        {
            text.push_str(&format!(
                "\n  the first deferred lead may be called at {next}\n"
            ));
        }
        if !self.opt_outs.is_empty() {
            text.push_str("\nopt-outs, and what a decision about the number says now\n");
        }
        for opt_out in &self.opt_outs {
            let codes = opt_out.now_denied_by.join(", ");
            text.push_str(&format!(
                "  {}  {:<12} {codes}\n",
                opt_out.number, opt_out.channel
            ));
        }
        text.push_str(&format!(
            "\nattempts on file {}, INVITEs at the carrier {}\n",
            self.attempts, self.invites
        ));
        match &self.log.fault {
            None => text.push_str(&format!(
                "event log: {} entries, verified\n",
                self.log.entries
            )),
            Some(fault) => text.push_str(&format!("event log: DOES NOT VERIFY: {fault}\n")),
        }
        text
    }
}

impl LeadResult {
    /// One line for people; the number is masked.
    fn line(&self) -> String {
        let line = self.line.map_or_else(String::new, |line| line.to_string());
        let (what, why) = match (&self.outcome, self.next_attempt_at) {
            (_, Some(at)) => (
                "deferred",
                format!("{} (until {at})", self.reasons.join(", ")),
            ),
            (Some(outcome), None) if self.opt_out => ("called", format!("{outcome}, opted out")),
            (Some(outcome), None) => ("called", outcome.clone()),
            (None, None) => (self.state.as_str(), self.reasons.join(", ")),
        };
        format!("  line {line:>5}  {}  {what:<9} {why}\n", self.number)
    }
}

fn section(text: &mut String, title: &str, counts: &BTreeMap<String, u64>) {
    if counts.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}\n"));
    for (word, count) in counts {
        text.push_str(&format!("  {count:>5}  {word}\n"));
    }
}
