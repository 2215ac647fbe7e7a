//! What checks the rest, and never ships: the rules that the tree itself must keep, the decision cases and the
//! properties of the gate.

#[cfg(test)]
mod tidy;
