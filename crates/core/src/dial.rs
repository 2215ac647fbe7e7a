//! One origination. `Store::reserve` decides, records and takes the attempt in one transaction; what comes out is a
//! `Permit`, and only a permit can be dialed (invariant `no-permit-no-dial`).

use jiff::Timestamp;

use crate::id::Id;
use crate::lead::PhoneNumber;

/// The right to place one call, once, within seconds. Minted only by the store after its commit, consumed by value
/// by the line. Neither `Clone` nor `Deserialize`: it cannot be made up or used twice.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    attempt: Id,
    decision: Id,
    to: PhoneNumber,
    caller_id: PhoneNumber,
    expires_at: Timestamp,
}

impl Permit {
    /// For the store alone, after the attempt's commit; a test on the code holds who calls this.
    #[must_use]
    pub fn mint(
        attempt: Id,
        decision: Id,
        to: PhoneNumber,
        caller_id: PhoneNumber,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            attempt,
            decision,
            to,
            caller_id,
            expires_at,
        }
    }

    /// The attempt it was reserved as.
    #[must_use]
    pub fn attempt(&self) -> &Id {
        &self.attempt
    }

    /// The decision that allowed it.
    #[must_use]
    pub fn decision(&self) -> &Id {
        &self.decision
    }

    /// Whom to call.
    #[must_use]
    pub fn to(&self) -> PhoneNumber {
        self.to
    }

    /// The number to present.
    #[must_use]
    pub fn caller_id(&self) -> PhoneNumber {
        self.caller_id
    }

    /// After this instant it is void.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}
