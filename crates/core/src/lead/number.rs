//! E.164 phone numbers. `Display` is masked: a number is personal data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::evidence::write_number;

/// A phone number in E.164 form: `+` and 7 to 15 digits, the first not 0.
///
/// `Display` and `Debug` mask it; [`PhoneNumber::e164`] and [`PhoneNumber::digits`] are the only ways to the digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(u64);

/// Why a text is not a number that could exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not `+` followed by 7 to 15 digits.
    #[error("not an E.164 number: `+`, then 7 to 15 digits, the first not 0")]
    NotE164,
    /// A +1 number that is not ten digits after the country code.
    #[error("a +1 number has ten digits after the country code")]
    NanpLength,
    /// A +1 number whose area code or exchange begins with 0 or 1.
    #[error("the area code and the exchange of a +1 number begin with 2 to 9")]
    NanpShape,
}

impl PhoneNumber {
    /// Reads an E.164 number; no other spelling is taken.
    ///
    /// # Errors
    /// [`NumberError`] when the text is not E.164, or is a +1 number that cannot exist.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        if let Some((first, ten)) = one_and_ten_digits(text) {
            let [area, exchange] = first;
            if area < b'2' || exchange < b'2' {
                return Err(NumberError::NanpShape);
            }
            return Ok(Self(ten.wrapping_add(10_000_000_000)));
        }
        Self::parse_other(text)
    }

    #[cold]
    fn parse_other(text: &str) -> Result<Self, NumberError> {
        let digits = text.strip_prefix('+').ok_or(NumberError::NotE164)?;
        let plausible = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if !plausible {
            return Err(NumberError::NotE164);
        }
        if digits.starts_with('1') {
            return Err(NumberError::NanpLength);
        }
        let number = digits.parse().map_err(|_| NumberError::NotE164)?;
        Ok(Self(number))
    }

    /// The +1 number with these ten digits.
    ///
    /// # Errors
    /// [`NumberError`] when no such number can exist.
    pub fn from_nanp(ten_digits: u64) -> Result<Self, NumberError> {
        Self::parse(&format!("+1{ten_digits:010}"))
    }

    /// The whole number, for the wire and the store; never for a log.
    #[must_use]
    pub fn e164(self) -> String {
        let mut text = String::with_capacity(16);
        text.push('+');
        write_number(self.0, &mut text);
        text
    }

    /// The digits without the plus, as one number.
    #[must_use]
    pub fn digits(self) -> u64 {
        self.0
    }

    /// The ten digits after +1, if this is a number of the North American plan.
    #[must_use]
    pub fn nanp(self) -> Option<u64> {
        (10_000_000_000..20_000_000_000)
            .contains(&self.0)
            .then(|| self.0 - 10_000_000_000)
    }

    /// The area code (three digits) of a +1 number.
    #[must_use]
    pub fn area_code(self) -> Option<u16> {
        self.nanp()
            .and_then(|ten| u16::try_from(ten / 10_000_000).ok())
    }
}

/// Reads `+1` and exactly ten digits, eight at a time, for the gate reads two numbers at every decision; the first digits
/// of the area code and of the exchange, and the ten as a number.
#[inline]
fn one_and_ten_digits(text: &str) -> Option<([u8; 2], u64)> {
    let [b'+', b'1', a, b, eight @ ..] = <&[u8; 12]>::try_from(text.as_bytes()).ok()? else {
        return None;
    };
    let exchange = *eight.get(1)?;
    let eight = u64::from_le_bytes(*eight);
    let (tens, ones) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
    // Each byte is `3` in its high half, and stays so when six is added: a digit.
    let high = 0xF0F0_F0F0_F0F0_F0F0;
    let threes = 0x3030_3030_3030_3030;
    let with_six = eight.wrapping_add(0x0606_0606_0606_0606);
    if tens > 9 || ones > 9 || (eight ^ threes | with_six ^ threes) & high != 0 {
        return None;
    }
    // The first digit is the lowest byte: pairs, then fours, then all eight.
    let pairs = eight.wrapping_sub(threes).wrapping_mul(2561) >> 8 & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF;
    let low = fours.wrapping_mul(42_949_672_960_001) >> 32;
    let first_two = u64::from(tens)
        .wrapping_mul(10)
        .wrapping_add(u64::from(ones));
    let ten = first_two.wrapping_mul(100_000_000).wrapping_add(low);
    Some(([*a, exchange], ten))
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let head = digits.get(..4).unwrap_or_default();
        let tail = digits
            .get(digits.len().saturating_sub(2)..)
            .unwrap_or_default();
        write!(
            f,
            "+{head}{}{tail}",
            "*".repeat(digits.len().saturating_sub(6))
        )
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PhoneNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.e164()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_can_exist() {
        for (text, want) in [
            ("+12125550123", Ok(12_125_550_123)),
            ("+442071838750", Ok(442_071_838_750)),
            ("12125550123", Err(NumberError::NotE164)),
            ("+1 212 555 0123", Err(NumberError::NotE164)),
            ("+1212555012", Err(NumberError::NanpLength)),
            ("+121255501234", Err(NumberError::NanpLength)),
            ("+11125550123", Err(NumberError::NanpShape)),
            ("+12121550123", Err(NumberError::NanpShape)),
            ("+1212１550123", Err(NumberError::NotE164)),
            ("+0212555012", Err(NumberError::NotE164)),
            ("", Err(NumberError::NotE164)),
            ("+12345678901", Ok(12_345_678_901)),
            ("+19876543210", Ok(19_876_543_210)),
            ("+12999999999", Ok(12_999_999_999)),
            ("+1212555012:", Err(NumberError::NotE164)),
            ("+1212555/123", Err(NumberError::NotE164)),
            ("+1:125550123", Err(NumberError::NotE164)),
            ("+1212555\u{b0}12", Err(NumberError::NotE164)),
        ] {
            assert_eq!(PhoneNumber::parse(text).map(|n| n.0), want, "{text}");
        }
    }

    #[test]
    fn display_hides_the_digits() {
        let number = PhoneNumber::parse("+12125550123").unwrap();
        assert_eq!(number.to_string(), "+1212*****23");
        assert_eq!(format!("{number:?}"), "+1212*****23");
        assert_eq!(number.e164(), "+12125550123");
        assert_eq!(number.area_code(), Some(212));
    }
}
