//! A phone number as people write it, and as spreadsheets spoil it, to E.164. Nothing is ever guessed: what may be
//! two numbers, or has lost digits, is refused by name.

use crate::lead::{NumberError, PhoneNumber};

/// Why a cell is not one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberProblem {
    /// Nothing, or a word for nothing (`n/a`).
    #[error("no number")]
    Missing,
    /// `1.21255E+10`, or digits hidden by stars.
    #[error(
        "the number has lost digits (a spreadsheet rounded it, or it was masked); export the column as text"
    )]
    LostDigits,
    /// Letters, as in a vanity number.
    #[error("the number holds letters; write its digits")]
    Letters,
    /// A number with an extension behind it; an extension cannot be dialed by us, and its digits never are.
    #[error("the number has an extension, which cannot be dialed")]
    Extension,
    /// More than one number.
    #[error("more than one number in the cell; which one was meant is not guessed")]
    Ambiguous,
    /// Signs that no number has.
    #[error("signs that do not belong to a number")]
    Unreadable,
    /// A wrong length, or an area code or exchange that cannot exist.
    #[error("no such number can exist: {0}")]
    Impossible(&'static str),
}

impl NumberProblem {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "number-missing",
            Self::LostDigits => "number-lost-digits",
            Self::Letters => "number-letters",
            Self::Extension => "number-extension",
            Self::Ambiguous => "number-ambiguous",
            Self::Unreadable => "number-unreadable",
            Self::Impossible(_) => "number-impossible",
        }
    }
}

/// Reads one number; without a country code it is a number of the United States.
///
/// # Errors
/// [`NumberProblem`], one per way in which a cell is not exactly one number.
pub fn read_number(cell: &str) -> Result<PhoneNumber, NumberProblem> {
    let plain = plain_signs(cell);
    let text = bare(&plain);
    if is_nothing(text) {
        return Err(NumberProblem::Missing);
    }
    if let Some(exact) = scientific(text) {
        return from_digits(&exact?, false);
    }
    let text = without_decimal_zeros(text);
    match several(text) {
        Several::One => {}
        Several::Extension => return Err(NumberProblem::Extension),
        Several::Ambiguous(parts) => return same_number(&parts),
    }
    let text = without_labels(text)?;
    if text.contains('*') || text.contains('…') {
        return Err(NumberProblem::LostDigits);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err(NumberProblem::Missing);
    }
    let known = |c: char| c.is_ascii_digit() || " \t\n+-.()[]_~/,".contains(c);
    if !text.chars().all(known) {
        return Err(NumberProblem::Unreadable);
    }
    let pluses = text.matches('+').count();
    let head: String = text.chars().take_while(|c| !c.is_ascii_digit()).collect();
    let international = head.contains('+');
    if pluses > head.matches('+').count() {
        let two = digits.len() > 15;
        return Err(if two {
            NumberProblem::Ambiguous
        } else {
            NumberProblem::Unreadable
        });
    }
    // `+44 (0)20 ...`: the bracketed trunk zero is dialed only inside the country.
    if international && text.contains("(0)") {
        let text = text.replacen("(0)", "", 1);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        return from_digits(&digits, true);
    }
    from_digits(&digits, international)
}

fn from_digits(digits: &str, international: bool) -> Result<PhoneNumber, NumberProblem> {
    let parse = |digits: &str| {
        PhoneNumber::parse(&format!("+{digits}")).map_err(|e| {
            NumberProblem::Impossible(match e {
                NumberError::NotE164 => "not 7 to 15 digits after a country code",
                NumberError::NanpLength => "a +1 number has ten digits after the 1",
                NumberError::NanpShape => "an area code and an exchange begin with 2 to 9",
            })
        })
    };
    if international {
        return parse(digits);
    }
    for prefix in ["011", "00"] {
        if let Some(rest) = digits.strip_prefix(prefix)
            && digits.len() > 10
        {
            return parse(rest);
        }
    }
    match digits.len() {
        10 => parse(&format!("1{digits}")),
        11 if digits.starts_with('1') => parse(digits),
        0..10 => Err(NumberProblem::Impossible(
            "fewer than ten digits; is the area code missing?",
        )),
        20.. => Err(NumberProblem::Ambiguous),
        _ => Err(NumberProblem::Impossible(
            "not ten digits, nor eleven that begin with 1; a number abroad needs its +",
        )),
    }
}

/// Full-width and other digits, dashes and blanks in their plain form; invisible signs dropped.
fn plain_signs(cell: &str) -> String {
    cell.chars()
        .filter_map(|c| match c {
            '\u{FF10}'..='\u{FF19}' => digit(c, 0xFF10),
            '\u{0660}'..='\u{0669}' => digit(c, 0x0660),
            '\u{06F0}'..='\u{06F9}' => digit(c, 0x06F0),
            '\u{FF0B}' => Some('+'),
            '\u{FF08}' => Some('('),
            '\u{FF09}' => Some(')'),
            '\u{FF0E}' | '\u{00B7}' | '\u{2022}' => Some('.'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => {
                Some('-')
            }
            '\u{2044}' | '\u{FF0F}' => Some('/'),
            '\u{2018}' | '\u{2019}' | '`' | '\u{00B4}' => Some('\''),
            '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' => None,
            '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFFD}' => None,
            '\n' | '\r' => Some('\n'),
            c if c.is_whitespace() => Some(' '),
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect()
}

fn digit(c: char, zero: u32) -> Option<char> {
    char::from_digit(u32::from(c).checked_sub(zero)?, 10)
}

/// Without quotes, Excel's `="..."`, the apostrophe that makes a cell text, and prefixes such as Meta's `p:`.
fn bare(text: &str) -> &str {
    const PREFIXES: [&str; 12] = [
        "p:",
        "z:",
        "tel:",
        "callto:",
        "sms:",
        "whatsapp:",
        "phone number:",
        "phone:",
        "mobile:",
        "cell:",
        "ph:",
        "telefono:",
    ];
    let mut text = text.trim();
    if let Some(inner) = text.strip_prefix("=\"") {
        text = inner.strip_suffix('"').unwrap_or(inner);
    }
    text = text.trim_matches(['\'', '"', ' ', '\n']);
    loop {
        let cut = PREFIXES.iter().find(|p| {
            text.get(..p.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(p))
        });
        let Some(prefix) = cut else { break };
        text = text.get(prefix.len()..).unwrap_or_default().trim();
        text = text.strip_prefix("//").unwrap_or(text);
    }
    text.trim_matches(['\'', '"', ' ', '\n'])
}

/// Whether a cell says in words that it holds nothing.
pub(super) fn is_nothing(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "",
        "n/a",
        "na",
        "#n/a",
        "none",
        "null",
        "nil",
        "nan",
        "unknown",
        "no",
        "no phone",
        "ninguno",
        "not provided",
        "undefined",
    ];
    let text = text.trim_matches(|c: char| c.is_whitespace() || "-.?_'".contains(c));
    WORDS.iter().any(|w| text.eq_ignore_ascii_case(w))
}

/// `1.2125550123E+10` holds all its digits and is read exactly; one digit fewer, even a zero that the format may
/// have dropped, and it is refused. None: not in that form.
fn scientific(text: &str) -> Option<Result<String, NumberProblem>> {
    let text = text.trim_start_matches('+');
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: usize = exponent.trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 1 || !digits(whole) || !digits(fraction) {
        return None;
    }
    Some(if fraction.len() == exponent {
        Ok(format!("{whole}{fraction}"))
    } else {
        Err(NumberProblem::LostDigits)
    })
}

/// `2125550123.0`, as data frames write a column with gaps.
fn without_decimal_zeros(text: &str) -> &str {
    if let Some((whole, zeros)) = text.rsplit_once(['.', ',']) {
        let count = whole.trim_start_matches('+');
        let is_whole = count.len() >= 10 && count.bytes().all(|b| b.is_ascii_digit());
        if is_whole && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') {
            return whole;
        }
    }
    text
}

enum Several<'t> {
    One,
    Extension,
    Ambiguous(Vec<&'t str>),
}

/// Whether the cell holds one number, or more, by the signs and words that people put between two.
fn several(text: &str) -> Several<'_> {
    let count = |t: &str| t.bytes().filter(u8::is_ascii_digit).count();
    let mut parts: Vec<&str> = vec![text];
    for separator in [
        "/", "|", ";", ",", "&", "\n", " or ", " and ", " y ", " o ", ":::",
    ] {
        parts = parts.iter().flat_map(|p| p.split(separator)).collect();
    }
    parts.retain(|p| count(p) > 0);
    let sizes: Vec<usize> = parts.iter().map(|p| count(p)).collect();
    if sizes.len() < 2 {
        return Several::One;
    }
    // `212/555-0123` and `2,125,550,123` are one number in pieces; `555-0123/456` is not.
    let total: usize = sizes.iter().sum();
    let in_pieces = sizes.first().is_some_and(|s| *s <= 4)
        && sizes.last().is_some_and(|s| (3..=7).contains(s))
        && (10..=11).contains(&total)
        && (!sizes.contains(&7) || sizes.last() == Some(&7));
    if in_pieces {
        return Several::One;
    }
    let short_tail = sizes.iter().skip(1).all(|s| *s < 7);
    if short_tail && text.contains([',', ';']) && !text.contains('/') {
        return Several::Extension;
    }
    Several::Ambiguous(parts)
}

/// The same number twice is one number.
fn same_number(parts: &[&str]) -> Result<PhoneNumber, NumberProblem> {
    let mut found = None;
    for part in parts {
        match (read_number(part), found) {
            (Ok(number), None) => found = Some(number),
            (Ok(number), Some(first)) if number == first => {}
            _ => return Err(NumberProblem::Ambiguous),
        }
    }
    found.ok_or(NumberProblem::Ambiguous)
}

/// Drops words such as `(cell)`; refuses an extension and any other letters.
fn without_labels(text: &str) -> Result<String, NumberProblem> {
    const LABELS: [&str; 16] = [
        "cell", "mobile", "home", "work", "phone", "tel", "m", "h", "c", "w", "us", "usa", "movil",
        "celular", "main", "number",
    ];
    const EXTENSION: [&str; 8] = [
        "x",
        "ext",
        "extn",
        "extension",
        "xt",
        "anexo",
        "interno",
        "extensión",
    ];
    let (mut kept, mut word, mut digits) = (String::new(), String::new(), 0_usize);
    for c in text.chars().chain([' ']) {
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            if EXTENSION.contains(&word.as_str()) && digits >= 7 {
                return Err(NumberProblem::Extension);
            }
            if !LABELS.contains(&word.as_str()) {
                return Err(NumberProblem::Letters);
            }
            word.clear();
            // `1-800-CELL` is a vanity number and not a label.
            if digits > 0 && digits < 10 {
                return Err(NumberProblem::Letters);
            }
        }
        // `#12` behind a number is an extension as well; before one it means "number".
        if c == '#' && digits >= 7 {
            return Err(NumberProblem::Extension);
        }
        if !matches!(c, '#' | ':' | '\'' | '"') {
            kept.push(c);
        }
        digits += usize::from(c.is_ascii_digit());
    }
    Ok(kept.trim().to_owned())
}
