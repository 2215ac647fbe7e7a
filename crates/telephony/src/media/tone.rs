//! A steady tone in a frame, by Goertzel's algorithm.

use super::rtp::FRAME_SAMPLES;

const LOWEST_HZ: f32 = 350.0;
const HIGHEST_HZ: f32 = 2_200.0;
/// The resolution of 160 samples at 8 kHz is 50 Hz.
const STEP_HZ: f32 = 25.0;
const RATE_HZ: f32 = 8_000.0;
/// The share of a frame's power that must lie in one place. A dual tone (keys, ringback) has half in each.
const SHARE_MIN: f32 = 0.8;

/// The tone that makes up nearly all of the frame, in hertz, if there is one.
#[must_use]
pub fn steady_tone(samples: &[i16]) -> Option<f32> {
    let total: f32 = samples.iter().map(|s| f32::from(*s).powi(2)).sum();
    if samples.len() != FRAME_SAMPLES || total <= 0.0 {
        return None;
    }
    let count = FRAME_SAMPLES as f32;
    let (mut best_hz, mut best) = (0.0, 0.0);
    let mut hz = LOWEST_HZ;
    while hz <= HIGHEST_HZ {
        let power = goertzel(samples, hz);
        if power > best {
            (best_hz, best) = (hz, power);
        }
        hz += STEP_HZ;
    }
    // A pure tone of amplitude a has the total n a^2 / 2 and the Goertzel power (n a / 2)^2.
    (2.0 * best / count >= SHARE_MIN * total).then_some(best_hz)
}

fn goertzel(samples: &[i16], hz: f32) -> f32 {
    let factor = 2.0 * (2.0 * std::f32::consts::PI * hz / RATE_HZ).cos();
    let (mut before, mut before_that) = (0.0_f32, 0.0_f32);
    for sample in samples {
        let now = f32::from(*sample) + factor * before - before_that;
        before_that = before;
        before = now;
    }
    before * before + before_that * before_that - factor * before * before_that
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(hz: &[f32]) -> Vec<i16> {
        (0..FRAME_SAMPLES)
            .map(|n| {
                let at = |f: &f32| (2.0 * std::f32::consts::PI * f * n as f32 / RATE_HZ).sin();
                (4_000.0 * hz.iter().map(at).sum::<f32>()) as i16
            })
            .collect()
    }

    #[test]
    fn one_tone_and_only_one() {
        for hz in [400.0, 440.0, 1_000.0, 1_013.0, 1_400.0, 2_100.0] {
            let found = steady_tone(&mix(&[hz])).unwrap();
            assert!((found - hz).abs() <= 30.0, "{hz}: {found}");
        }
        assert_eq!(
            steady_tone(&mix(&[852.0, 1_477.0])),
            None,
            "the key 9, in band"
        );
        assert_eq!(
            steady_tone(&mix(&[500.0, 1_000.0, 1_500.0])),
            None,
            "a vowel"
        );
        assert_eq!(steady_tone(&mix(&[3_000.0])), None, "out of range");
        assert_eq!(steady_tone(&[0; FRAME_SAMPLES]), None);
    }
}
