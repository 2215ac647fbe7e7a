//! What words mean here: `lexicon.txt` read once into sorted tables.

use std::sync::LazyLock;

use super::vocabulary::{Number, vocabulary};

/// A meaning's number: its line in `lexicon.txt`, from 0.
pub type Meaning = u8;

/// The longest phrase of `lexicon.txt`, in words.
const PHRASE_WORDS_MAX: usize = 6;

/// The meanings a request is made of.
const CORE: &[&str] = &[
    "CALL", "CONTACT", "BOTHER", "CEASE", "REMOVE", "TAKE", "LIST", "NUMBER", "LEGAL", "CONSENT",
    "REVOKE", "ALONE", "LOSEIT", "DNC", "NOMORE", "NOT", "SERVICE",
];

/// One word or phrase of an utterance, with its meaning where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word; the words of a phrase are joined by `_`.
    pub text: String,
    /// What it means here.
    pub meaning: Option<Meaning>,
    /// Its number, if it comes often.
    pub number: Option<Number>,
}

/// The tables of `lexicon.txt`.
#[derive(Debug)]
pub struct Lexicon {
    names: Vec<&'static str>,
    exact: Vec<(&'static str, Meaning)>,
    stems: Vec<(&'static str, Meaning)>,
    core: Vec<Meaning>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::read(include_str!("lexicon.txt")));

/// The lexicon of this build.
pub fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    fn read(text: &'static str) -> Self {
        let (mut names, mut exact, mut stems) = (Vec::new(), Vec::new(), Vec::new());
        let lines = text.lines().filter(|l| !l.starts_with('#'));
        for (meaning, line) in (0..Meaning::MAX).zip(lines) {
            let mut words = line.split_whitespace();
            names.extend(words.next());
            for word in words {
                match word.strip_suffix('*') {
                    Some(stem) => stems.push((stem, meaning)),
                    None => exact.push((word, meaning)),
                }
            }
        }
        for table in [&mut exact, &mut stems] {
            // Stable by word, then by line: the first meaning stays.
            table.sort_unstable();
            table.dedup_by_key(|(word, _)| *word);
        }
        let number = |name: &&str| names.iter().position(|n| n == name);
        let core = CORE.iter().filter_map(number);
        let core = core.filter_map(|at| Meaning::try_from(at).ok()).collect();
        Self {
            names,
            exact,
            stems,
            core,
        }
    }

    /// The meanings a request is made of: who calls, what ends, off which list, by what right.
    pub fn core(&self) -> &[Meaning] {
        &self.core
    }

    /// The meaning called `name`.
    pub fn meaning_named(&self, name: &str) -> Option<Meaning> {
        let at = self.names.iter().position(|n| *n == name)?;
        Meaning::try_from(at).ok()
    }

    /// The meaning of one word or `joined_phrase`: exact before stem, longer stems first.
    pub fn meaning_of(&self, word: &str) -> Option<Meaning> {
        find(&self.exact, word).or_else(|| {
            (2..=word.len())
                .rev()
                .filter_map(|end| word.get(..end))
                .find_map(|stem| find(&self.stems, stem))
        })
    }

    /// Every word and phrase that is listed as such.
    pub fn listed(&self) -> impl Iterator<Item = &'static str> {
        self.exact.iter().map(|(word, _)| *word)
    }

    /// The words as tokens: the longest phrase that begins at a word is one token.
    pub fn tokens(&self, words: &[String]) -> Vec<Token> {
        let vocabulary = vocabulary();
        let mut tokens = Vec::with_capacity(words.len());
        let mut rest = words;
        let mut joined = String::new();
        while let Some((first, tail)) = rest.split_first() {
            let number = vocabulary.number_of(first);
            let most = vocabulary.phrase_words_max(number).min(PHRASE_WORDS_MAX);
            if let Some((meaning, count)) = self.phrase(rest, most, &mut joined) {
                tokens.push(Token {
                    number: vocabulary.number_of(&joined),
                    text: std::mem::take(&mut joined),
                    meaning: Some(meaning),
                });
                rest = rest.get(count..).unwrap_or_default();
            } else {
                tokens.push(Token {
                    text: first.clone(),
                    meaning: vocabulary.meaning_of(first, number),
                    number,
                });
                rest = tail;
            }
        }
        tokens
    }

    /// The longest phrase of up to `most` words that these words begin with.
    fn phrase(
        &self,
        words: &[String],
        most: usize,
        joined: &mut String,
    ) -> Option<(Meaning, usize)> {
        for count in (2..=most.min(words.len())).rev() {
            joined.clear();
            for word in words.iter().take(count) {
                if !joined.is_empty() {
                    joined.push('_');
                }
                joined.push_str(word);
            }
            if let Some(meaning) = find(&self.exact, joined) {
                return Some((meaning, count));
            }
        }
        None
    }
}

fn find(table: &[(&'static str, Meaning)], word: &str) -> Option<Meaning> {
    let at = table.binary_search_by(|(w, _)| (*w).cmp(word)).ok()?;
    table.get(at).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_before_words_before_stems() {
        let words = super::super::normalise::words("from now on quítenme and lose my number");
        let tokens = lexicon().tokens(&words);
        let said: Vec<_> = tokens.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(said, ["from_now_on", "quitenme", "and", "lose_my_number"]);
        let name = |at: usize| tokens[at].meaning.map(|m| lexicon().names[usize::from(m)]);
        assert_eq!(name(0), Some("PERM"));
        assert_eq!(name(1), Some("REMOVE"));
        assert_eq!(name(2), None);
        assert_eq!(name(3), Some("LOSEIT"));
    }

    #[test]
    fn every_line_has_a_name_of_its_own_and_plain_words() {
        let mut names = lexicon().names.clone();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), lexicon().names.len());
        for (word, _) in lexicon().exact.iter().chain(&lexicon().stems) {
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(word.chars().all(plain), "{word}");
        }
    }
}
