//! Sellers' names as people write them: case, punctuation and the ending LLC / Inc / Corp do not matter.

/// A seller's name as it is compared: case, punctuation and the ending LLC / Inc / Corp ignored.
#[must_use]
pub fn comparable_name(name: &str) -> String {
    let mut words = comparable_words(name);
    while words.len() > 1 && words.last().is_some_and(|w| is_company_form(w)) {
        words.pop();
    }
    words.join(" ")
}

/// Whether `text` names the seller called `name`, by whole words.
#[must_use]
pub fn names_seller(text: &str, name: &str) -> bool {
    plain::names_seller(text, name).unwrap_or_else(|| by_words(text, name))
}

fn by_words(text: &str, name: &str) -> bool {
    let wanted = comparable_name(name);
    if wanted.is_empty() {
        return false;
    }
    let text = format!(" {} ", comparable_words(text).join(" "));
    text.contains(&format!(" {wanted} "))
}

fn comparable_words(text: &str) -> Vec<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '.' | '\'' | '\u{2019}'))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    plain.split_whitespace().map(str::to_owned).collect()
}

fn is_company_form(word: &str) -> bool {
    matches!(
        word,
        "llc" | "inc" | "corp" | "incorporated" | "corporation"
    )
}

/// The same for ASCII, which most texts are, without making a word of it: the gate asks this at every decision.
mod plain {
    use super::is_company_form;

    /// Longer names are left to the general way.
    const NAME_MAX: usize = 128;

    /// Every byte as it is compared: small letters and digits themselves, what is dropped, what parts words.
    const PLAIN: [u8; 256] = {
        let mut plain = [PARTS; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            #[expect(
                clippy::indexing_slicing,
                reason = "worked out when the program is built"
            )]
            if byte.is_ascii_alphanumeric() {
                plain[byte as usize] = byte.to_ascii_lowercase();
            } else if matches!(byte, b'.' | b'\'') {
                plain[byte as usize] = DROPPED;
            }
            byte += 1;
        }
        plain
    };
    const DROPPED: u8 = 0;
    const PARTS: u8 = b' ';

    fn plain(byte: u8) -> u8 {
        PLAIN.get(usize::from(byte)).copied().unwrap_or(PARTS)
    }

    /// Whether `text` names the seller, or none where it is not for this way to say.
    pub(super) fn names_seller(text: &str, name: &str) -> Option<bool> {
        if !text.is_ascii() || !name.is_ascii() {
            return None;
        }
        let mut space = [0; NAME_MAX];
        let wanted = wanted(name, &mut space)?;
        if wanted.is_empty() {
            return Some(false);
        }
        Some(holds(text.as_bytes(), wanted))
    }

    /// The words of a name, one space apart, without the company's form.
    fn wanted<'s>(name: &str, space: &'s mut [u8; NAME_MAX]) -> Option<&'s [u8]> {
        let mut length = 0_usize;
        let mut parted = false;
        for byte in name.bytes().map(plain) {
            match byte {
                DROPPED => {}
                PARTS => parted = length > 0,
                _ => {
                    if parted {
                        *space.get_mut(length)? = PARTS;
                        length += 1;
                        parted = false;
                    }
                    *space.get_mut(length)? = byte;
                    length += 1;
                }
            }
        }
        let mut words = space.get(..length)?;
        while let Some(last) = words.iter().rposition(|byte| *byte == PARTS) {
            let form = std::str::from_utf8(words.get(last + 1..)?).ok()?;
            if !is_company_form(form) {
                break;
            }
            words = words.get(..last)?;
        }
        Some(words)
    }

    /// Whether the words of `text` hold the wanted ones, whole and in a row.
    fn holds(text: &[u8], wanted: &[u8]) -> bool {
        let mut rest = text;
        // At each place a word begins: it is compared there, and then left.
        loop {
            while let Some((byte, after)) = rest.split_first()
                && !plain(*byte).is_ascii_alphanumeric()
            {
                rest = after;
            }
            if rest.is_empty() {
                return false;
            }
            if begins(rest, wanted) {
                return true;
            }
            while let Some((byte, after)) = rest.split_first()
                && plain(*byte) != PARTS
            {
                rest = after;
            }
        }
    }

    fn begins(text: &[u8], wanted: &[u8]) -> bool {
        let mut wanted = wanted.iter();
        let mut parted = false;
        for byte in text.iter().map(|byte| plain(*byte)) {
            match byte {
                DROPPED => {}
                PARTS => parted = true,
                _ => {
                    if parted {
                        match wanted.next() {
                            Some(&PARTS) => parted = false,
                            // The name has ended with the word before.
                            next => return next.is_none(),
                        }
                    }
                    match wanted.next() {
                        Some(next) if *next == byte => {}
                        _ => return false,
                    }
                }
            }
        }
        wanted.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_write_them() {
        for (text, name, want) in [
            (
                "I agree that Acme Solar LLC may call me",
                "Acme Solar, L.L.C.",
                true,
            ),
            (
                "I agree that ACME SOLAR may call me",
                "Acme Solar LLC",
                true,
            ),
            ("calls from acme-solar, inc.", "Acme Solar Inc", true),
            ("Acme Solarium may call", "Acme Solar LLC", false),
            ("Joe's Pizza may call", "Joe’s Pizza Corp.", true),
            ("our partners may call", "Acme Solar LLC", false),
            ("anything", "", false),
        ] {
            assert_eq!(names_seller(text, name), want, "{text} / {name}");
        }
    }

    /// Both ways of telling, over every text of a few telling pieces.
    #[test]
    fn the_short_way_says_the_same() {
        let pieces = ["acme", "Solar", " ", ".", "'", "-", "LLC", "inc", "s", "2"];
        let names = [
            "Acme Solar LLC",
            "acme",
            "Acme-Solar, Inc. LLC",
            "LLC",
            "s",
            "a c",
            "",
            " . ",
            "2 acme",
        ];
        let mut compared = 0;
        for number in 0..pieces.len().pow(4) {
            let text: String = (0..4_u32)
                .map(|place| pieces[number / pieces.len().pow(place) % pieces.len()])
                .collect();
            for name in names {
                let plain = plain::names_seller(&text, name);
                assert_eq!(plain, Some(by_words(&text, name)), "`{text}` / `{name}`");
                compared += 1;
            }
        }
        assert_eq!(compared, 90_000);
        assert_eq!(plain::names_seller("Joe’s", "Joe"), None);
        assert_eq!(plain::names_seller("x", &"a".repeat(129)), None);
    }
}
