//! Many calls asked about at once: the facts of each, for a preview that records nothing.

use jiff::Timestamp;
use ringfence_core::gate::{CallRequest, Facts};
use ringfence_core::id::Id;
use ringfence_core::lead::{PhoneNumber, Place};

use crate::Result;
use crate::gate::GateSettings;

/// Previews of many calls; they write nothing.
pub trait Scrubs {
    /// The facts of many calls in one snapshot, as [`Store::facts`](crate::Store::facts) gives each, handed to `each` in their order. Nothing is
    /// stored. `Invalid` when the callees are not in the order of their numbers.
    fn scrub(
        &self,
        scrub: &Scrub<'_>,
        settings: &GateSettings,
        now: Timestamp,
        each: &mut dyn FnMut(Seen<'_>),
    ) -> Result<()>;

    /// The leads of a campaign that wait for a call, in the order of their numbers, `most` at the most.
    fn waiting_leads(&self, campaign: &Id, most: u32) -> Result<Vec<(Id, PhoneNumber, Place)>>;
}

/// Calls that differ only in whom they ring.
#[derive(Debug, Clone, Copy)]
pub struct Scrub<'a> {
    /// What they have in common; its `to`, `place` and `lead` are not read.
    pub common: &'a CallRequest,
    /// Places that callees name by their position here.
    pub places: &'a [Place],
    /// Whom, in the order of their numbers.
    pub callees: &'a [Callee],
    /// The lead of each callee, or of none.
    pub leads: &'a [Id],
}

/// One callee of a scrub, small: there may be ten million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callee {
    /// Whom to ring.
    pub number: PhoneNumber,
    /// Where they say they are: a position in [`Scrub::places`].
    pub place: u32,
    /// The asker's own mark, such as the row it stands in.
    pub row: u32,
}

/// One callee's facts, the same as [`Store::facts`](crate::Store::facts) gives for this call alone.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Which callee.
    pub index: usize,
    /// Everything that its decision rests on.
    pub facts: &'a Facts,
    /// Whom it is like; none: nobody.
    pub alike: Option<Alike>,
}

/// Two callees of one scrub that are alike have the same facts but for the digits after the area code, and so the
/// same decision: the gate reads nothing else of a number that can exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Alike {
    area: u16,
    place: u32,
    hits: u64,
}

impl Alike {
    /// `hits`: which lists hold the number, one bit each.
    pub(crate) const fn new(area: u16, place: u32, hits: u64) -> Self {
        Self { area, place, hits }
    }
}
