//! What checks the rest, and never ships: the rules that the tree itself must keep, a seeded world, the
//! reference gate, and the properties of the gate.

pub mod compare;
pub mod reference;
pub mod world;

#[cfg(test)]
mod compare_tests;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod seed;
#[cfg(test)]
mod sweeps;

#[cfg(test)]
mod tidy;
