//! The live display while the campaigns run.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use ringfence_core::outcome::Outcome;
use ringfence_store::campaign::LeadState;

use super::leads::Intake;
use crate::app::App;

/// The campaigns in figures, together.
#[derive(Debug, Default, Clone)]
pub(super) struct Figures {
    leads: u64,
    /// Waits for its turn, is claimed or in a call.
    open: u64,
    deferred: u64,
    denied: u64,
    answered: u64,
    opt_outs: u64,
    calls: usize,
}

impl Figures {
    pub fn read(app: &App, intake: &Intake) -> Result<Self> {
        let mut all = Self {
            calls: app.desk.active(),
            ..Self::default()
        };
        for (_, campaign) in &intake.campaigns {
            let counts = app.store.campaign_counts(campaign)?;
            let of = |state| counts.states.get(&state).copied().unwrap_or(0);
            all.leads += counts.states.values().sum::<u64>();
            all.open += of(LeadState::Queued) + of(LeadState::Reserved) + of(LeadState::InCall);
            all.deferred += of(LeadState::Deferred);
            all.denied += of(LeadState::Denied);
            all.answered += counts
                .outcomes
                .get(&Outcome::Answered)
                .copied()
                .unwrap_or(0);
            all.opt_outs += counts.opt_outs;
        }
        Ok(all)
    }

    /// No call is under way and no lead is due: what is left waits for its first legal instant.
    pub fn is_over(&self) -> bool {
        self.open == 0 && self.calls == 0
    }

    fn done(&self) -> u64 {
        self.leads.saturating_sub(self.open)
    }

    fn words(&self) -> String {
        format!(
            "{} calls now; {} answered, {} opted out; {} denied, {} deferred",
            self.calls, self.answered, self.opt_outs, self.denied, self.deferred
        )
    }
}

/// A bar on a terminal, a line now and then elsewhere, nothing when it is to be quiet.
pub(super) enum Progress {
    Bar(ProgressBar),
    Lines(std::cell::Cell<Instant>),
    Quiet,
}

impl Progress {
    pub fn new(quiet: bool, intake: &Intake) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines(std::cell::Cell::new(Instant::now()));
        }
        let bar = ProgressBar::new(intake.kept.leads);
        let template = "{elapsed_precise} [{bar:30}] {pos}/{len} leads  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self::Bar(bar)
    }

    pub fn show(&self, figures: &Figures) {
        match self {
            Self::Bar(bar) => {
                bar.set_position(figures.done());
                bar.set_message(figures.words());
            }
            Self::Lines(last) if last.get().elapsed() >= Duration::from_secs(5) => {
                last.set(Instant::now());
                eprintln!(
                    "{}/{} leads  {}",
                    figures.done(),
                    figures.leads,
                    figures.words()
                );
            }
            Self::Lines(_) | Self::Quiet => {}
        }
    }

    pub fn finish(&self, figures: &Figures) {
        if let Self::Bar(bar) = self {
            self.show(figures);
            bar.finish();
        }
    }
}
