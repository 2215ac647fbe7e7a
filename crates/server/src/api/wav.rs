//! Recorded prompts: RIFF WAVE, 8 or 16 kHz, mono, 16 bit.

/// What a prompt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sound {
    /// Samples per second.
    pub sample_rate_hz: u32,
    /// How long it plays.
    pub duration_ms: u64,
}

/// The longest prompt.
const DURATION_MS_MAX: u64 = 120_000;

/// Checks a file whole.
///
/// # Errors
/// What is wrong with it, for people.
pub fn inspect(bytes: &[u8]) -> Result<Sound, String> {
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err("not a WAV file: no RIFF header".into());
    }
    let mut rest = bytes.get(12..).unwrap_or_default();
    let mut rate = None;
    while let (Some(name), Some(size)) = (rest.get(..4), u32_at(rest, 4)) {
        let size = size as usize;
        let chunk = rest.get(8..8 + size);
        match (name, chunk) {
            (b"fmt ", Some(format)) => rate = Some(sample_rate(format)?),
            // Programs that write to a pipe cannot know the length, and leave the greatest.
            (b"data", None) if size < 0xFFFF_FF00 => return Err("the file is cut short".into()),
            (b"data", data) => {
                let rate = rate.ok_or("no format before the sound")?;
                let bytes = data
                    .unwrap_or_else(|| rest.get(8..).unwrap_or_default())
                    .len();
                return sound(rate, bytes);
            }
            (_, None) => return Err("the file is cut short".into()),
            _ => {}
        }
        // Chunks begin at even places.
        rest = rest.get(8 + size + size % 2..).unwrap_or_default();
    }
    Err("no sound in the file".into())
}

fn sample_rate(format: &[u8]) -> Result<u32, String> {
    let (kind, channels) = (u16_at(format, 0), u16_at(format, 2));
    let (rate, bits) = (u32_at(format, 4), u16_at(format, 14));
    // 0xFFFE: the extensible form, whose sub-format begins with the plain one.
    let pcm = kind == Some(1) || (kind == Some(0xFFFE) && u16_at(format, 24) == Some(1));
    if !pcm {
        return Err("not linear PCM".into());
    }
    if channels != Some(1) {
        return Err("not mono".into());
    }
    if bits != Some(16) {
        return Err("not 16 bit".into());
    }
    rate.filter(|r| matches!(r, 8000 | 16_000))
        .ok_or_else(|| "neither 8 nor 16 kHz".into())
}

fn sound(sample_rate_hz: u32, bytes: usize) -> Result<Sound, String> {
    let duration_ms = (bytes as u64 / 2) * 1000 / u64::from(sample_rate_hz);
    if duration_ms == 0 {
        return Err("no sound in the file".into());
    }
    if duration_ms > DURATION_MS_MAX {
        return Err("longer than two minutes".into());
    }
    Ok(Sound {
        sample_rate_hz,
        duration_ms,
    })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(kind: u16, channels: u16, rate: u32, bits: u16, samples: usize) -> Vec<u8> {
        let data = samples * 2;
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(kind.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate.to_le_bytes());
        bytes.extend((rate * 2).to_le_bytes());
        bytes.extend(2u16.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend(u32::try_from(data).unwrap().to_le_bytes());
        bytes.extend(vec![0u8; data]);
        bytes
    }

    #[test]
    fn only_what_the_line_can_play() {
        let good = wav(1, 1, 8000, 16, 4000);
        assert_eq!(
            inspect(&good),
            Ok(Sound {
                sample_rate_hz: 8000,
                duration_ms: 500
            })
        );
        assert!(inspect(&wav(1, 1, 16_000, 16, 16_000)).is_ok());
        for (bytes, want) in [
            (wav(7, 1, 8000, 16, 10), "not linear PCM"),
            (wav(1, 2, 8000, 16, 10), "not mono"),
            (wav(1, 1, 44_100, 16, 10), "neither 8 nor 16 kHz"),
            (wav(1, 1, 8000, 8, 10), "not 16 bit"),
            (wav(1, 1, 8000, 16, 0), "no sound in the file"),
            (wav(1, 1, 8000, 16, 8000 * 121), "longer than two minutes"),
            (good[..good.len() - 1].to_vec(), "the file is cut short"),
            (good[..40].to_vec(), "the file is cut short"),
            (b"ID3".to_vec(), "not a WAV file: no RIFF header"),
        ] {
            assert_eq!(inspect(&bytes), Err(want.to_owned()));
        }
    }
}
