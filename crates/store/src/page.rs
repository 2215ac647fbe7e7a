//! Lists by cursor.

use serde::{Deserialize, Serialize};

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Where the next page begins; none: this was the last.
    pub next_cursor: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next_cursor` of the page before; none: the first page.
    pub cursor: Option<String>,
    /// The most items; the store caps it at [`PageRequest::LIMIT_MAX`].
    pub limit: u32,
}

impl PageRequest {
    /// The most items of a page.
    pub const LIMIT_MAX: u32 = 1000;

    /// The first page.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self {
            cursor: None,
            limit,
        }
    }

    /// The most items, within bounds.
    pub(crate) fn bounded(&self) -> usize {
        self.limit.clamp(1, Self::LIMIT_MAX) as usize
    }
}
