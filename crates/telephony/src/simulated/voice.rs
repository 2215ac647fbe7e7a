//! What simulated callees sound like.

use crate::media::g711;
use crate::media::rtp::{FRAME_SAMPLES, Frame};

const RATE_HZ: f32 = 8_000.0;

/// Speech-like noise: syllables of a wandering resonance, five a second.
pub(super) fn hello(ms: usize) -> Vec<Frame> {
    let (mut a, mut b) = (0.0_f32, 0.0_f32);
    let mut random = 1_u32;
    frames(ms, |t| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (random >> 16) as f32 / 32_768.0 - 1.0;
        let hz = 500.0 + 250.0 * (8.0 * t).sin();
        let now = noise * 0.2 + 1.9 * (std::f32::consts::TAU * hz / RATE_HZ).cos() * a - 0.94 * b;
        b = a;
        a = now;
        let syllable = (std::f32::consts::PI * 5.0 * t).sin().abs();
        (now * 8_000.0 * (0.3 + syllable)).clamp(-16_000.0, 16_000.0)
    })
}

/// A pure tone.
pub(super) fn beep(hz: f32, ms: usize) -> Vec<Frame> {
    frames(ms, |t| 8_000.0 * (std::f32::consts::TAU * hz * t).sin())
}

/// Nothing.
pub(super) fn silence(ms: usize) -> Vec<Frame> {
    frames(ms, |_| 0.0)
}

/// Whether a frame of ours is heard as anything.
pub(super) fn is_loud(payload: &[u8]) -> bool {
    payload
        .iter()
        .filter(|b| g711::decode(**b).unsigned_abs() > 500)
        .count()
        > FRAME_SAMPLES / 20
}

fn frames(ms: usize, mut sample: impl FnMut(f32) -> f32) -> Vec<Frame> {
    (0..ms / 20)
        .map(|frame| {
            std::array::from_fn(|n| {
                let t = (frame * FRAME_SAMPLES + n) as f32 / RATE_HZ;
                g711::encode(sample(t) as i16)
            })
        })
        .collect()
}
