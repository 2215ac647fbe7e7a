//! Views of the words by their senses: a word that was never learned shares what was learned of
//! others that mean much the same. One word has several senses; each is looked at by itself.

use super::context::Asked;
use super::features::{Hash, Kind, Seen};
use super::lexicon::{Token, lexicon};
use super::net_input::{Spoken, spoken};
use super::number::hash;
use super::senses::{SENSES_MAX, senses};
use super::vocabulary::vocabulary;

/// Senses of one word that are looked at: its meaning, its senses, and the meaning of its phrase.
const MOST: usize = SENSES_MAX + 2;

/// Senses are numbered from here, below are the meanings of the lexicon.
const SENSES_FROM: u16 = 256;

/// Words between which a pair of senses is still seen.
const NEAR: usize = 4;

/// Words of the agent's line that count, from its end, and of an answer that it is set beside.
const CONTEXT_WORDS_MAX: usize = 16;
const ANSWER_WORDS_MAX: usize = 8;

/// The senses of one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shades {
    numbers: [u16; MOST],
    count: usize,
}

impl Shades {
    /// Of a word by itself.
    pub fn of(word: &str) -> Self {
        let mut shades = Self::default();
        let meaning = lexicon().meaning_of(word).map(u16::from);
        let listed = senses().of(word).map(|s| SENSES_FROM + u16::from(s));
        meaning
            .into_iter()
            .chain(listed)
            .for_each(|s| shades.add(s));
        shades
    }

    fn add(&mut self, shade: u16) {
        if let Some(place) = self.numbers.get_mut(self.count) {
            *place = shade;
            self.count += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.numbers.iter().take(self.count).copied()
    }
}

/// One word of the utterance.
struct Word {
    shades: Shades,
    itself: u32,
    /// The token that it is part of.
    at: usize,
}

fn shades(spoken: &Spoken<'_>) -> Shades {
    let mut shades = vocabulary().shades_of(spoken.text, spoken.number);
    if let Some(meaning) = spoken.phrase {
        shades.add(u16::from(meaning));
    }
    shades
}

fn two(hash: Hash, one: u16, other: u16) -> Hash {
    hash.bytes(&one.to_le_bytes()).bytes(&other.to_le_bytes())
}

impl Seen {
    /// Senses alone, in rows of two and three, in pairs nearby, beside the words around them, and
    /// beside what the agent's line was about; words in pairs across a gap.
    pub(super) fn senses(&mut self, tokens: &[Token], asked: &Asked) {
        let words: Vec<Word> = tokens
            .iter()
            .enumerate()
            .flat_map(|(at, token)| {
                spoken(token).map(move |spoken| Word {
                    shades: shades(&spoken),
                    itself: hash(spoken.text.as_bytes()),
                    at,
                })
            })
            .collect();
        let line = asked.tokens.iter().rev().take(CONTEXT_WORDS_MAX);
        let line: Vec<u16> = if words.len() > ANSWER_WORDS_MAX {
            Vec::new()
        } else {
            let shades = line.flat_map(spoken).map(|spoken| shades(&spoken));
            shades.flat_map(|s| s.iter().collect::<Vec<_>>()).collect()
        };
        for (first, word) in words.iter().enumerate() {
            let rest = words.get(first + 1..).unwrap_or_default();
            for shade in word.shades.iter() {
                let hash = Hash::of(Kind::Sense).bytes(&shade.to_le_bytes());
                self.add(Kind::Sense, hash, word.at, word.at);
                for about in &line {
                    let hash = two(Hash::of(Kind::SenseAsked), shade, *about);
                    self.add(Kind::SenseAsked, hash, word.at, word.at);
                }
                self.sense_pairs(word, shade, rest);
            }
            self.beside(word, rest);
        }
    }

    fn sense_pairs(&mut self, word: &Word, shade: u16, rest: &[Word]) {
        for (gap, next) in rest.iter().take(NEAR).enumerate() {
            for later in next.shades.iter() {
                let hash = two(Hash::of(Kind::SenseNear), shade, later);
                self.add(Kind::SenseNear, hash, word.at, next.at);
                if gap > 0 {
                    continue;
                }
                let hash = two(Hash::of(Kind::SenseRow), shade, later);
                self.add(Kind::SenseRow, hash, word.at, next.at);
                let Some(third) = rest.get(1) else { continue };
                for last in third.shades.iter().take(2) {
                    let hash = hash.bytes(&last.to_le_bytes());
                    self.add(Kind::SenseNear, hash, word.at, third.at);
                }
            }
        }
    }

    /// Senses beside the words one and two before and after them, and words across a gap.
    fn beside(&mut self, word: &Word, rest: &[Word]) {
        for (gap, next) in (1_u8..).zip(rest.iter().take(NEAR)) {
            if gap > 1 {
                let hash = Hash::of(Kind::Apart).bytes(&word.itself.to_le_bytes());
                let hash = hash.bytes(&next.itself.to_le_bytes());
                self.add(Kind::Apart, hash, word.at, next.at);
            }
            if gap > 2 {
                continue;
            }
            let ends = [(word.shades, next.itself, 0), (next.shades, word.itself, 8)];
            for (shades, itself, side) in ends {
                for shade in shades.iter() {
                    let hash = Hash::of(Kind::SenseWord).byte(gap | side);
                    let hash = hash
                        .bytes(&shade.to_le_bytes())
                        .bytes(&itself.to_le_bytes());
                    self.add(Kind::SenseWord, hash, word.at, next.at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{context, features, normalise};
    use super::*;

    #[test]
    fn words_of_one_sense_share_what_is_seen_of_them() {
        let seen = |said: &str| -> Vec<u32> {
            let tokens = lexicon().tokens(&normalise::words(said));
            let mut seen = features::Seen::default();
            seen.senses(&tokens, &context::asked(Some("Shall we call again?")));
            seen.finish().iter().map(|f| f.bucket).collect()
        };
        let (one, other) = (seen("expunge the widow"), seen("purge the widow"));
        let shared = one.iter().filter(|b| other.contains(b)).count();
        assert!(shared * 2 > one.len(), "{shared} of {}", one.len());
        assert!(seen("").is_empty());
    }

    #[test]
    fn what_is_remembered_of_a_word_is_what_it_is() {
        for word in ["call", "remove", "nunca", "qqq"] {
            let number = vocabulary().number_of(word);
            assert_eq!(vocabulary().shades_of(word, number), Shades::of(word));
        }
    }
}
