//! The law as data: packs of dated rules, each with its citation, status and confidence, and the tables that say
//! where a number may be. Loaded and validated once; the hash is in every decision.

mod archive;
mod diff;
mod federal;
mod holiday;
mod index;
mod intern;
mod load;
mod pack;
mod places;
mod places_load;
mod problem;
mod read;
mod rule;
mod state;
#[cfg(test)]
mod tests;
mod zone;

pub(crate) use index::{ClosedDays, Concerns, Days, Index, State, StateNo, Window, ZoneNo};
pub(crate) use zone::{Local, Zone, date_of, day_number};

pub use diff::{Change, ChangeKind, diff};
pub use holiday::HolidayRecipe;
pub use pack::{
    AdviceScope, ArtificialVoice, ArtificialVoiceAction, Cap, Confidence, Federal, Holiday, Hours,
    Jurisdiction, OralConsent, Provenance, Relaxation, RulePack, Span, StateList, Status,
};
pub use places::{AreaCode, Places};
pub use problem::{PackError, Problem};
