//! The reason codes: a contract. Never reused, never renamed.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// Why a call is denied or deferred, as a stable kebab-case code.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum ReasonCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl ReasonCode {
            /// Every code, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}

reason_codes! {
    /// No consent on file.
    ConsentMissing = "consent-missing",
    /// Double opt-in, not yet confirmed.
    ConsentPending = "consent-pending",
    /// Ended by its own terms.
    ConsentExpired = "consent-expired",
    /// Withdrawn.
    ConsentRevoked = "consent-revoked",
    /// Given to another seller only.
    ConsentOtherSeller = "consent-other-seller",
    /// Not the level that this purpose needs.
    ConsentLevelTooLow = "consent-level-too-low",
    /// The text lacks a required element.
    ConsentTextLacksElement = "consent-text-lacks-element",
    /// Does not cover this purpose, or no artificial voice.
    ConsentScope = "consent-scope",
    /// On the National Do Not Call Registry.
    DncNational = "dnc-national",
    /// On a state's list.
    DncState = "dnc-state",
    /// On the internal list.
    DncInternal = "dnc-internal",
    /// The list's copy is too old.
    DncStale = "dnc-stale",
    /// The seller has no list for this number's area.
    DncNotSubscribed = "dnc-not-subscribed",
    /// On a litigator list.
    Litigator = "litigator",
    /// The number has another holder now.
    Reassigned = "reassigned",
    /// No fresh answer whether it has.
    ReassignedUnknown = "reassigned-unknown",
    /// Outside the calling hours.
    CallingHours = "calling-hours",
    /// A holiday, or its observed day.
    Holiday = "holiday",
    /// A Sunday that is closed all day.
    Sunday = "sunday",
    /// The callee may be in an area under a declared emergency.
    EmergencyArea = "emergency-area",
    /// Called too often already.
    FrequencyCap = "frequency-cap",
    /// The campaign's attempts for this lead are used up.
    CampaignAttempts = "campaign-attempts",
    /// The caller ID is not the seller's.
    CallerIdNotRegistered = "caller-id-not-registered",
    /// Not a number that can exist.
    NumberInvalid = "number-invalid",
    /// In no table of area codes.
    NumberUnknownAreaCode = "number-unknown-area-code",
    /// Toll-free, premium, personal, or not a US number.
    NumberNotDialable = "number-not-dialable",
    /// The place's law has not been read.
    JurisdictionUnread = "jurisdiction-unread",
    /// The place bars such calls.
    JurisdictionProhibits = "jurisdiction-prohibits",
    /// No telemarketer registration or exemption there.
    RegistrationMissing = "registration-missing",
    /// No disclosure that names the seller.
    DisclosureMissing = "disclosure-missing",
    /// No such seller.
    SellerUnknown = "seller-unknown",
    /// A source of facts could not be read.
    SourceStale = "source-stale",
    /// The STOP button is pressed.
    Stopped = "stopped",
    /// Something unclear was said; a person has yet to decide.
    Held = "held",
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
