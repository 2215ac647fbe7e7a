//! Placeholder until the model is trained.
