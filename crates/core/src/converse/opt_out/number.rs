//! Arithmetic, and a hash, that give the same bits on every machine.
//!
//! The standard library leaves the last bits of `exp` to the platform; addition, multiplication,
//! division and square root are exact by IEEE 754, so everything is built from them.

const LN_2: f64 = std::f64::consts::LN_2;

/// e to the power of `x`, for `x` from -700 to 700 (beyond: the value at that edge).
pub fn exp(x: f64) -> f64 {
    let x = if x.is_nan() {
        0.0
    } else {
        x.clamp(-700.0, 700.0)
    };
    let halvings = (x / LN_2).round();
    let rest = x - halvings * LN_2;
    // |rest| <= ln 2 / 2: thirteen terms are exact to the last bits.
    let mut sum = 1.0;
    for term in (1..=13).rev() {
        sum = 1.0 + sum * rest / f64::from(term);
    }
    let mut factor = if halvings < 0.0 { 0.5 } else { 2.0 };
    let mut left = halvings.abs();
    while left >= 1.0 {
        if left % 2.0 >= 1.0 {
            sum *= factor;
        }
        factor *= factor;
        left = (left / 2.0).floor();
    }
    sum
}

/// FNV-1a, finished so that low bits depend on every byte.
pub fn hash(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from(mixed >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn agrees_with_the_library() {
        for tenth in -6000_i32..6000 {
            let x = f64::from(tenth) / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "{x}");
        }
        assert_eq!(exp(0.0).to_bits(), 1.0_f64.to_bits());
        assert!(exp(f64::NAN) > 0.0 && exp(f64::INFINITY).is_finite());
        assert!(exp(f64::NEG_INFINITY) >= 0.0);
    }
}
