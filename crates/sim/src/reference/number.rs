//! Numbers (API 5, "Numbers"): what cannot exist, what may not be called, what is in no table.

use ringfence_core::gate::ReasonCode;
use ringfence_core::rules::{AreaCode, RulePack};

use super::{Answer, Question};

/// What kind of number a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A US number of this area code.
    Us(u16),
    /// Not E.164, or a +1 number whose area code or exchange begins with 0 or 1.
    Invalid,
    /// Toll-free, 900, 700, 710, 456, 500, personal, another country.
    NotDialable,
    /// In no table.
    UnknownAreaCode,
}

pub fn judge(question: &Question<'_>, answer: &mut Answer) {
    let code = match kind(question.pack, &question.facts.request.to) {
        Kind::Us(_) => return,
        Kind::Invalid => ReasonCode::NumberInvalid,
        Kind::NotDialable => ReasonCode::NumberNotDialable,
        Kind::UnknownAreaCode => ReasonCode::NumberUnknownAreaCode,
    };
    answer.required.insert(code);
}

/// What kind of number `text` is.
pub fn kind(pack: &RulePack, text: &str) -> Kind {
    let digits: Vec<u16> = match text.strip_prefix('+') {
        Some(rest) if rest.bytes().all(|byte| byte.is_ascii_digit()) => {
            rest.bytes().map(|byte| u16::from(byte - b'0')).collect()
        }
        _ => return Kind::Invalid,
    };
    let [first, rest @ ..] = digits.as_slice() else {
        return Kind::Invalid;
    };
    if !(7..=15).contains(&digits.len()) || *first == 0 {
        return Kind::Invalid;
    }
    if *first != 1 {
        return Kind::NotDialable;
    }
    let [a, b, c, exchange, ..] = rest else {
        return Kind::Invalid;
    };
    if rest.len() != 10 || *a < 2 || *exchange < 2 {
        return Kind::Invalid;
    }
    let code = a * 100 + b * 10 + c;
    match pack.places.area_code(code) {
        AreaCode::Us { .. } => return Kind::Us(code),
        AreaCode::OtherCountry => return Kind::NotDialable,
        AreaCode::NotGeographic | AreaCode::Unknown => {}
    }
    let set_aside = [456, 700, 710, 900].contains(&code);
    let personal = (*a == 5 || *a == 6) && b == c;
    // 800, 822, 833 and so on; 811 is a service code.
    let toll_free = *a == 8 && b == c && code != 811;
    if set_aside || personal || toll_free {
        return Kind::NotDialable;
    }
    Kind::UnknownAreaCode
}
