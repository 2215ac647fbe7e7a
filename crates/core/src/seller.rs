//! The seller: the named business on whose behalf a call is made (TCPA's and TSR's word).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::lead::{PhoneNumber, StateCode};

mod names;

pub use names::{comparable_name, names_seller};

/// A seller as it is put by `PUT /v1/sellers/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seller {
    /// The registered name, as consent texts and the disclosure must give it.
    pub name: String,
    /// A number that callees may call back.
    #[serde(default)]
    pub callback_number: Option<PhoneNumber>,
    /// The toll-free line that leads straight to the opt-out (47 CFR 64.1200(b)(3)).
    #[serde(default)]
    pub toll_free_opt_out: Option<PhoneNumber>,
    /// The numbers it may present.
    #[serde(default)]
    pub caller_ids: Vec<CallerId>,
    /// State telemarketer registrations, or why none is needed.
    #[serde(default)]
    pub registrations: Vec<Registration>,
    /// Its subscription to the National Do Not Call Registry.
    #[serde(default)]
    pub san: Option<San>,
}

/// A number that the seller may present, and since when (16 CFR 310.5(a)(2) asks for proof).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerId {
    /// The presented number.
    pub number: PhoneNumber,
    /// First day of the authorisation, inclusive.
    pub authorised_from: Date,
    /// Last day, inclusive; none: until withdrawn.
    #[serde(default)]
    pub authorised_to: Option<Date>,
    /// What proves it, as the operator says: any JSON value, kept as it is.
    #[serde(default)]
    pub proof: Option<serde_json::Value>,
}

/// A registration in one state, or the recorded reason why none is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The state.
    pub state: StateCode,
    /// The certificate's number.
    #[serde(default)]
    pub number: Option<String>,
    /// Last day in force, inclusive.
    #[serde(default)]
    pub expires_on: Option<Date>,
    /// Why the seller is exempt there, such as a counsel's memo.
    #[serde(default)]
    pub exempt_because: Option<String>,
}

/// A Subscription Account Number of the national registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct San {
    /// The number, such as `10000000-00001`.
    pub number: String,
    /// Last day in force, inclusive.
    pub expires_on: Date,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_what_the_operator_says() {
        for proof in [
            r#""carrier letter 42""#,
            r#"{"letter":42}"#,
            "[1,\"a\"]",
            "{}",
            "7",
            "null",
        ] {
            let text = format!(
                r#"{{"number":"+12125550100","authorised_from":"2026-01-01","authorised_to":null,"proof":{proof}}}"#
            );
            let caller_id: CallerId = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&caller_id).unwrap(), text);
        }
    }
}
