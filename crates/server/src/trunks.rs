//! Which trunk has room: calls at once and new calls per second, held before anything is reserved, so that a permit
//! is never taken for a call that could not be placed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use ringfence_core::campaign::Pacing;

use crate::config::Trunk;

/// Every configured trunk and what is under way on it.
#[derive(Debug, Clone)]
pub struct Trunks {
    rooms: Arc<BTreeMap<String, Mutex<Room>>>,
}

#[derive(Debug)]
struct Room {
    active: u32,
    max: u32,
    pacing: Pacing,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// No such trunk.
    Unknown,
    /// Ask again after this long.
    Full(SignedDuration),
}

/// One call's place on a trunk; given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    trunks: Trunks,
    trunk: String,
}

impl Trunks {
    /// The trunks of the configuration.
    #[must_use]
    pub fn new(trunks: &[Trunk]) -> Self {
        let room = |trunk: &Trunk| {
            Mutex::new(Room {
                active: 0,
                max: trunk.max_concurrent,
                pacing: Pacing::new(trunk.calls_per_second),
            })
        };
        let rooms = trunks.iter().map(|trunk| (trunk.id.clone(), room(trunk))).collect();
        Self { rooms: Arc::new(rooms) }
    }

    /// The only trunk there is, if there is just one.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        let mut ids = self.rooms.keys();
        ids.next().filter(|_| self.rooms.len() == 1).map(String::as_str)
    }

    /// Takes a place for one new call.
    ///
    /// # Errors
    /// [`NoRoom`] when the trunk is unknown, every line is taken, or the next call is not due yet.
    pub fn admit(&self, trunk: &str, now: Timestamp) -> Result<Slot, NoRoom> {
        let mut room = self.room(trunk).ok_or(NoRoom::Unknown)?;
        if room.active >= room.max {
            return Err(NoRoom::Full(SignedDuration::from_secs(1)));
        }
        room.pacing.take(now).map_err(NoRoom::Full)?;
        room.active += 1;
        drop(room);
        Ok(Slot { trunks: self.clone(), trunk: trunk.to_owned() })
    }

    fn room(&self, trunk: &str) -> Option<MutexGuard<'_, Room>> {
        // A count is right whatever the thread that held it did afterwards.
        self.rooms.get(trunk).map(|room| room.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Slot {
    /// The trunk's id.
    #[must_use]
    pub fn trunk(&self) -> &str {
        &self.trunk
    }

    /// Gives the place back, and its turn with it: no call came of it.
    pub fn unused(self) {
        if let Some(mut room) = self.trunks.room(&self.trunk) {
            room.pacing.give_back();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(mut room) = self.trunks.room(&self.trunk) {
            room.active = room.active.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunks(max_concurrent: u32, calls_per_second: f64) -> Trunks {
        let text = format!(
            "id = 'carrier'\naddress = '127.0.0.1:5070'\nmax_concurrent = {max_concurrent}\ncalls_per_second = {calls_per_second:?}"
        );
        Trunks::new(&[toml::from_str(&text).unwrap()])
    }

    #[test]
    fn calls_at_once_are_counted() {
        let trunks = trunks(1, 200.0);
        let now = Timestamp::UNIX_EPOCH;
        let later = now + SignedDuration::from_secs(1);
        let slot = trunks.admit("carrier", now).unwrap();
        assert!(matches!(trunks.admit("carrier", later), Err(NoRoom::Full(_))));
        drop(slot);
        assert!(trunks.admit("carrier", later).is_ok());
        assert_eq!(trunks.admit("nobody", now).unwrap_err(), NoRoom::Unknown);
    }

    #[test]
    fn a_turn_that_was_not_used_is_given_back() {
        let trunks = trunks(10, 1.0);
        let now = Timestamp::UNIX_EPOCH;
        trunks.admit("carrier", now).unwrap().unused();
        let used = trunks.admit("carrier", now).unwrap();
        let wait = SignedDuration::from_secs(1);
        assert_eq!(trunks.admit("carrier", now).unwrap_err(), NoRoom::Full(wait));
        drop(used);
        assert_eq!(trunks.admit("carrier", now).unwrap_err(), NoRoom::Full(wait));
    }
}
