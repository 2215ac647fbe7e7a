//! Where a number may be: area codes, ZIP codes, and the zones of each.

/// The tables of places.
#[derive(Debug, Clone, Default)]
pub struct Places {}
