//! The elements that a text must hold to be prior express written consent (47 CFR 64.1200(f)(9)(i)).

use serde::{Deserialize, Serialize};

/// One required element. Nothing is invented for a text that lacks one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Element {
    /// Names the seller.
    SellerNamed,
    /// Says that an artificial or prerecorded voice will be used.
    ArtificialOrPrerecordedVoice,
    /// Says that the calls are marketing.
    Marketing,
    /// Refers to the number that the callee provides.
    NumberProvided,
    /// Says that agreeing is not a condition of a purchase.
    NotACondition,
}

/// The elements of one text, found and missing, each in the order of [`Element`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elements {
    /// In the text.
    pub found: Vec<Element>,
    /// Not in the text.
    pub missing: Vec<Element>,
}

/// Looks for every element in `text`; `seller_name` is the registered name, if the seller is known.
#[must_use]
pub fn find_elements(text: &str, seller_name: Option<&str>) -> Elements {
    let _ = (text, seller_name);
    Elements::default()
}
