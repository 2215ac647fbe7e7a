//! More views of the same words: what the agent's line was about, how the words sound, and what
//! stands together in one clause.

use super::context::Asked;
use super::features::{Hash, Kind, Seen};
use super::lexicon::{Meaning, Token, lexicon};

/// Words that begin a clause of its own.
const JOINTS: &[&str] = &[
    "and", "but", "so", "because", "cause", "cuz", "then", "or", "well", "anyway", "though",
    "although", "unless", "until", "till", "if", "when", "while", "since", "pero", "y", "porque",
    "entonces", "asi", "si", "cuando", "aunque", "sino", "mejor", "o", "that", "que",
];

/// Longer answers carry their own sense; beside shorter ones the agent's words count.
const ANSWER_TOKENS_MAX: usize = 12;

/// Letters of the joined sound looked at in a row.
const SOUND_RUN: usize = 5;

impl Seen {
    /// What the agent's line was about, beside what the answer is made of.
    pub(super) fn asked_about(&mut self, tokens: &[Token], asked: &Asked) {
        let last = tokens.len().saturating_sub(1);
        let kind = Hash::of(Kind::Asked).byte(asked.kind as u8);
        for (at, token) in tokens.iter().enumerate() {
            let hash = match token.meaning {
                Some(meaning) => kind.byte(1).byte(meaning),
                None => kind.byte(2).text(&token.text),
            };
            self.add(Kind::Asked, hash, at, at);
        }
        if tokens.len() > ANSWER_TOKENS_MAX {
            return;
        }
        let size = u8::try_from(tokens.len().min(4)).unwrap_or(4);
        for about in &asked.meanings {
            let hash = Hash::of(Kind::Asked).byte(100).byte(*about);
            self.add(Kind::Asked, hash.byte(size), 0, last);
            for (at, token) in tokens.iter().enumerate() {
                if let Some(meaning) = token.meaning {
                    self.add(Kind::Asked, hash.byte(101).byte(meaning), at, at);
                }
            }
        }
    }

    /// Words as they sound: alone, in pairs, and runs across the gaps that a recogniser may have put
    /// in the wrong place.
    pub(super) fn sounds(&mut self, tokens: &[Token]) {
        let sounds: Vec<Vec<u8>> = tokens.iter().map(|t| sound(&t.text)).collect();
        let mut joined: Vec<(u8, usize)> = Vec::with_capacity(tokens.len() * 4);
        for (at, one) in sounds.iter().enumerate() {
            joined.extend(one.iter().map(|b| (*b, at)));
            let mut hash = Hash::of(Kind::Sound).bytes(one);
            self.add(Kind::Sound, hash, at, at);
            for to in (at + 1)..(at + 3) {
                let Some(next) = sounds.get(to) else { break };
                hash = hash.byte(0).bytes(next);
                self.add(Kind::Sound, hash, at, to);
            }
        }
        for run in joined.windows(SOUND_RUN) {
            let hash = run
                .iter()
                .fold(Hash::of(Kind::Run), |h, (byte, _)| h.byte(*byte));
            let at = |one: Option<&(u8, usize)>| one.map_or(0, |(_, at)| *at);
            self.add(Kind::Run, hash, at(run.first()), at(run.last()));
        }
    }

    /// What stands in one clause: its core meanings together, how it begins, and its ordered pairs
    /// of meanings by distance; the last clause once more for itself.
    pub(super) fn clauses(&mut self, tokens: &[Token]) {
        let mut from = 0;
        while from < tokens.len() {
            let length = tokens
                .iter()
                .skip(from + 1)
                .take_while(|t| !JOINTS.contains(&t.text.as_str()))
                .count();
            let to = from + length + 1;
            self.clause(tokens.get(from..to).unwrap_or_default(), from);
            if to == tokens.len() {
                self.ending(tokens.get(from..to).unwrap_or_default(), from);
            }
            from = to;
        }
    }

    fn clause(&mut self, tokens: &[Token], at: usize) {
        let core = lexicon().core();
        let mut present: Vec<Meaning> = Vec::new();
        for meaning in tokens.iter().filter_map(|t| t.meaning) {
            if core.contains(&meaning) && !present.contains(&meaning) {
                present.push(meaning);
            }
        }
        let end = at + tokens.len().saturating_sub(1);
        let hash = Hash::of(Kind::Clause);
        let set = present.iter().fold(hash.byte(1), |h, m| h.byte(*m));
        self.add(Kind::Clause, set, at, end);
        for (first, head) in tokens.iter().take(2).enumerate() {
            let head = begins(hash.byte(3), head);
            let place = u8::try_from(first).unwrap_or(1);
            self.add(
                Kind::Clause,
                present.iter().fold(head.byte(place), |h, m| h.byte(*m)),
                at,
                end,
            );
            for meaning in &present {
                self.add(Kind::Near, head.byte(4).byte(*meaning), at, end);
            }
        }
        for (from, first) in tokens.iter().enumerate() {
            let Some(meaning) = first.meaning else {
                continue;
            };
            for (gap, next) in tokens.iter().skip(from + 1).take(5).enumerate() {
                let far = u8::from(gap > 1);
                let pair = match next.meaning {
                    Some(later) => hash.byte(5).byte(meaning).byte(later).byte(far),
                    None => hash.byte(6).byte(meaning).text(&next.text),
                };
                self.add(Kind::Near, pair, at + from, at + from + gap + 1);
            }
            for (gap, before) in tokens.iter().take(from).rev().take(4).enumerate() {
                if before.meaning.is_none() {
                    let pair = hash.byte(7).byte(meaning).text(&before.text);
                    self.add(Kind::Near, pair, at + from - gap - 1, at + from);
                }
            }
        }
    }

    fn ending(&mut self, tokens: &[Token], at: usize) {
        for (offset, token) in tokens.iter().enumerate() {
            let hash = begins(Hash::of(Kind::Clause).byte(8), token);
            self.add(Kind::Near, hash, at + offset, at + offset);
        }
    }
}

fn begins(hash: Hash, token: &Token) -> Hash {
    match token.meaning {
        Some(meaning) => hash.byte(1).byte(meaning),
        None => hash.byte(2).text(&token.text),
    }
}

/// A word as it sounds: its consonants by kind, a vowel at the beginning, the endings "-ing" and
/// "-s" left away. Voiced and unvoiced, "m" and "n", "c" and "k" are one.
fn sound(word: &str) -> Vec<u8> {
    let stem = ["ing", "in", "s"]
        .iter()
        .find_map(|end| word.strip_suffix(end).filter(|stem| stem.len() > 2))
        .unwrap_or(word);
    let bytes = stem.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1);
        let soft = next.is_some_and(|n| matches!(n, b'e' | b'i' | b'y'));
        let code = match byte {
            b'p' if next == Some(&b'h') => b'f',
            b'b' | b'p' => b'p',
            b'f' | b'v' => b'f',
            b'c' if soft => b's',
            b'k' if at == 0 && next == Some(&b'n') => continue,
            b'c' | b'k' | b'q' | b'g' | b'j' => b'k',
            b's' | b'z' | b'x' => b's',
            b'd' | b't' => b't',
            b'm' | b'n' => b'n',
            b'l' | b'r' => *byte,
            b'a' | b'e' | b'i' | b'o' | b'u' if at == 0 => b'a',
            b'0'..=b'9' => *byte,
            _ => continue,
        };
        if out.last() != Some(&code) {
            out.push(code);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::sound;

    #[test]
    fn what_sounds_alike_is_alike() {
        for (heard, meant) in [
            ("kalling", "calling"),
            ("colin", "call"),
            ("knot", "not"),
            ("lust", "list"),
            ("loose", "lose"),
            ("fone", "phone"),
        ] {
            assert_eq!(sound(heard), sound(meant), "{heard} {meant}");
        }
        assert_ne!(sound("stop"), sound("start"));
        assert!(sound("").is_empty());
    }
}
