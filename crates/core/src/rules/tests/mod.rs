//! The pack as shipped, and what the loader says of bad ones.

mod diff;
mod errors;
mod holidays;
mod law;
mod operator_area_codes;
mod places;
mod shipped;

use std::sync::LazyLock;

use super::RulePack;

/// The shipped pack, loaded once for all tests.
static PACK: LazyLock<RulePack> =
    LazyLock::new(|| RulePack::embedded().unwrap_or_else(|error| panic!("{error}")));
