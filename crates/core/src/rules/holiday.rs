//! Holidays as recipes, so that any year can be computed.

/// One holiday's recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayRecipe {}
