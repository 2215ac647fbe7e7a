//! The seller: the named business on whose behalf a call is made (TCPA's and TSR's word).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::lead::{PhoneNumber, StateCode};

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

/// A seller's name as it is compared: case, punctuation and the ending LLC / Inc / Corp ignored.
#[must_use]
pub fn comparable_name(name: &str) -> String {
    let mut words = comparable_words(name);
    while words.len() > 1 && words.last().is_some_and(|w| is_company_form(w)) {
        words.pop();
    }
    words.join(" ")
}

/// Whether `text` names the seller called `name`, by whole words.
#[must_use]
pub fn names_seller(text: &str, name: &str) -> bool {
    let wanted = comparable_name(name);
    if wanted.is_empty() {
        return false;
    }
    let text = format!(" {} ", comparable_words(text).join(" "));
    text.contains(&format!(" {wanted} "))
}

fn comparable_words(text: &str) -> Vec<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '.' | '\'' | '\u{2019}'))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    plain.split_whitespace().map(str::to_owned).collect()
}

fn is_company_form(word: &str) -> bool {
    matches!(
        word,
        "llc" | "inc" | "corp" | "incorporated" | "corporation"
    )
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

    #[test]
    fn names_are_compared_as_people_write_them() {
        for (text, name, want) in [
            (
                "I agree that Acme Solar LLC may call me",
                "Acme Solar, L.L.C.",
                true,
            ),
            (
                "I agree that ACME SOLAR may call me",
                "Acme Solar LLC",
                true,
            ),
            ("calls from acme-solar, inc.", "Acme Solar Inc", true),
            ("Acme Solarium may call", "Acme Solar LLC", false),
            ("Joe's Pizza may call", "Joe’s Pizza Corp.", true),
            ("our partners may call", "Acme Solar LLC", false),
            ("anything", "", false),
        ] {
            assert_eq!(names_seller(text, name), want, "{text} / {name}");
        }
    }
}
