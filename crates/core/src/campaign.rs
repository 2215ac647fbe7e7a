//! A campaign: many leads for one seller, with its limits and its retry schedule.
