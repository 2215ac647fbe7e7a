//! A generated registry, seeded, clustered as real exchanges are: for figures only.
//!
//! 335 area codes, each opening a part of its 792 exchanges; nearly half of them pooled, with only some thousand-blocks
//! in use; density by style of exchange; runs of consecutive numbers. Then scaled to the number that is asked for.

use super::{Builder, NumberSet, Result};

/// The model's area codes.
const AREA_CODES: u64 = 335;

/// How many numbers the model holds before it is scaled, measured with seed 42.
const UNSCALED: f64 = 285_500_000.0;

/// Splitmix64: small, fast, the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[inline]
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number under `end`.
    #[inline]
    pub const fn under(&mut self, end: u64) -> u64 {
        ((self.roll() as u128 * end as u128) >> 64) as u64
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub const fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Between two values.
    pub const fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// A registry of about `numbers` numbers.
///
/// # Errors
/// When memory has run out.
pub fn registry(numbers: u64, seed: u64) -> Result<NumberSet> {
    let mut dice = Dice::new(seed);
    let mut builder = Builder::new();
    #[expect(clippy::cast_precision_loss, reason = "under 2^53")]
    let scale = numbers as f64 / UNSCALED;
    // A smaller registry has fewer exchanges, not thinner ones, down to what a test needs.
    let opened_scale = scale.min(1.0);
    let density_scale = scale / opened_scale;
    for code in 0..AREA_CODES {
        let area = 201 + code * 2;
        // Such that 258 million numbers stand in 166,000 exchanges.
        let factor = 0.84 * dice.between(0.6, 1.4);
        // Skewed towards well-filled area codes.
        let opened = (0.15 + 0.83 * dice.unit().sqrt()) * opened_scale;
        for local in 0..792_u64 {
            if dice.unit() < opened {
                let exchange = area * 1000 + 200 + local;
                let block = builder.block(u32::try_from(exchange).unwrap_or_default())?;
                exchange_of(block, factor * density_scale, &mut dice);
            }
        }
    }
    Ok(builder.finish())
}

fn exchange_of(block: &mut [u8], factor: f64, dice: &mut Dice) {
    let pooled = dice.unit() < 0.45;
    let used = if pooled { dice.between(0.2, 1.0) } else { 1.0 };
    let style = dice.unit();
    for thousand in 0..10_u32 {
        if pooled && dice.unit() > used {
            continue;
        }
        let density = match style {
            s if s < 0.08 => dice.between(0.35, 0.70),
            s if s < 0.68 => dice.between(0.10, 0.35),
            s if s < 0.95 => dice.between(0.01, 0.10),
            _ => dice.between(0.40, 0.80),
        };
        let density = (density * factor).min(0.95);
        // A byte at a time: each bit is set with the same chance.
        let threshold = (density * 65_536.0) as u32;
        for number in 0..1000_u32 {
            if (dice.roll() >> 48) as u32 <= threshold {
                super::set(block, thousand * 1000 + number);
            }
        }
        if dice.unit() < 0.003 {
            let begins = dice.under(700) as u32;
            let length = 20 + dice.under(280) as u32;
            for number in begins..begins + length {
                super::set(block, thousand * 1000 + number);
            }
        }
    }
}

/// A change list: as many additions as deletions, spread over the registry's exchanges.
#[must_use]
pub fn changes(set: &super::Directory, lines: usize, seed: u64) -> Vec<super::Change> {
    let mut dice = Dice::new(seed);
    let places: Vec<u32> = set.places().collect();
    (0..lines)
        .filter_map(|_| {
            let at = dice.under(places.len() as u64) as usize;
            let exchange = super::EXCHANGE_FIRST + places.get(at)?;
            Some(super::Change {
                number: u64::from(exchange) * 10_000 + dice.under(10_000),
                added: dice.roll() >> 63 == 0,
            })
        })
        .collect()
}

/// The flat file of a set: `AAA,NNNNNNN` and a line feed for each number, in order.
///
/// # Errors
/// When it cannot be written.
pub fn write_flat(set: &NumberSet, into: &mut impl std::io::Write) -> std::io::Result<()> {
    let mut lines = Vec::with_capacity(120_000);
    for (place, block) in set.directory().places().zip(set.blocks()) {
        lines.clear();
        let exchange = super::EXCHANGE_FIRST + place;
        let head = format!("{:03},{:03}", exchange / 1000, exchange % 1000);
        for last in super::build::lasts(block) {
            lines.extend_from_slice(head.as_bytes());
            let digit = |by: u32| b'0' + (last / by % 10) as u8;
            lines.extend_from_slice(&[digit(1000), digit(100), digit(10), digit(1), b'\n']);
        }
        into.write_all(&lines)?;
    }
    Ok(())
}
