//! One live call as a state machine over both legs: `handle(input, now) -> Outputs`.
