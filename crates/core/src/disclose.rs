//! What must be said first, and the evidence that it was.
