//! G.711 mu-law (ITU-T G.711, table 2a), 16-bit linear on our side.

/// A silent sample.
pub const SILENCE: u8 = 0xFF;

const BIAS: i32 = 0x84;
const CLIP: i32 = 32_635;

/// One linear sample as mu-law.
#[must_use]
pub fn encode(sample: i16) -> u8 {
    let wide = i32::from(sample);
    let sign = if wide < 0 { 0x80 } else { 0 };
    let magnitude = wide.abs().min(CLIP) + BIAS;
    // 132 <= magnitude < 32768: the top bit is one of bits 7 to 14.
    let segment = 24_u32.saturating_sub(magnitude.leading_zeros()).min(7);
    let mantissa = (magnitude >> (segment + 3)) & 0x0F;
    let code = sign | (segment << 4) | u32::try_from(mantissa).unwrap_or(0);
    !u8::try_from(code).unwrap_or(0)
}

/// One mu-law byte as a linear sample.
#[must_use]
pub fn decode(code: u8) -> i16 {
    let code = !code;
    let segment = u32::from(code >> 4) & 0x07;
    let magnitude = (((i32::from(code & 0x0F)) << 3) + BIAS) << segment;
    let linear = magnitude - BIAS;
    i16::try_from(if code & 0x80 == 0 { linear } else { -linear }).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_falls_into_the_interval_of_the_standard() {
        // Table 2a: a code's value lies in the middle of its interval, and intervals double from segment to segment.
        let mut edges: std::collections::BTreeMap<u8, (i32, i32)> = Default::default();
        for sample in i16::MIN..=i16::MAX {
            let wide = i32::from(sample);
            let edge = edges.entry(encode(sample)).or_insert((wide, wide));
            assert!(wide - edge.1 <= 1, "{sample}: an interval with a hole");
            *edge = (edge.0.min(wide), edge.1.max(wide));
        }
        assert_eq!(edges.len(), 256, "every code is used");
        for (code, (low, high)) in edges {
            let (segment, step) = (u32::from(!code >> 4) & 7, !code & 0x0F);
            let ends = segment == 7 && step == 15 || segment == 0 && step == 0;
            if !ends {
                assert_eq!(high - low + 1, 8 << segment, "{code:#x}");
                let middle = (low + high + 1) / 2;
                assert!((i32::from(decode(code)) - middle).abs() <= 4, "{code:#x}");
            }
        }
    }

    #[test]
    fn codes_of_the_standard() {
        for (sample, code) in [
            (0, 0xFF),
            (-1, 0x7F),
            (32_767, 0x80),
            (-32_768, 0x00),
            (8, 0xFE),
            (-8, 0x7E),
        ] {
            assert_eq!(encode(sample), code, "{sample}");
        }
        for code in 0..=255_u8 {
            // Minus zero is the one code that does not come back.
            let want = if code == 0x7F { 0xFF } else { code };
            assert_eq!(encode(decode(code)), want);
        }
        assert_eq!((decode(0x80), decode(0x00)), (32_124, -32_124));
    }
}
