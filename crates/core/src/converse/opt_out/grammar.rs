//! The few requests that must never be missed, and what makes them something else: `grammar.txt`.

use std::sync::LazyLock;

use super::lexicon::{Lexicon, Meaning, Token, lexicon};
use super::vocabulary::{Number, vocabulary};

/// One place in a pattern.
#[derive(Debug, Clone)]
enum Step {
    /// Any of these words or meanings; skipped where `optional`.
    One { any: Vec<Want>, optional: bool },
    /// Up to this many tokens of any kind.
    Gap(usize),
    /// Nothing before this.
    Start,
    /// Nothing after this.
    End,
}

#[derive(Debug, Clone, Copy)]
enum Want {
    /// The number of a word; every word of the grammar has one.
    Word(Option<Number>),
    Meaning(Meaning),
}

/// One pattern.
#[derive(Debug)]
struct Pattern {
    steps: Vec<Step>,
    /// For each step that may not be missed, the marks of its words: an utterance with none of
    /// them need not be looked through.
    needs: Vec<Marks>,
}

/// A mark for every word and meaning; several share one.
type Marks = u128;

/// The patterns of `grammar.txt`.
#[derive(Debug)]
pub struct Grammar {
    requests: Vec<Pattern>,
    guards: Vec<Pattern>,
    /// A clue's number and one of its patterns.
    clues: Vec<(u8, Pattern)>,
}

const TEXT: &str = include_str!("grammar.txt");

/// Every word of the grammar, among others; some more than once.
pub fn listed() -> impl Iterator<Item = &'static str> {
    let lines = TEXT.lines().filter(|l| !l.starts_with('#'));
    lines.flat_map(|l| l.split([' ', '|', '?'])).filter(|word| {
        let lower = |c: char| c.is_ascii_lowercase() || c == '_';
        !word.is_empty() && word.chars().all(lower)
    })
}

/// The clues found in an utterance: bit n is the n-th clue name of `grammar.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clues(u32);

impl Clues {
    /// The numbers of the clues found, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..32).filter(move |n| self.0 & (1 << n) != 0)
    }

    /// Whether there is none.
    pub fn none(self) -> bool {
        self.0 == 0
    }
}

/// Looks for clues: words that often turn a request into something else. The model weighs them.
pub fn clues(tokens: &[Token]) -> Clues {
    let mut found = 0;
    let marks = marks(tokens);
    for (number, pattern) in &GRAMMAR.clues {
        let bit = 1_u32.checked_shl(u32::from(*number)).unwrap_or(0);
        if found & bit == 0 && pattern.find(tokens, marks).is_some() {
            found |= bit;
        }
    }
    Clues(found)
}

/// What the grammar found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Neither a request nor a guard.
    Nothing,
    /// A request in the tokens `from..to`.
    Request {
        /// The first token.
        from: usize,
        /// One past the last token.
        to: usize,
    },
    /// Words that turn a request into something else, in the tokens `from..to`.
    Guarded {
        /// The first token.
        from: usize,
        /// One past the last token.
        to: usize,
    },
}

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::read(TEXT, lexicon()));

/// Looks for the grammar of this build in an utterance.
pub fn find(tokens: &[Token]) -> Finding {
    let marks = marks(tokens);
    let first = |patterns: &[Pattern]| patterns.iter().find_map(|p| p.find(tokens, marks));
    if let Some((from, to)) = first(&GRAMMAR.guards) {
        return Finding::Guarded { from, to };
    }
    match first(&GRAMMAR.requests) {
        Some((from, to)) => Finding::Request { from, to },
        None => Finding::Nothing,
    }
}

impl Grammar {
    fn read(text: &'static str, lexicon: &Lexicon) -> Self {
        let (mut requests, mut guards, mut clues) = (Vec::new(), Vec::new(), Vec::new());
        let mut names: Vec<&str> = Vec::new();
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            if let Some(pattern) = line.strip_prefix("request ") {
                requests.push(Pattern::read(pattern, lexicon));
            } else if let Some(pattern) = line.strip_prefix("guard ") {
                guards.push(Pattern::read(pattern, lexicon));
            } else if let Some((name, pattern)) = line
                .strip_prefix("clue ")
                .and_then(|rest| rest.split_once(' '))
            {
                if names.last() != Some(&name) {
                    names.push(name);
                }
                let number = u8::try_from(names.len() - 1).unwrap_or(u8::MAX);
                clues.push((number, Pattern::read(pattern, lexicon)));
            }
        }
        Self {
            requests,
            guards,
            clues,
        }
    }
}

impl Pattern {
    fn read(pattern: &'static str, lexicon: &Lexicon) -> Self {
        let steps = steps(pattern, lexicon);
        let needs = steps.iter().filter_map(|step| match step {
            Step::One {
                any,
                optional: false,
            } => Some(any.iter().fold(0, |marks, want| marks | want.mark())),
            _ => None,
        });
        Self {
            needs: needs.collect(),
            steps,
        }
    }

    /// The first place where an utterance with these marks matches.
    fn find(&self, tokens: &[Token], marks: Marks) -> Option<(usize, usize)> {
        if self.needs.iter().any(|need| need & marks == 0) {
            return None;
        }
        (0..=tokens.len()).find_map(|from| Some((from, matched(&self.steps, tokens, from)?)))
    }
}

/// The marks of an utterance: of its words and of their meanings.
fn marks(tokens: &[Token]) -> Marks {
    let wants = tokens.iter().flat_map(|t| {
        let word = t.number.map(|n| Want::Word(Some(n)).mark());
        [word, t.meaning.map(|m| Want::Meaning(m).mark())]
    });
    wants.flatten().fold(0, |marks, mark| marks | mark)
}

fn steps(pattern: &'static str, lexicon: &Lexicon) -> Vec<Step> {
    pattern
        .split_whitespace()
        .map(|step| match step {
            "^" => Step::Start,
            "$" => Step::End,
            _ => match step.strip_prefix('~').and_then(|n| n.parse().ok()) {
                Some(tokens_max) => Step::Gap(tokens_max),
                None => one(step, lexicon),
            },
        })
        .collect()
}

fn one(step: &'static str, lexicon: &Lexicon) -> Step {
    let optional = step.ends_with('?');
    let any = step
        .trim_end_matches('?')
        .split('|')
        .map(|want| match lexicon.meaning_named(want) {
            Some(meaning) => Want::Meaning(meaning),
            None => Want::Word(vocabulary().number_of(want)),
        })
        .collect();
    Step::One { any, optional }
}

/// Where a match of `steps` that begins at `at` ends.
fn matched(steps: &[Step], tokens: &[Token], at: usize) -> Option<usize> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(at);
    };
    match step {
        Step::Start => (at == 0).then(|| matched(rest, tokens, at)).flatten(),
        Step::End => (at == tokens.len())
            .then(|| matched(rest, tokens, at))
            .flatten(),
        Step::Gap(tokens_max) => {
            (at..=(at + tokens_max).min(tokens.len())).find_map(|to| matched(rest, tokens, to))
        }
        Step::One { any, optional } => {
            let here = tokens.get(at).is_some_and(|t| any.iter().any(|w| w.is(t)));
            here.then(|| matched(rest, tokens, at + 1))
                .flatten()
                .or_else(|| optional.then(|| matched(rest, tokens, at)).flatten())
        }
    }
}

impl Want {
    fn is(self, token: &Token) -> bool {
        match self {
            Self::Word(number) => number.is_some() && token.number == number,
            Self::Meaning(meaning) => token.meaning == Some(meaning),
        }
    }

    fn mark(self) -> Marks {
        // Words and meanings are spread apart so that neighbours in the alphabet differ.
        1 << match self {
            Self::Word(number) => u32::from(number.unwrap_or(0)) * 37 % 128,
            Self::Meaning(meaning) => u32::from(meaning) * 11 % 128,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::normalise::words;
    use super::*;

    #[test]
    fn every_word_of_a_pattern_can_be_a_token() {
        let clues = GRAMMAR.clues.iter().map(|(_, pattern)| pattern);
        for step in GRAMMAR
            .requests
            .iter()
            .chain(&GRAMMAR.guards)
            .chain(clues)
            .flat_map(|pattern| &pattern.steps)
        {
            if let Step::One { any, .. } = step {
                for want in any {
                    assert!(!matches!(want, Want::Word(None)), "{step:?}");
                }
            }
        }
        for word in listed() {
            let split: Vec<String> = word.split('_').map(str::to_owned).collect();
            let tokens = lexicon().tokens(&split);
            assert!(tokens.len() == 1 || !word.contains('_'), "{word}");
        }
        assert!(GRAMMAR.requests.len() > 20 && GRAMMAR.guards.len() > 10);
    }

    #[test]
    fn a_guard_is_stronger_than_a_request() {
        let find = |text: &str| find(&lexicon().tokens(&words(text)));
        assert!(matches!(
            find("please stop calling me"),
            Finding::Request { .. }
        ));
        assert!(matches!(
            find("please don't stop calling me"),
            Finding::Guarded { .. }
        ));
        assert_eq!(find("what time is it"), Finding::Nothing);
    }
}
