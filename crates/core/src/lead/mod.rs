//! A lead: a person's number, the places they may be in, and where they came from.

pub mod import;

pub mod number;

pub mod place;

pub use number::{NumberError, PhoneNumber};
pub use place::{Place, StateCode};
