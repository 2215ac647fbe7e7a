//! What the callee says and presses, and whether it means "stop calling me".
