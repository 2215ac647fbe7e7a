//! The seed of random tests: the same on every run, unless `RINGFENCE_SEED` says otherwise.

/// The seed, decimal or `0x...`.
pub fn seed() -> u64 {
    let Ok(text) = std::env::var("RINGFENCE_SEED") else {
        return 0x51EE_D5ED;
    };
    let read = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    read.expect("RINGFENCE_SEED is a number, or 0x and a hexadecimal one")
}
