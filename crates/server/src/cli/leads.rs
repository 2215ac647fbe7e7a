//! `ringfence leads`

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use ringfence_core::id::Id;
use ringfence_core::lead::import::ImportOptions;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};
use crate::intake::{Destination, IntakeError, TakenIn, take_in};

/// Files of leads.
#[derive(Debug, Subcommand)]
pub enum Leads {
    /// Take in a CSV file, as Meta, Google or a spreadsheet exports it
    #[command(after_help = "Example:\n  ringfence leads import --campaign cmp_01KAJ3Z6T leads.csv")]
    Import {
        /// The campaign they are for
        #[arg(long)]
        campaign: String,
        /// The words that the form showed, for exports that do not hold them
        #[arg(long)]
        consent_text: Option<String>,
        /// The form could not be sent without agreeing to them
        #[arg(long)]
        form_implies_consent: bool,
        /// The file
        file: PathBuf,
    },
}

impl Leads {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let Self::Import {
            campaign,
            consent_text,
            form_implies_consent,
            file,
        } = self;
        let world = World::open(global)?;
        let bytes = std::fs::read(&file)
            .with_context(|| file.display().to_string())
            .map_err(Failure::Usage)?;
        let campaign = world.store.campaign(&Id::from(campaign.as_str()))?;
        let seller = world.store.seller(&campaign.plan.seller)?;
        let options = ImportOptions {
            consent_text,
            form_implies_consent,
            ..ImportOptions::default()
        };
        let to = Destination {
            seller: &campaign.plan.seller,
            seller_name: Some(&seller.profile.name),
            purpose: campaign.plan.purpose,
            campaign: Some(&campaign.id),
        };
        match take_in(&*world.store, &bytes, &options, &to, world.now()) {
            Ok(taken) if global.json => say_json(&taken)?,
            Ok(taken) => report(&taken)?,
            Err(IntakeError::File(error)) => return Err(Failure::usage(error)),
            Err(IntakeError::Store(error)) => return Err(error.into()),
        }
        Ok(Exit::Done)
    }
}

fn report(taken: &TakenIn) -> Result<(), Failure> {
    let rows = &taken.report;
    say(&format!(
        "{} rows: {} new leads, {} known already, {} twice in the file, {} refused, {} do-not-call, {} test leads",
        rows.rows,
        taken.kept.leads,
        taken.kept.known,
        rows.duplicates.len(),
        rows.errors.len(),
        rows.do_not_call.len(),
        rows.test_leads.len(),
    ))?;
    say(&format!(
        "{} consents recorded, {} refused",
        taken.kept.consents,
        taken.kept.consents_refused.len()
    ))?;
    if taken.kept.opted_out > 0 {
        say(&format!(
            "{} rows have opted out or are held, and stay so: an import undoes no opt-out",
            taken.kept.opted_out
        ))?;
    }
    for note in &rows.notes {
        say(&format!("note: {note}"))?;
    }
    for error in rows.errors.iter().chain(&rows.warnings) {
        say(&format!("line {}: {}", error.line, error.message))?;
    }
    for refused in &taken.kept.consents_refused {
        say(&format!("line {}: consent: {}", refused.line, refused.why))?;
    }
    Ok(())
}
