//! RTP packets (RFC 3550 section 5.1), as far as G.711 and telephone events need them.

/// Samples in a frame of 20 ms at 8 kHz; in mu-law also its bytes.
pub const FRAME_SAMPLES: usize = 160;
/// One frame of mu-law.
pub type Frame = [u8; FRAME_SAMPLES];
/// PCMU's static payload type.
pub const PCMU: u8 = 0;
/// The payload type that we offer for telephone events.
pub const TELEPHONE_EVENT: u8 = 101;

const HEADER_BYTES: usize = 12;

/// One packet, borrowed from a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// First of a talk spurt, or of a key press.
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp in samples.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> RtpPacket<'a> {
    /// Reads a datagram; none when it is no RTP packet.
    #[must_use]
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let (header, rest) = datagram.split_first_chunk::<HEADER_BYTES>()?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *header;
        if first >> 6 != 2 {
            return None;
        }
        let mut payload = rest.get(usize::from(first & 0x0F) * 4..)?;
        if first & 0x10 != 0 {
            let (extension, after) = payload.split_first_chunk::<4>()?;
            let words = u16::from_be_bytes([extension[2], extension[3]]);
            payload = after.get(usize::from(words) * 4..)?;
        }
        if first & 0x20 != 0 {
            let padding = usize::from(*payload.last()?);
            payload = payload.get(..payload.len().checked_sub(padding)?)?;
        }
        Some(Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7F,
            seq: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            payload,
        })
    }

    /// Writes it as a datagram.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.payload.len());
        bytes.push(0x80);
        bytes.push(if self.marker { 0x80 } else { 0 } | (self.payload_type & 0x7F));
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.timestamp.to_be_bytes());
        bytes.extend_from_slice(&self.ssrc.to_be_bytes());
        bytes.extend_from_slice(self.payload);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let packet = RtpPacket {
            marker: true,
            payload_type: PCMU,
            seq: 65_535,
            timestamp: 4_294_967_295,
            ssrc: 0x51C4_4ABA,
            payload: &[1, 2, 3],
        };
        assert_eq!(RtpPacket::parse(&packet.write()), Some(packet));
    }

    #[test]
    fn reads_sources_extension_and_padding() {
        let mut bytes = vec![0xB1, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend([9; 4]); // one contributing source
        bytes.extend([0xBE, 0xDE, 0, 1, 7, 7, 7, 7]); // an extension of one word
        bytes.extend([42, 43, 0, 2]); // two bytes, two of padding
        assert_eq!(RtpPacket::parse(&bytes).unwrap().payload, &[42, 43]);
        for cut in 0..bytes.len() {
            let _ = RtpPacket::parse(&bytes[..cut]);
        }
        bytes.pop();
        bytes.push(200);
        assert_eq!(RtpPacket::parse(&bytes), None, "more padding than payload");
        assert_eq!(RtpPacket::parse(&[0x40; 12]), None, "another version");
    }
}
