//! Who answered? Advice only: `machine` when sure, `human` when it sounded like one, else nothing, and nothing is
//! treated as a person. Nothing ever waits for this.
//!
//! Public parameters of such detectors: a person says little and then waits; a machine talks on, or beeps.

use super::echo::EchoGuard;
use super::g711;
use super::tone::steady_tone;

const FRAME_MS: u32 = 20;
/// Root mean square from which a frame counts as sound.
const SOUND_RMS: f32 = 400.0;
/// Long speech must come within this much of the answer.
const LONG_WITHIN_MS: u32 = 5_000;
/// This much of it ...
const LONG_MS: u32 = 3_500;
/// ... without a pause of this length.
const PAUSE_MS: u32 = 800;
/// A greeting of a person is not longer.
const GREETING_MS_MAX: u32 = 2_500;
/// Less is a click.
const GREETING_MS_MIN: u32 = 100;
/// A tone this long is a beep ...
const BEEP_MS: u32 = 160;
/// ... if so much speech came before it.
const BEEP_AFTER_SPEECH_MS: u32 = 500;
/// The two places of one tone in neighbouring frames may differ by this, in hertz.
const BEEP_DRIFT_HZ: f32 = 30.0;
/// A beep later than this is no voicemail's.
const BEEP_WITHIN_MS: u32 = 40_000;
/// How often the last stretch is compared with what we sent.
const ECHO_EVERY_MS: u32 = 160;

/// What the ears are sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It sounded like a person.
    Human,
    /// A machine, and by what.
    Machine(&'static str),
}

/// Listens to one callee.
#[derive(Debug, Default)]
pub struct Ears {
    echo: EchoGuard,
    elapsed_ms: u32,
    speech_ms: u32,
    /// Sound that has not been compared with what we sent yet.
    unproven_ms: u32,
    quiet_ms: u32,
    paused: bool,
    tone_ms: u32,
    tone_hz: f32,
    heard_beep: bool,
    said_human: bool,
    said_machine: bool,
}

impl Ears {
    /// A frame of ours went out.
    pub fn sent(&mut self, frame: &super::rtp::Frame) {
        self.echo.sent(frame);
    }

    /// 20 ms of the call went by; `payload` is the mu-law that came in meanwhile, if any did.
    pub fn tick(&mut self, payload: Option<&[u8]>) -> Option<Verdict> {
        self.elapsed_ms = self.elapsed_ms.saturating_add(FRAME_MS);
        let sound = payload.is_some_and(|payload| self.is_sound(payload));
        if sound {
            self.quiet_ms = 0;
            self.unproven_ms += FRAME_MS;
        } else {
            self.quiet_ms = self.quiet_ms.saturating_add(FRAME_MS);
        }
        if self.unproven_ms >= ECHO_EVERY_MS || (!sound && self.unproven_ms > 0) {
            self.prove();
        }
        if self.said_machine {
            return None;
        }
        let verdict = self.verdict();
        self.said_machine |= matches!(verdict, Some(Verdict::Machine(_)));
        self.said_human |= verdict == Some(Verdict::Human);
        verdict
    }

    /// How long it has been quiet, in milliseconds.
    #[must_use]
    pub fn quiet_ms(&self) -> u32 {
        self.quiet_ms
    }

    /// Whether anybody has said anything.
    #[must_use]
    pub fn has_heard(&self) -> bool {
        self.speech_ms + self.unproven_ms > 0
    }

    /// Whether there was a beep, and it is over.
    #[must_use]
    pub fn beep_is_over(&self) -> bool {
        self.heard_beep && self.tone_ms == 0
    }

    fn is_sound(&mut self, payload: &[u8]) -> bool {
        let samples: Vec<i16> = payload.iter().map(|b| g711::decode(*b)).collect();
        self.echo.heard(&samples);
        let sum: f32 = samples.iter().map(|s| f32::from(*s).powi(2)).sum();
        let is_loud = (sum / samples.len().max(1) as f32).sqrt() >= SOUND_RMS;
        if !is_loud || self.echo.is_identical(payload) {
            self.tone_ms = 0;
            return false;
        }
        match steady_tone(&samples) {
            Some(hz) if self.tone_ms > 0 && (hz - self.tone_hz).abs() > BEEP_DRIFT_HZ => {
                self.tone_ms = 0;
            }
            Some(hz) => {
                self.tone_hz = hz;
                self.tone_ms += FRAME_MS;
            }
            None => self.tone_ms = 0,
        }
        true
    }

    /// Sound becomes speech unless it is our own.
    fn prove(&mut self) {
        if !(self.echo.is_armed() && self.echo.is_copy()) {
            self.speech_ms += self.unproven_ms;
        }
        self.unproven_ms = 0;
    }

    fn verdict(&mut self) -> Option<Verdict> {
        if self.tone_ms >= BEEP_MS && self.elapsed_ms <= BEEP_WITHIN_MS {
            let before = self.speech_ms.saturating_sub(self.tone_ms);
            if before >= BEEP_AFTER_SPEECH_MS && !self.echo.is_copy() {
                self.heard_beep = true;
                return Some(Verdict::Machine("beep"));
            }
        }
        if self.quiet_ms >= PAUSE_MS && self.speech_ms >= GREETING_MS_MIN && !self.paused {
            self.paused = true;
            let short = self.speech_ms <= GREETING_MS_MAX;
            return (short && !self.said_human).then_some(Verdict::Human);
        }
        let long = self.speech_ms >= LONG_MS && self.elapsed_ms <= LONG_WITHIN_MS;
        (long && !self.paused).then_some(Verdict::Machine("long-speech"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::rtp::{FRAME_SAMPLES, Frame};

    fn noise(seed: usize, level: i32) -> Frame {
        let mut random = u32::try_from(seed).unwrap().wrapping_mul(2_654_435_761) | 1;
        std::array::from_fn(|_| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            let value = i32::try_from(random % 2_001).unwrap() - 1_000;
            g711::encode(i16::try_from(value * level / 1_000).unwrap())
        })
    }

    fn beep(seed: usize) -> Frame {
        std::array::from_fn(|n| {
            let t = (seed * FRAME_SAMPLES + n) as f32 / 8_000.0;
            g711::encode((8_000.0 * (6_283.185 * t).sin()) as i16)
        })
    }

    /// Segments of (milliseconds, what); the verdicts with their times.
    fn listen(segments: &[(u32, char)]) -> Vec<(u32, Verdict)> {
        let mut ears = Ears::default();
        let (mut at_ms, mut verdicts) = (0, Vec::new());
        for (ms, what) in segments {
            for _ in 0..ms / FRAME_MS {
                let seed = usize::try_from(at_ms).unwrap();
                let frame = match what {
                    's' => Some(noise(seed, 6_000)),
                    'b' => Some(beep(seed / 20)),
                    '.' => Some(noise(seed, 50)),
                    _ => None,
                };
                at_ms += FRAME_MS;
                let verdict = ears.tick(frame.as_ref().map(Frame::as_slice));
                verdicts.extend(verdict.map(|v| (at_ms, v)));
            }
        }
        verdicts
    }

    #[test]
    fn people_and_machines() {
        let human = |at| vec![(at, Verdict::Human)];
        assert_eq!(
            listen(&[(500, '.'), (600, 's'), (3_000, '.')]),
            human(1_900)
        );
        assert_eq!(
            listen(&[(500, '-'), (600, 's'), (3_000, '-')]),
            human(1_900),
            "no packets"
        );
        assert_eq!(listen(&[(5_000, '.')]), vec![], "silence says nothing");
        let long = listen(&[(300, '.'), (6_000, 's')]);
        assert_eq!(long, vec![(3_820, Verdict::Machine("long-speech"))]);
        let halting = [
            (1_500, 's'),
            (900, '.'),
            (1_500, 's'),
            (900, '.'),
            (2_000, 's'),
        ];
        assert_eq!(listen(&halting), human(2_300), "pauses are no machine's");
        let late = [(1_800, '.'), (3_000, 's'), (1_000, '.'), (3_000, 's')];
        assert_eq!(
            listen(&late),
            vec![],
            "a chatty person is not known to be a machine"
        );
    }

    #[test]
    fn a_beep_counts_only_after_speech() {
        let found = listen(&[(1_500, 's'), (300, '.'), (400, 'b')]);
        assert_eq!(found, vec![(1_960, Verdict::Machine("beep"))]);
        assert_eq!(listen(&[(1_000, 'b')]), vec![], "a tone alone is a line's");
        let short = listen(&[(1_500, 's'), (300, '.'), (120, 'b'), (300, '.')]);
        assert_eq!(short, vec![], "too short");
    }

    #[test]
    fn our_own_prompt_is_nobody() {
        for delay in [0, 1, 10, 25] {
            let mut ears = Ears::default();
            let prompt: Vec<Frame> = (0..400).map(|n| noise(n, 6_000)).collect();
            for n in 0..prompt.len() {
                ears.sent(&prompt[n]);
                let back = n.checked_sub(delay).map(|past| prompt[past]);
                assert_eq!(ears.tick(back.as_ref().map(Frame::as_slice)), None);
            }
            assert!(!ears.has_heard());
        }
    }

    #[test]
    fn our_own_prompt_come_back_weaker_is_nobody_either() {
        // White noise has nothing in common with itself at 2 kHz: a voice has.
        let mut ears = Ears::default();
        let voice = |n: usize| -> [i16; FRAME_SAMPLES] {
            std::array::from_fn(|k| {
                let t = (n * FRAME_SAMPLES + k) as f32 / 8_000.0;
                let sweep = 150.0 * t + 40.0 * (3.0 * t).sin() + 9.0 * (17.0 * t).cos();
                (6_000.0 * (std::f32::consts::TAU * sweep).sin()
                    + 3_000.0 * (std::f32::consts::TAU * 2.3 * sweep).sin()) as i16
            })
        };
        for n in 0..500 {
            ears.sent(&voice(n).map(g711::encode));
            let back = n
                .checked_sub(12)
                .map(|past| voice(past).map(|s| g711::encode(s / 4)));
            let verdict = ears.tick(back.as_ref().map(Frame::as_slice));
            assert!(
                !matches!(verdict, Some(Verdict::Machine(_))),
                "{n}: {verdict:?}"
            );
        }
    }
}
