//! `ringfence holds`

use anyhow::anyhow;
use clap::{Subcommand, ValueEnum};
use ringfence_core::id::Id;
use ringfence_store::PageRequest;
use ringfence_store::hold::{HoldRecord, HoldState, Review};
use serde_json::json;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};
use crate::app::{opt_out_scope, scope_at};

/// The review list: numbers held because a callee's words may have been an opt-out.
#[derive(Debug, Subcommand)]
pub enum Holds {
    /// Show them, newest first, with the words and what decided
    #[command(after_help = "Example:\n  ringfence holds list --state all --json")]
    List {
        /// Which
        #[arg(long, value_enum, default_value = "open")]
        state: Which,
    },
    /// It was no opt-out: the number may be called again
    #[command(after_help = "Example:\n  \
        ringfence holds release hold_01KAJ3Z6T0000000000000000 --note 'meant the offer'")]
    Release {
        /// The hold's id, as `holds list` shows it
        id: String,
        /// Why
        #[arg(long)]
        note: String,
    },
    /// It was an opt-out, since the words were said
    #[command(after_help = "Example:\n  ringfence holds opt-out hold_01KAJ3Z6T0000000000000000")]
    OptOut {
        /// The hold's id, as `holds list` shows it
        id: String,
        /// Why
        #[arg(long)]
        note: Option<String>,
    },
}

/// Holds in a state.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Which {
    /// Nobody has decided
    Open,
    /// No opt-out
    Released,
    /// An opt-out
    OptedOut,
    /// Every one
    All,
}

impl Which {
    fn state(self) -> Option<HoldState> {
        match self {
            Self::Open => Some(HoldState::Open),
            Self::Released => Some(HoldState::Released),
            Self::OptedOut => Some(HoldState::OptedOut),
            Self::All => None,
        }
    }
}

impl Holds {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        match self {
            Self::List { state } => list(global, &world, state.state()),
            Self::Release { id, note } => {
                if note.trim().is_empty() {
                    return Err(Failure::usage(anyhow!("--note says why")));
                }
                let review = by_hand(Some(note));
                let id = Id::from(id.as_str());
                show(global, &world.store.release_hold(&id, review, world.now())?)
            }
            Self::OptOut { id, note } => {
                let id = Id::from(id.as_str());
                let said = world.store.find_hold(&id)?.draft.at;
                let scope = scope_at(&world.rules, opt_out_scope(&world.config), said);
                let (review, now) = (by_hand(note), world.now());
                let (hold, _) = world.store.opt_out_hold(&id, review, scope, now)?;
                show(global, &hold)
            }
        }
    }
}

fn by_hand(note: Option<String>) -> Review {
    Review {
        by: "command-line".to_owned(),
        note,
    }
}

fn list(global: &Global, world: &World, state: Option<HoldState>) -> Outcome {
    let mut page = PageRequest::first(PageRequest::LIMIT_MAX);
    let mut all = Vec::new();
    loop {
        let holds = world.store.holds(state, &[], &page)?;
        all.extend(holds.items);
        match holds.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None if global.json => {
                say_json(&all)?;
                return Ok(Exit::Done);
            }
            None => {
                for hold in &all {
                    show(global, hold)?;
                }
                return Ok(Exit::Done);
            }
        }
    }
}

/// One line for people, with the number masked; one JSON object otherwise.
fn show(global: &Global, hold: &HoldRecord) -> Outcome {
    if global.json {
        say_json(hold)?;
        return Ok(Exit::Done);
    }
    let draft = &hold.draft;
    let state = serde_json::to_value(hold.state).unwrap_or(json!(null));
    let (id, state) = (&hold.id, state.as_str().unwrap_or_default().to_owned());
    let seller = draft.seller.as_deref().unwrap_or("every seller");
    let (score, because, said) = (draft.heard.score, &draft.heard.because, &draft.said);
    let (number, at, due) = (draft.number, draft.at, draft.due_at);
    say(&format!(
        "{id}  {state:<9}  {number}  {seller}  {at}  until {due}  {score:.2} \"{because}\"  said: \"{said}\""
    ))?;
    Ok(Exit::Done)
}
