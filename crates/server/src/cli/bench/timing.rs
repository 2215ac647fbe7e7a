//! Medians, and the time that the processor spent: this machine may have other work.

use std::time::{Duration, Instant};

use super::super::Failure;

/// Seconds.
pub fn time<T>(act: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let result = act();
    (begun.elapsed().as_secs_f64(), result)
}

/// The middle of some values.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// From the least to the greatest, for people.
pub fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    format!("{least:.3} to {most:.3}")
}

/// Seconds that this thread has been on a processor: other load on the machine does not count.
pub fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default().as_secs_f64()
}

/// Seconds that all threads of this process have run, those that ended too; to the hundredth.
pub fn process_seconds() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // After the name in brackets: the state is field 3, user and system time are 14 and 15.
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|n| n.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}
