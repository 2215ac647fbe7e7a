//! From a recogniser's text to words: one spelling, no fillers, no stutters, no common mishearings.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Sounds that carry no meaning.
const FILLERS: &[&str] = &[
    "ah", "ahem", "eh", "ehm", "em", "er", "erm", "ehh", "hm", "hmm", "mm", "mmm", "uh", "uhh",
    "uhm", "um", "umm", "pues",
];

/// Short words that are words, not the beginning of a stutter.
const SHORT_WORDS: &[&str] = &[
    "a", "al", "am", "an", "as", "at", "be", "by", "da", "de", "di", "do", "e", "el", "en", "es",
    "go", "ha", "he", "hi", "i", "if", "in", "is", "it", "la", "le", "lo", "me", "mi", "my", "ni",
    "no", "o", "of", "on", "or", "os", "se", "si", "so", "su", "te", "ti", "to", "tu", "u", "un",
    "up", "us", "va", "we", "y", "ya",
];

/// What recognisers write for the words that matter here, in the frames that give them away:
/// the words as heard, and the words meant.
const MISHEARD: &[(&[&str], &[&str])] = &[
    (&["due", "not"], &["do", "not"]),
    (&["dew", "not"], &["do", "not"]),
    (&["do", "knot"], &["do", "not"]),
    (&["do", "naught"], &["do", "not"]),
    (&["do", "nut"], &["do", "not"]),
    (&["due", "nut"], &["do", "not"]),
    (&["dew", "nut"], &["do", "not"]),
    (&["due", "knot"], &["do", "not"]),
    (&["dew", "knot"], &["do", "not"]),
    (&["any", "moor"], &["anymore"]),
    (&["stopped", "colin"], &["stop", "calling"]),
    (&["dont", "caul"], &["dont", "call"]),
    (&["dont", "col"], &["dont", "call"]),
    (&["numb", "er"], &["number"]),
    (&["my", "numb", "her"], &["my", "number"]),
    (&["donut", "call"], &["dont", "call"]),
    (&["doughnut", "call"], &["dont", "call"]),
    (&["don", "call"], &["dont", "call"]),
    (&["re", "move"], &["remove"]),
    (&["remote", "me"], &["remove", "me"]),
    (&["remove", "mean"], &["remove", "me"]),
    (&["remoo", "me"], &["remove", "me"]),
    (&["removed", "me", "from"], &["remove", "me", "from"]),
    (&["move", "me", "from"], &["remove", "me", "from"]),
    (&["me", "of", "your"], &["me", "off", "your"]),
    (&["me", "of", "the"], &["me", "off", "the"]),
    (&["me", "of", "this"], &["me", "off", "this"]),
    (&["me", "of", "you", "are"], &["me", "off", "your"]),
    (&["off", "you", "are"], &["off", "your"]),
    (&["off", "youre"], &["off", "your"]),
    (&["off", "yer"], &["off", "your"]),
    (&["tape", "me", "off"], &["take", "me", "off"]),
    (&["tape", "my", "name"], &["take", "my", "name"]),
    (&["tape", "my", "number"], &["take", "my", "number"]),
    (
        &["tick", "me", "off", "your"],
        &["take", "me", "off", "your"],
    ),
    (&["ache", "me", "off"], &["take", "me", "off"]),
    (&["jake", "me", "off"], &["take", "me", "off"]),
    (&["bake", "me", "off"], &["take", "me", "off"]),
    (&["fake", "me", "off"], &["take", "me", "off"]),
    (&["make", "me", "off"], &["take", "me", "off"]),
    (&["off", "your", "lust"], &["off", "your", "list"]),
    (&["off", "your", "lis"], &["off", "your", "list"]),
    (&["off", "your", "least"], &["off", "your", "list"]),
    (&["off", "your", "missed"], &["off", "your", "list"]),
    (&["off", "your", "lips"], &["off", "your", "list"]),
    (&["off", "your", "last"], &["off", "your", "list"]),
    (&["off", "your", "lists"], &["off", "your", "list"]),
    (&["off", "your", "wrist"], &["off", "your", "list"]),
    (&["off", "your", "fist"], &["off", "your", "list"]),
    (&["off", "your", "liszt"], &["off", "your", "list"]),
    (&["off", "the", "lust"], &["off", "the", "list"]),
    (&["off", "the", "least"], &["off", "the", "list"]),
    (&["off", "this", "lust"], &["off", "this", "list"]),
    (&["from", "your", "lust"], &["from", "your", "list"]),
    (&["from", "your", "least"], &["from", "your", "list"]),
    (&["from", "your", "missed"], &["from", "your", "list"]),
    (&["call", "in", "me"], &["calling", "me"]),
    (&["call", "in", "here"], &["calling", "here"]),
    (&["colin", "me"], &["calling", "me"]),
    (&["collin", "me"], &["calling", "me"]),
    (&["colin", "us"], &["calling", "us"]),
    (&["colin", "here"], &["calling", "here"]),
    (&["stop", "colin"], &["stop", "calling"]),
    (&["stop", "collin"], &["stop", "calling"]),
    (&["stop", "cowling"], &["stop", "calling"]),
    (&["stop", "coiling"], &["stop", "calling"]),
    (&["stop", "crawling"], &["stop", "calling"]),
    (&["stop", "falling"], &["stop", "calling"]),
    (&["stop", "cooling", "me"], &["stop", "calling", "me"]),
    (&["stop", "culling"], &["stop", "calling"]),
    (&["stop", "cawing"], &["stop", "calling"]),
    (&["stop", "stalling", "me"], &["stop", "calling", "me"]),
    (&["stop", "hauling", "me"], &["stop", "calling", "me"]),
    (&["stock", "calling"], &["stop", "calling"]),
    (&["top", "calling"], &["stop", "calling"]),
    (&["shop", "calling"], &["stop", "calling"]),
    (&["stuff", "calling"], &["stop", "calling"]),
    (&["stomp", "calling"], &["stop", "calling"]),
    (&["stoop", "calling"], &["stop", "calling"]),
    (&["stopped", "calling"], &["stop", "calling"]),
    (&["stops", "calling"], &["stop", "calling"]),
    (&["stop", "coming", "me"], &["stop", "calling", "me"]),
    (&["quick", "calling"], &["quit", "calling"]),
    (&["quite", "calling"], &["quit", "calling"]),
    (&["quit", "colin"], &["quit", "calling"]),
    (&["quit", "collin"], &["quit", "calling"]),
    (&["not", "coal", "me"], &["not", "call", "me"]),
    (&["not", "cole", "me"], &["not", "call", "me"]),
    (&["not", "cull", "me"], &["not", "call", "me"]),
    (&["not", "caul", "me"], &["not", "call", "me"]),
    (&["not", "col", "me"], &["not", "call", "me"]),
    (&["dont", "coal"], &["dont", "call"]),
    (&["dont", "cole"], &["dont", "call"]),
    (&["dont", "cull"], &["dont", "call"]),
    (&["dont", "cold", "me"], &["dont", "call", "me"]),
    (&["dont", "kohl"], &["dont", "call"]),
    (&["dont", "gall"], &["dont", "call"]),
    (&["do", "not", "cold", "me"], &["do", "not", "call", "me"]),
    (&["do", "not", "cole"], &["do", "not", "call"]),
    (&["do", "not", "coal"], &["do", "not", "call"]),
    (&["on", "subscribe"], &["unsubscribe"]),
    (&["un", "subscribe"], &["unsubscribe"]),
    (&["an", "subscribe"], &["unsubscribe"]),
    (&["opt", "doubt"], &["opt", "out"]),
    (&["opped", "out"], &["opt", "out"]),
    (&["op", "out"], &["opt", "out"]),
    (&["up", "doubt"], &["opt", "out"]),
    (&["apt", "out"], &["opt", "out"]),
    (&["opt", "owt"], &["opt", "out"]),
    (&["lose", "my", "member"], &["lose", "my", "number"]),
    (&["loose", "my", "number"], &["lose", "my", "number"]),
    (&["a", "gain"], &["again"]),
    (&["any", "more"], &["anymore"]),
    (&["know", "more", "calls"], &["no", "more", "calls"]),
    (&["no", "moor", "calls"], &["no", "more", "calls"]),
    (&["leaf", "me", "alone"], &["leave", "me", "alone"]),
    (&["leave", "me", "a", "loan"], &["leave", "me", "alone"]),
    (&["quitar", "me"], &["quitarme"]),
    (&["quite", "me", "de"], &["quiteme", "de"]),
    (&["no", "me", "yame"], &["no", "me", "llame"]),
    (&["no", "me", "yamen"], &["no", "me", "llamen"]),
    (&["no", "me", "yames"], &["no", "me", "llames"]),
    (&["no", "me", "llamé"], &["no", "me", "llame"]),
];

/// The words as heard, and the words meant.
type Frame = (&'static [&'static str], &'static [&'static str]);

/// The frames of [`MISHEARD`] by their first word, in its order.
static FRAMES: LazyLock<BTreeMap<&str, Vec<Frame>>> = LazyLock::new(|| {
    let mut frames: BTreeMap<&str, Vec<Frame>> = BTreeMap::new();
    for (heard, meant) in MISHEARD {
        if let Some(first) = heard.first() {
            frames.entry(first).or_default().push((heard, meant));
        }
    }
    frames
});

/// The words of a text in order: lower case, without accents, apostrophes, fillers or stutters.
/// A text of nothing but fillers keeps them.
pub fn words(text: &str) -> Vec<String> {
    let raw = split(text);
    let mut kept: Vec<String> = Vec::with_capacity(raw.len());
    for (at, word) in raw.iter().enumerate() {
        let filler = FILLERS.contains(&word.as_str());
        if filler || is_stutter(word, raw.get(at + 1)) || kept.last() == Some(word) {
            continue;
        }
        kept.push(word.clone());
        drop_repeated_pair(&mut kept);
    }
    if kept.is_empty() {
        raw
    } else {
        // Twice: one mended word may be the frame of the next.
        mend(&mend(&kept))
    }
}

fn split(text: &str) -> Vec<String> {
    let mut words = Vec::with_capacity(text.len() / 5 + 1);
    let mut word = String::new();
    for c in text.chars() {
        if matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{b4}') {
            continue;
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase().filter(|l| l.is_alphanumeric()).map(plain));
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The letter without its accent.
fn plain(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    }
}

/// "st stop", "c calling": the beginning of the word that follows.
fn is_stutter(word: &str, next: Option<&String>) -> bool {
    word.len() <= 2 && !SHORT_WORDS.contains(&word) && next.is_some_and(|n| n.starts_with(word))
}

/// "i want i want": the second time is dropped.
fn drop_repeated_pair(words: &mut Vec<String>) {
    if let [.., a, b, c, d] = words.as_slice()
        && a == c
        && b == d
    {
        let shorter = words.len() - 2;
        words.truncate(shorter);
    }
}

fn mend(words: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut rest = words;
    while let Some((first, tail)) = rest.split_first() {
        let frames = FRAMES.get(first.as_str()).map(Vec::as_slice);
        let mut frames = frames.unwrap_or_default().iter();
        let meant = frames.find(|(heard, _)| starts_with(rest, heard));
        if let Some((heard, meant)) = meant {
            out.extend(meant.iter().map(|w| (*w).to_owned()));
            rest = rest.get(heard.len()..).unwrap_or_default();
        } else {
            out.push(first.clone());
            rest = tail;
        }
    }
    out
}

fn starts_with(words: &[String], heads: &[&str]) -> bool {
    words.len() >= heads.len() && words.iter().zip(heads).all(|(w, h)| w == h)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn fillers_stutters_and_mishearings_go() {
        for (text, want) in [
            ("Uh, don\u{2019}t c-c-call ME!", "dont call me"),
            ("i i want i want um out", "i want out"),
            ("stop colin me", "stop calling me"),
            ("take me off your lust", "take me off your list"),
            ("due not call", "do not call"),
            ("Quíteme de la lista, señor", "quiteme de la lista senor"),
            ("uh um", "uh um"),
            ("", ""),
            ("\u{130}\u{0}\u{fffd} ok", "i ok"),
        ] {
            assert_eq!(words(text).join(" "), want, "{text}");
        }
    }
}
