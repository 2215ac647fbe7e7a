//! What checks the rest, and never ships: the rules that the tree itself must keep, a seeded world, the
//! reference gate, and the properties of the gate.

pub mod compare;
pub mod reference;
pub mod world;

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tidy;
