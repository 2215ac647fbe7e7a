//! The words that come often, numbered: what has to be worked out of a word is worked out once.
//!
//! Only speed depends on which words are here: any other word is worked out each time, to the same
//! bits.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use super::lexicon::{Meaning, lexicon};
use super::number::hash;
use super::sense_views::Shades;

/// A word's place among the words that come often.
pub type Number = u16;

/// No word has this number.
const NONE: Number = Number::MAX;

/// Words that the corpus has often, written by `train-opt-out --write`.
const OFTEN: &str = include_str!("words.txt");

/// The words of the corpus, the lexicon and the grammar.
#[derive(Debug)]
pub struct Vocabulary {
    words: Vec<&'static str>,
    /// Numbers by the hash of their word; a place that is taken sends on to the next.
    places: Vec<Number>,
    /// The words of the longest phrase that begins with this word.
    phrase_words_max: Vec<u8>,
    meanings: Vec<OnceLock<Option<Meaning>>>,
    shades: Vec<OnceLock<Shades>>,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::built_in);

/// The vocabulary of this build.
pub fn vocabulary() -> &'static Vocabulary {
    &VOCABULARY
}

impl Vocabulary {
    fn built_in() -> Self {
        let mut longest: BTreeMap<&'static str, u8> = BTreeMap::new();
        for phrase in lexicon().listed() {
            longest.entry(phrase).or_default();
            let words = phrase.split('_').count();
            for (at, word) in phrase.split('_').enumerate() {
                let begins = longest.entry(word).or_default();
                if at == 0 && words > 1 {
                    *begins = (*begins).max(u8::try_from(words).unwrap_or(u8::MAX));
                }
            }
        }
        for word in OFTEN.lines().chain(super::grammar::listed()) {
            longest.entry(word).or_default();
        }
        let words: Vec<&'static str> = longest.keys().copied().collect();
        let mut places = vec![NONE; (words.len() * 4).next_power_of_two()];
        for (number, word) in (0..NONE).zip(&words) {
            let free = from(&places, word).find(|(_, taken)| *taken == NONE);
            if let Some(place) = free.and_then(|(at, _)| places.get_mut(at)) {
                *place = number;
            }
        }
        Self {
            meanings: words.iter().map(|_| OnceLock::new()).collect(),
            shades: words.iter().map(|_| OnceLock::new()).collect(),
            phrase_words_max: longest.into_values().collect(),
            words,
            places,
        }
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The number of a word or `joined_phrase`.
    pub fn number_of(&self, word: &str) -> Option<Number> {
        from(&self.places, word)
            .map(|(_, number)| number)
            .take_while(|number| *number != NONE)
            .find(|number| self.words.get(usize::from(*number)) == Some(&word))
    }

    /// The words of the longest phrase that may begin with this word; 0 without any.
    pub fn phrase_words_max(&self, number: Option<Number>) -> usize {
        let most = number.and_then(|n| self.phrase_words_max.get(usize::from(n)));
        most.copied().map_or(0, usize::from)
    }

    /// The meaning of a word that has this number, if any.
    pub fn meaning_of(&self, word: &str, number: Option<Number>) -> Option<Meaning> {
        match number.and_then(|n| self.meanings.get(usize::from(n))) {
            Some(known) => *known.get_or_init(|| lexicon().meaning_of(word)),
            None => lexicon().meaning_of(word),
        }
    }

    /// The senses of a word that has this number, if any.
    pub fn shades_of(&self, word: &str, number: Option<Number>) -> Shades {
        match number.and_then(|n| self.shades.get(usize::from(n))) {
            Some(known) => *known.get_or_init(|| Shades::of(word)),
            None => Shades::of(word),
        }
    }
}

/// The places at which a word may stand, and what stands there.
fn from<'a>(places: &'a [Number], word: &str) -> impl Iterator<Item = (usize, Number)> + use<'a> {
    let first = usize::try_from(hash(word.as_bytes())).unwrap_or(0) & (places.len() - 1);
    let wrapped = places.iter().enumerate().take(first);
    let straight = places.iter().enumerate().skip(first);
    straight.chain(wrapped).map(|(at, number)| (at, *number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_and_no_other() {
        let vocabulary = vocabulary();
        assert!(vocabulary.len() > 1000 && vocabulary.len() < usize::from(NONE) / 2);
        for (at, word) in vocabulary.words.iter().enumerate() {
            let number = vocabulary.number_of(word);
            assert_eq!(number.map(usize::from), Some(at), "{word}");
            assert_eq!(
                vocabulary.meaning_of(word, number),
                lexicon().meaning_of(word)
            );
        }
        assert_eq!(vocabulary.number_of("qqq"), None);
        assert_eq!(vocabulary.number_of(""), None);
        assert!(vocabulary.phrase_words_max(vocabulary.number_of("from")) >= 3);
    }
}
