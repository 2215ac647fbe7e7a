//! Our own prompt come back: it must never pass for somebody who speaks.

use std::collections::VecDeque;

use super::g711;
use super::rtp::{FRAME_SAMPLES, Frame};

/// Frames of ours that are remembered: an identical copy may come back this much later.
const SENT_FRAMES: usize = 60;
/// The correlation works at 2 kHz: every sample is the mean of four.
const DECIMATE: usize = 4;
const PER_FRAME: usize = FRAME_SAMPLES / DECIMATE;
/// What was heard is compared over this many frames (320 ms).
const WINDOW_FRAMES: usize = 16;
/// ... with what was sent up to this many frames before (600 ms).
const DELAY_FRAMES_MAX: usize = 30;
/// How alike they must be, from 0 to 1. A line's echo is a filtered, weaker copy.
const LIKENESS_MIN: f32 = 0.7;
/// Mean square below which a stretch counts as silence, at 2 kHz.
const POWER_MIN: f32 = 2_500.0;

/// Compares what comes in with what went out.
#[derive(Debug, Default)]
pub struct EchoGuard {
    sent: VecDeque<Frame>,
    sent_slow: VecDeque<f32>,
    heard_slow: VecDeque<f32>,
}

impl EchoGuard {
    /// A frame went out.
    pub fn sent(&mut self, frame: &Frame) {
        self.sent.push_back(*frame);
        if self.sent.len() > SENT_FRAMES {
            self.sent.pop_front();
        }
        let samples = frame.map(g711::decode);
        keep(
            &mut self.sent_slow,
            &samples,
            WINDOW_FRAMES + DELAY_FRAMES_MAX,
        );
    }

    /// A frame came in.
    pub fn heard(&mut self, samples: &[i16]) {
        keep(&mut self.heard_slow, samples, WINDOW_FRAMES);
    }

    /// Whether this very frame is one of those that we sent.
    #[must_use]
    pub fn is_identical(&self, payload: &[u8]) -> bool {
        self.sent
            .iter()
            .any(|frame| frame.as_slice() == payload && frame.iter().any(|b| *b != g711::SILENCE))
    }

    /// Whether the last 320 ms are a copy, delayed by up to 600 ms, of what we sent.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        let heard: Vec<f32> = self.heard_slow.iter().copied().collect();
        let sent: Vec<f32> = self.sent_slow.iter().copied().collect();
        let heard_power = power(&heard);
        if heard.len() < WINDOW_FRAMES / 2 * PER_FRAME || heard_power <= POWER_MIN {
            return false;
        }
        sent.windows(heard.len()).any(|past| {
            let past_power = power(past);
            let dot: f32 = past.iter().zip(&heard).map(|(a, b)| a * b).sum();
            let mean = dot / heard.len() as f32;
            past_power > POWER_MIN && mean.abs() >= LIKENESS_MIN * (past_power * heard_power).sqrt()
        })
    }

    /// Whether anything but silence went out lately.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.sent
            .iter()
            .any(|frame| frame.iter().any(|b| *b != g711::SILENCE))
    }
}

fn keep(slow: &mut VecDeque<f32>, samples: &[i16], frames_max: usize) {
    for four in samples.chunks_exact(DECIMATE) {
        let sum: f32 = four.iter().map(|s| f32::from(*s)).sum();
        slow.push_back(sum / DECIMATE as f32);
    }
    while slow.len() > frames_max * PER_FRAME {
        slow.pop_front();
    }
}

fn power(samples: &[f32]) -> f32 {
    let sum: f32 = samples.iter().map(|s| s * s).sum();
    sum / samples.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speech-like: noise through a resonance that wanders.
    fn babble(seed: u32, frames: usize) -> Vec<[i16; FRAME_SAMPLES]> {
        let mut random = seed;
        let (mut a, mut b) = (0.0_f32, 0.0_f32);
        (0..frames)
            .map(|n| {
                let hz = 250.0 + 120.0 * ((n as f32) / 7.0 + seed as f32).sin();
                let c = 1.9 * (2.0 * std::f32::consts::PI * hz / 8_000.0).cos();
                std::array::from_fn(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (random >> 16) as f32 - 32_768.0;
                    let now = noise * 0.01 + c * a - 0.9 * b;
                    b = a;
                    a = now;
                    (now * 2.0).clamp(-20_000.0, 20_000.0) as i16
                })
            })
            .collect()
    }

    #[test]
    fn a_weaker_and_later_copy_is_an_echo_and_another_voice_is_not() {
        let ours = babble(1, 60);
        let theirs = babble(99, 60);
        for (delay, gain, want) in [
            (0, 1.0, true),
            (5, 0.3, true),
            (28, 0.2, true),
            (0, 0.0, false),
        ] {
            let mut guard = EchoGuard::default();
            for (n, frame) in ours.iter().enumerate() {
                guard.sent(&frame.map(g711::encode));
                let back = match (want, n.checked_sub(delay)) {
                    (true, Some(past)) => ours[past].map(|s| (f32::from(s) * gain) as i16),
                    (true, None) => [0; FRAME_SAMPLES],
                    (false, _) => theirs[n],
                };
                guard.heard(&back);
            }
            assert_eq!(guard.is_copy(), want, "delay {delay}, gain {gain}");
        }
    }

    #[test]
    fn identical_frames_are_known_and_silence_is_not_one() {
        let mut guard = EchoGuard::default();
        assert!(!guard.is_armed());
        guard.sent(&[g711::SILENCE; FRAME_SAMPLES]);
        assert!(!guard.is_identical(&[g711::SILENCE; FRAME_SAMPLES]));
        guard.sent(&[0x42; FRAME_SAMPLES]);
        assert!(guard.is_identical(&[0x42; FRAME_SAMPLES]) && guard.is_armed());
        assert!(!guard.is_identical(&[0x41; FRAME_SAMPLES]));
    }
}
