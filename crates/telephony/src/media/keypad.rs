//! Keys by RFC 4733 (telephone-event).

/// Remembered presses: packets of an earlier press can come late and out of order.
const REMEMBERED: usize = 4;

/// Tells presses apart by their RTP timestamp: every packet of one press carries the same one.
#[derive(Debug, Default)]
pub struct Keypad {
    seen: [Option<(u32, u32)>; REMEMBERED],
    next: usize,
}

impl Keypad {
    /// A packet of telephone events; the key when it begins a new press. Acting on the first packet and not on the end
    /// of the press makes the opt-out immune to lost end packets.
    pub fn hear(&mut self, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<char> {
        let key = match payload.first()? {
            event @ 0..=9 => char::from(b'0' + event),
            10 => '*',
            11 => '#',
            event @ 12..=15 => char::from(b'A' + event - 12),
            _ => return None,
        };
        if payload.len() < 4 || self.seen.contains(&Some((ssrc, timestamp))) {
            return None;
        }
        if let Some(slot) = self.seen.get_mut(self.next) {
            *slot = Some((ssrc, timestamp));
        }
        self.next = (self.next + 1) % REMEMBERED;
        Some(key)
    }
}

/// The payload of one packet of a press; `duration` in samples.
#[must_use]
pub fn event(key: char, end: bool, duration: u16) -> Option<[u8; 4]> {
    let code = match key {
        '0'..='9' => u8::try_from(key).ok()? - b'0',
        '*' => 10,
        '#' => 11,
        'A'..='D' => u8::try_from(key).ok()? - b'A' + 12,
        _ => return None,
    };
    let [high, low] = duration.to_be_bytes();
    Some([code, if end { 0x8A } else { 0x0A }, high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_press_is_one_key() {
        let mut keypad = Keypad::default();
        let begin = event('9', false, 160).unwrap();
        let end = event('9', true, 800).unwrap();
        assert_eq!(keypad.hear(1, 1_000, &begin), Some('9'));
        for packet in [begin, end, end, end] {
            assert_eq!(keypad.hear(1, 1_000, &packet), None);
        }
        assert_eq!(keypad.hear(1, 9_000, &end), Some('9'), "its begin was lost");
        assert_eq!(keypad.hear(1, 1_000, &end), None, "a straggler");
        assert_eq!(keypad.hear(2, 1_000, &begin), Some('9'), "another stream");
    }

    #[test]
    fn every_key_and_nothing_else() {
        for (n, key) in "0123456789*#ABCD".chars().enumerate() {
            let mut keypad = Keypad::default();
            let payload = event(key, false, 160).unwrap();
            assert_eq!(usize::from(payload[0]), n);
            assert_eq!(keypad.hear(1, 1, &payload), Some(key));
        }
        let mut keypad = Keypad::default();
        assert_eq!(keypad.hear(1, 1, &[16, 0, 0, 0]), None, "flash is no key");
        assert_eq!(keypad.hear(1, 1, &[9]), None, "too short");
        assert_eq!(event('x', false, 0), None);
    }
}
