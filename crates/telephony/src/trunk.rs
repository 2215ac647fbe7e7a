//! A carrier's trunk: where it is, who we are to it, and how much it may be asked to carry.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::line::{DialError, LineError};

/// A phone must be left to ring for at least this long: 16 CFR 310.4(b)(4)(ii).
pub const RING_SECONDS_MIN: u32 = 15;
/// ... and is given up at the latest then: the SIP stack's timer C ends a ringing INVITE after 180 s.
const RING_SECONDS_MAX: u32 = 120;

/// How SIP travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A connection.
    Tcp,
    /// An encrypted connection.
    Tls,
}

/// One trunk.
#[derive(Clone, PartialEq)]
pub struct TrunkConfig {
    /// What the operator calls it.
    pub id: String,
    /// `host[:port]`.
    pub address: String,
    /// How SIP travels.
    pub transport: Transport,
    /// Digest user; empty: the carrier knows us by our address.
    pub username: String,
    /// Digest password; never logged.
    pub password: String,
    /// Calls at the same time.
    pub max_concurrent: u32,
    /// Calls begun per second.
    pub calls_per_second: f64,
    /// Ring limit in seconds, 15 to 120.
    pub ring_seconds: u32,
    /// Whether the caller ID also goes out as P-Asserted-Identity (RFC 3325).
    pub asserts_identity: bool,
    /// Whether media may come from another address than the carrier's SDP says; some carriers need it.
    pub media_from_anywhere: bool,
}

impl fmt::Debug for TrunkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrunkConfig")
            .field("id", &self.id)
            .field("address", &self.address)
            .field("transport", &self.transport)
            .field("max_concurrent", &self.max_concurrent)
            .field("calls_per_second", &self.calls_per_second)
            .field("ring_seconds", &self.ring_seconds)
            .finish_non_exhaustive()
    }
}

impl TrunkConfig {
    /// A trunk with the defaults of `ringfence.toml`.
    #[must_use]
    pub fn new(id: &str, address: &str) -> Self {
        Self {
            id: id.to_owned(),
            address: address.to_owned(),
            transport: Transport::Udp,
            username: String::new(),
            password: String::new(),
            max_concurrent: 20,
            calls_per_second: 5.0,
            ring_seconds: 30,
            asserts_identity: false,
            media_from_anywhere: false,
        }
    }

    fn check(&self) -> Result<(), LineError> {
        let refuse = |what: &str| {
            Err(LineError::Trunk {
                id: self.id.clone(),
                what: what.to_owned(),
            })
        };
        if self.address.is_empty() || self.address.contains([' ', ';', '@', '<']) {
            return refuse("address must be host[:port]");
        }
        if !(RING_SECONDS_MIN..=RING_SECONDS_MAX).contains(&self.ring_seconds) {
            return refuse("ring_seconds must be 15 to 120 (16 CFR 310.4(b)(4)(ii))");
        }
        let paced = self.calls_per_second > 0.0 && self.calls_per_second <= 1_000.0;
        if !paced || self.max_concurrent == 0 {
            return refuse("max_concurrent and calls_per_second must be above 0");
        }
        if self.transport == Transport::Tls {
            return refuse("transport tls is not built yet");
        }
        Ok(())
    }
}

/// What a trunk carries at the moment.
#[derive(Debug)]
struct Load {
    calls: u32,
    next_call: Instant,
}

#[derive(Debug)]
pub(crate) struct Trunk {
    pub(crate) config: TrunkConfig,
    load: Mutex<Load>,
}

/// The right to one more call on a trunk; given back when dropped.
#[derive(Debug)]
pub struct Slot {
    pub(crate) trunk: Arc<Trunk>,
}

impl Slot {
    /// The trunk's id.
    #[must_use]
    pub fn trunk(&self) -> &str {
        &self.trunk.config.id
    }

    /// Gives the slot back with its turn: no call came of it, so the next one need not wait for it.
    pub fn unused(self) {
        let turn = Duration::from_secs_f64(1.0 / self.trunk.config.calls_per_second);
        let mut load = self
            .trunk
            .load
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        load.next_call = load.next_call.checked_sub(turn).unwrap_or(load.next_call);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut load = self
            .trunk
            .load
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        load.calls = load.calls.saturating_sub(1);
    }
}

/// All trunks by id.
#[derive(Debug)]
pub(crate) struct Trunks(BTreeMap<String, Arc<Trunk>>);

impl Trunks {
    pub(crate) fn new(configs: Vec<TrunkConfig>) -> Result<Self, LineError> {
        let mut all = BTreeMap::new();
        for config in configs {
            config.check()?;
            let load = Mutex::new(Load {
                calls: 0,
                next_call: Instant::now(),
            });
            let id = config.id.clone();
            if all
                .insert(id.clone(), Arc::new(Trunk { config, load }))
                .is_some()
            {
                return Err(LineError::Trunk {
                    id,
                    what: "two trunks have this id".to_owned(),
                });
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn configs(&self) -> impl Iterator<Item = &TrunkConfig> {
        self.0.values().map(|trunk| &trunk.config)
    }

    /// Takes a slot, if the trunk may carry one more call at this moment.
    pub(crate) fn slot(&self, id: &str, now: Instant) -> Result<Slot, DialError> {
        let trunk = self
            .0
            .get(id)
            .ok_or_else(|| DialError::UnknownTrunk { id: id.to_owned() })?;
        let mut load = trunk.load.lock().unwrap_or_else(PoisonError::into_inner);
        if load.calls >= trunk.config.max_concurrent {
            // Nobody knows when a call ends; asking again in a second is cheap.
            let retry_after = Duration::from_secs(1);
            return Err(DialError::NoCapacity { retry_after });
        }
        if let Some(wait) = load.next_call.checked_duration_since(now)
            && !wait.is_zero()
        {
            return Err(DialError::TooSoon { wait });
        }
        load.calls += 1;
        load.next_call = now + Duration::from_secs_f64(1.0 / trunk.config.calls_per_second);
        Ok(Slot {
            trunk: Arc::clone(trunk),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_paced_bounded_and_given_back() {
        let config = TrunkConfig {
            max_concurrent: 2,
            calls_per_second: 4.0,
            ..TrunkConfig::new("carrier", "127.0.0.1:5070")
        };
        let trunks = Trunks::new(vec![config]).unwrap();
        let now = Instant::now() + Duration::from_secs(1);
        let later = |ms| now + Duration::from_millis(ms);
        let first = trunks.slot("carrier", now).unwrap();
        let paced = trunks.slot("carrier", later(100)).unwrap_err();
        let wait = Duration::from_millis(150);
        assert_eq!(paced, DialError::TooSoon { wait });
        let second = trunks.slot("carrier", later(250)).unwrap();
        let full = trunks.slot("carrier", later(900)).unwrap_err();
        assert!(matches!(full, DialError::NoCapacity { .. }));
        drop(first);
        assert!(trunks.slot("carrier", later(900)).is_ok());
        assert_eq!(second.trunk(), "carrier");
        second.unused();
        assert!(
            trunks.slot("carrier", later(901)).is_ok(),
            "its turn was given back"
        );
        let unknown = trunks.slot("other", now).unwrap_err();
        assert!(matches!(unknown, DialError::UnknownTrunk { .. }));
    }

    #[test]
    fn what_cannot_be_is_refused_and_the_password_is_not_shown() {
        let good = TrunkConfig {
            password: "secret".into(),
            ..TrunkConfig::new("carrier", "127.0.0.1:5070")
        };
        assert!(!format!("{good:?}").contains("secret"));
        for bad in [
            TrunkConfig {
                ring_seconds: 14,
                ..good.clone()
            },
            TrunkConfig {
                ring_seconds: 121,
                ..good.clone()
            },
            TrunkConfig {
                max_concurrent: 0,
                ..good.clone()
            },
            TrunkConfig {
                calls_per_second: 0.0,
                ..good.clone()
            },
            TrunkConfig {
                calls_per_second: f64::NAN,
                ..good.clone()
            },
            TrunkConfig {
                address: String::new(),
                ..good.clone()
            },
            TrunkConfig {
                address: "a@b".into(),
                ..good.clone()
            },
        ] {
            assert!(Trunks::new(vec![bad.clone()]).is_err(), "{bad:?}");
        }
        assert!(Trunks::new(vec![good.clone(), good]).is_err(), "twice");
    }
}
