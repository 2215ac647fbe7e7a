//! RTCP (RFC 3550 section 6.4): sender reports out, the far side's reports about our stream in.

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const CNAME: u8 = 1;
/// Seconds between 1900 (NTP) and 1970 (Unix).
const NTP_OFFSET_S: u64 = 2_208_988_800;

/// One report block: how somebody received a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream's source.
    pub ssrc: u32,
    /// In 256ths, since the last report.
    pub fraction_lost: u8,
    /// Since the stream began, 24 bits signed.
    pub cumulative_lost: i32,
    /// Extended highest sequence number received.
    pub extended_highest_seq: u32,
}

/// A sender report without report blocks, and the source description that must go with it.
#[must_use]
pub fn sender_report(
    ssrc: u32,
    unix_ns: i128,
    timestamp: u32,
    packets: u32,
    bytes: u32,
) -> Vec<u8> {
    let ns = u64::try_from(unix_ns).unwrap_or(0);
    let seconds = u32::try_from((ns / 1_000_000_000 + NTP_OFFSET_S) & 0xFFFF_FFFF).unwrap_or(0);
    let fraction = u32::try_from(((ns % 1_000_000_000) << 32) / 1_000_000_000).unwrap_or(0);
    let mut out = vec![0x80, SENDER_REPORT, 0, 6];
    for word in [ssrc, seconds, fraction, timestamp, packets, bytes] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    describe(&mut out, ssrc);
    out
}

/// A receiver report with one block, and the source description that must go with it.
#[must_use]
pub fn receiver_report(ssrc: u32, block: ReportBlock) -> Vec<u8> {
    let mut out = vec![0x81, RECEIVER_REPORT, 0, 7];
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&block.ssrc.to_be_bytes());
    let lost = block.cumulative_lost.to_be_bytes();
    out.push(block.fraction_lost);
    out.extend_from_slice(&lost[1..]);
    out.extend_from_slice(&block.extended_highest_seq.to_be_bytes());
    out.extend_from_slice(&[0; 12]); // jitter and the last sender report: not measured
    describe(&mut out, ssrc);
    out
}

fn describe(out: &mut Vec<u8>, ssrc: u32) {
    // "ringfence" is 9 bytes: with its two bytes of head and one end mark a chunk of 16 with the source.
    out.extend_from_slice(&[0x81, SOURCE_DESCRIPTION, 0, 4]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[CNAME, 9]);
    out.extend_from_slice(b"ringfence");
    out.push(0);
}

/// The report about `ssrc` in a compound packet, if there is one.
#[must_use]
pub fn report_about(ssrc: u32, datagram: &[u8]) -> Option<ReportBlock> {
    let mut rest = datagram;
    while let Some((head, _)) = rest.split_first_chunk::<4>() {
        let [first, kind, l0, l1] = *head;
        if first >> 6 != 2 {
            return None;
        }
        let length = (usize::from(u16::from_be_bytes([l0, l1])) + 1) * 4;
        let packet = rest.get(..length)?;
        let blocks = match kind {
            SENDER_REPORT => packet.get(28..)?,
            RECEIVER_REPORT => packet.get(8..)?,
            _ => &[],
        };
        let found = blocks
            .chunks_exact(24)
            .take(usize::from(first & 0x1F))
            .filter_map(read_block)
            .find(|block| block.ssrc == ssrc);
        if found.is_some() {
            return found;
        }
        rest = rest.get(length..)?;
    }
    None
}

fn read_block(bytes: &[u8]) -> Option<ReportBlock> {
    let (head, _) = bytes.split_first_chunk::<12>()?;
    let [s0, s1, s2, s3, fraction, l0, l1, l2, e0, e1, e2, e3] = *head;
    // 24 bits signed, widened: RFC 3550 lets duplicates make it negative.
    let cumulative = i32::from_be_bytes([l0, l1, l2, 0]) >> 8;
    Some(ReportBlock {
        ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
        fraction_lost: fraction,
        cumulative_lost: cumulative,
        extended_highest_seq: u32::from_be_bytes([e0, e1, e2, e3]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_block_about_our_stream() {
        for cumulative_lost in [0, 5, -3, 8_388_607] {
            let block = ReportBlock {
                ssrc: 7,
                fraction_lost: 12,
                cumulative_lost,
                extended_highest_seq: 70_000,
            };
            let mut compound = sender_report(9, 1_790_000_000_500_000_000, 1, 2, 3);
            compound.extend(receiver_report(9, block));
            assert_eq!(report_about(7, &compound), Some(block));
            assert_eq!(report_about(8, &compound), None);
            for cut in 0..compound.len() {
                let _ = report_about(7, &compound[..cut]);
            }
        }
    }

    #[test]
    fn lengths_are_those_of_the_words() {
        let sr = sender_report(9, 1_790_000_000_500_000_000, 1, 2, 3);
        assert_eq!(sr.len(), 28 + 20);
        assert_eq!(
            sr[8..12],
            3_998_988_800_u32.to_be_bytes(),
            "seconds since 1900"
        );
        assert_eq!(sr[12..16], 0x8000_0000_u32.to_be_bytes(), "half a second");
    }
}
