//! The registry's flat file, fast: its lines are all alike, and an exchange's numbers stand together.

use std::io::{self, BufRead};

use ringfence_store::registry::{Builder, set};

/// Bytes of `AAA,NNNNNNN` and its line feed.
const LINE_BYTES: usize = 12;

/// `AAA,NNN`: all but the last four digits and the line feed.
const HEAD: u64 = 0x00ff_ffff_ffff_ffff;

/// Takes in whole lines `AAA,NNNNNNN` as long as they stand in what was read already, all of one area code if one is
/// given. Answers how many; at the first line that is anything else it stops, and leaves it to a slower reader.
pub fn take_lines(
    text: &mut dyn BufRead,
    area_code: Option<u16>,
    builder: &mut Builder,
) -> io::Result<u64> {
    let (lines, _) = text.fill_buf()?.as_chunks::<LINE_BYTES>();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let (head, _) = halves(first);
        let Some(exchange) = exchange_of(first) else {
            break;
        };
        if area_code.is_some_and(|code| exchange / 1000 != u32::from(code)) {
            break;
        }
        let Ok(block) = builder.block(exchange) else {
            break;
        };
        let taken = rest
            .iter()
            .take_while(|line| {
                let (theirs, last) = halves(line);
                let last = last.filter(|_| theirs == head);
                if let Some(last) = last {
                    set(block, last);
                }
                last.is_some()
            })
            .count();
        if taken == 0 {
            break;
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    let taken = lines.len() - rest.len();
    text.consume(taken * LINE_BYTES);
    Ok(taken as u64)
}

/// The first seven bytes, and the last four digits if that is what they are, before a line feed.
#[inline]
fn halves(line: &[u8; LINE_BYTES]) -> (u64, Option<u32>) {
    let [a, b, c, d, e, f, g, h, i, j, k, end] = *line;
    let head = u64::from_le_bytes([a, b, c, d, e, f, g, h]) & HEAD;
    let digits = u32::from_le_bytes([h, i, j, k]);
    // Each byte from `0` to `9`: its upper half is 3, and stays so when 6 is added.
    let plain = digits & 0xf0f0_f0f0 == 0x3030_3030
        && digits.wrapping_add(0x0606_0606) & 0xf0f0_f0f0 == 0x3030_3030;
    if !plain || end != b'\n' {
        return (head, None);
    }
    let ones = digits & 0x0f0f_0f0f;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff;
    (head, Some((pairs & 0xff) * 100 + (pairs >> 16)))
}

fn exchange_of(line: &[u8; LINE_BYTES]) -> Option<u32> {
    let [a, b, c, b',', e, f, g, ..] = *line else {
        return None;
    };
    [a, b, c, e, f, g].into_iter().try_fold(0, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        Some(sum * 10 + u32::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str, area_code: Option<u16>) -> (u64, Vec<u64>, usize) {
        let mut builder = Builder::new();
        let mut rest = text.as_bytes();
        let lines = take_lines(&mut rest, area_code, &mut builder).unwrap();
        (lines, builder.finish().numbers().collect(), rest.len())
    }

    #[test]
    fn only_what_is_a_line_is_taken() {
        let whole = "212,5550101\n212,5550102\n305,5550103\n";
        let numbers = vec![2_125_550_101, 2_125_550_102, 3_055_550_103];
        assert_eq!(taken(whole, None), (3, numbers, 0));
        assert_eq!(taken(whole, Some(212)).0, 2);
        assert_eq!(taken(whole, Some(305)).0, 0);
        for bad in [
            "112,5550104\n",
            "212 5550104\n",
            "212,555010x\n",
            "212,555010:\n",
            "212,555010/\n",
            "212,5550104\r\n",
            "21a,5550104\n",
            "2125550104\n12",
            "212,5550104",
            "\u{fffd}12,55501\n",
        ] {
            let (lines, numbers, rest) = taken(&format!("{whole}{bad}"), None);
            assert_eq!((lines, numbers.len(), rest), (3, 3, bad.len()), "{bad:?}");
        }
        let all: String = (0..10_000).map(|n| format!("212,555{n:04}\n")).collect();
        let (lines, numbers, _) = taken(&all, None);
        assert_eq!(lines, 10_000);
        assert!(numbers.into_iter().eq(2_125_550_000..2_125_560_000));
    }
}
