//! What checks the rest, and never ships: the rules that the tree itself must keep, a seeded world, and the
//! properties of the gate.

pub mod world;

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tidy;
