//! Prompts: WAV files turned into frames of mu-law once, when they are loaded.

use std::fmt::Write as _;
use std::io::Cursor;

use sha2::{Digest, Sha256};

use super::g711;
use super::rtp::{FRAME_SAMPLES, Frame};

/// Longest prompt, in seconds (invariant `bounded`).
pub const PROMPT_S_MAX: u32 = 120;

/// Why a file cannot be a prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Not a WAV file that can be read.
    #[error("not a readable WAV file: {0}")]
    Wav(#[from] hound::Error),
    /// Another sampling rate, channel count or sample width.
    #[error(
        "a prompt is mono, 16 bit, 8 or 16 kHz; this is {channels} channel(s), {bits} bit, {rate_hz} Hz"
    )]
    Format {
        /// Channels.
        channels: u16,
        /// Bits per sample.
        bits: u16,
        /// Samples per second.
        rate_hz: u32,
    },
    /// No audio in it.
    #[error("the WAV file holds no audio")]
    Empty,
    /// Longer than [`PROMPT_S_MAX`].
    #[error("the WAV file is longer than {PROMPT_S_MAX} s")]
    TooLong,
}

/// A prompt ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    frames: Vec<Frame>,
    words: String,
    audio_sha256: String,
    words_sha256: String,
}

impl Prompt {
    /// Reads a WAV file (8 or 16 kHz, mono, 16 bit) that says `words`.
    ///
    /// # Errors
    /// [`PromptError`] when the file is not such a WAV file, is empty or too long.
    pub fn from_wav(bytes: &[u8], words: &str) -> Result<Self, PromptError> {
        let mut reader = hound::WavReader::new(Cursor::new(bytes))?;
        let spec = reader.spec();
        let fits = spec.channels == 1
            && spec.bits_per_sample == 16
            && spec.sample_format == hound::SampleFormat::Int
            && matches!(spec.sample_rate, 8_000 | 16_000);
        if !fits {
            return Err(PromptError::Format {
                channels: spec.channels,
                bits: spec.bits_per_sample,
                rate_hz: spec.sample_rate,
            });
        }
        if reader.duration() > spec.sample_rate * PROMPT_S_MAX {
            return Err(PromptError::TooLong);
        }
        let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
        if spec.sample_rate == 16_000 {
            Self::from_samples(&halve_rate(&samples), words)
        } else {
            Self::from_samples(&samples, words)
        }
    }

    /// From linear samples at 8 kHz; the last frame is filled with silence.
    ///
    /// # Errors
    /// [`PromptError::Empty`] without a sample.
    pub fn from_samples(samples: &[i16], words: &str) -> Result<Self, PromptError> {
        if samples.is_empty() {
            return Err(PromptError::Empty);
        }
        let mut audio = Sha256::new();
        let frames = samples
            .chunks(FRAME_SAMPLES)
            .map(|chunk| {
                let mut frame: Frame = [g711::SILENCE; FRAME_SAMPLES];
                for (to, from) in frame.iter_mut().zip(chunk) {
                    *to = g711::encode(*from);
                }
                audio.update(frame);
                frame
            })
            .collect();
        Ok(Self {
            frames,
            words: words.to_owned(),
            audio_sha256: hexadecimal(&audio.finalize()),
            words_sha256: hexadecimal(&Sha256::digest(words.as_bytes())),
        })
    }

    /// Its frames of 20 ms.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// What it says.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// SHA-256 over its mu-law bytes as sent, hexadecimal.
    #[must_use]
    pub fn audio_sha256(&self) -> &str {
        &self.audio_sha256
    }

    /// SHA-256 over its words, hexadecimal.
    #[must_use]
    pub fn words_sha256(&self) -> &str {
        &self.words_sha256
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn length_ms(&self) -> u32 {
        u32::try_from(self.frames.len() * 20).unwrap_or(u32::MAX)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Taps on each side of the low-pass filter's middle.
const REACH: i32 = 31;

/// 16 kHz to 8 kHz: windowed-sinc low-pass at 3.6 kHz, then every other sample.
fn halve_rate(samples: &[i16]) -> Vec<i16> {
    let cutoff = 3_600.0 / 16_000.0;
    let taps: Vec<f32> = (-REACH..=REACH)
        .map(|n| {
            let x = n as f32;
            let sinc = if n == 0 {
                2.0 * cutoff
            } else {
                (2.0 * std::f32::consts::PI * cutoff * x).sin() / (std::f32::consts::PI * x)
            };
            let window = 0.54 + 0.46 * (std::f32::consts::PI * x / REACH as f32).cos();
            sinc * window
        })
        .collect();
    let gain: f32 = taps.iter().sum();
    let reach = usize::try_from(REACH).unwrap_or(0);
    (0..samples.len())
        .step_by(2)
        .map(|middle| {
            let sum: f32 = taps
                .iter()
                .enumerate()
                .filter_map(|(k, tap)| {
                    let at = (middle + k).checked_sub(reach)?;
                    samples.get(at).map(|s| tap * f32::from(*s))
                })
                .sum();
            (sum / gain).round().clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(rate_hz: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate_hz,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for sample in samples {
            writer.write_sample(*sample).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn tone(hz: f32, rate_hz: f32, count: usize) -> Vec<i16> {
        (0..count)
            .map(|n| {
                (8_000.0 * (2.0 * std::f32::consts::PI * hz * n as f32 / rate_hz).sin()) as i16
            })
            .collect()
    }

    fn level(samples: &[i16]) -> f32 {
        let sum: f32 = samples.iter().map(|s| f32::from(*s).powi(2)).sum();
        (sum / samples.len() as f32).sqrt()
    }

    #[test]
    fn halving_keeps_speech_and_drops_what_would_fold_back() {
        let kept = halve_rate(&tone(1_000.0, 16_000.0, 3_200));
        let dropped = halve_rate(&tone(6_000.0, 16_000.0, 3_200));
        assert_eq!(kept.len(), 1_600);
        assert!((level(&kept[100..1_500]) / 5_657.0 - 1.0).abs() < 0.02);
        assert!(
            level(&dropped[100..1_500]) < 30.0,
            "{}",
            level(&dropped[100..1_500])
        );
    }

    #[test]
    fn frames_and_hashes() {
        let p = Prompt::from_wav(&wav(8_000, 1, &[0; 200]), "hello").unwrap();
        assert_eq!((p.frames().len(), p.length_ms()), (2, 40));
        assert_eq!(p.frames()[1][159], g711::SILENCE);
        assert_eq!(
            p.words_sha256(),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
        let q = Prompt::from_wav(&wav(16_000, 1, &[0; 400]), "hello").unwrap();
        assert_eq!(p.audio_sha256(), q.audio_sha256());
    }

    #[test]
    fn what_is_no_prompt_is_refused() {
        let refused = |bytes: &[u8]| Prompt::from_wav(bytes, "").unwrap_err();
        assert!(matches!(refused(b"RIFF"), PromptError::Wav(_)));
        assert!(matches!(
            refused(&wav(8_000, 2, &[0, 0])),
            PromptError::Format { .. }
        ));
        assert!(matches!(
            refused(&wav(44_100, 1, &[0])),
            PromptError::Format { .. }
        ));
        assert!(matches!(refused(&wav(8_000, 1, &[])), PromptError::Empty));
        let long = vec![0; 8_000 * 120 + 1];
        assert!(matches!(
            refused(&wav(8_000, 1, &long)),
            PromptError::TooLong
        ));
    }
}
