//! The few requests that must never be missed, and what makes them something else: `grammar.txt`.

use std::sync::LazyLock;

use super::lexicon::{Lexicon, Meaning, Token, lexicon};

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

#[derive(Debug, Clone)]
enum Want {
    Word(&'static str),
    Meaning(Meaning),
}

/// The patterns of `grammar.txt`.
#[derive(Debug)]
pub struct Grammar {
    requests: Vec<Vec<Step>>,
    guards: Vec<Vec<Step>>,
    /// A clue's number and one of its patterns.
    clues: Vec<(u8, Vec<Step>)>,
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
    for (number, steps) in &GRAMMAR.clues {
        let bit = 1_u32.checked_shl(u32::from(*number)).unwrap_or(0);
        if found & bit == 0 && (0..=tokens.len()).any(|at| matched(steps, tokens, at).is_some()) {
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

static GRAMMAR: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::read(include_str!("grammar.txt"), lexicon()));

/// Looks for the grammar of this build in an utterance.
pub fn find(tokens: &[Token]) -> Finding {
    if let Some((from, to)) = first_match(&GRAMMAR.guards, tokens) {
        return Finding::Guarded { from, to };
    }
    match first_match(&GRAMMAR.requests, tokens) {
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
                requests.push(steps(pattern, lexicon));
            } else if let Some(pattern) = line.strip_prefix("guard ") {
                guards.push(steps(pattern, lexicon));
            } else if let Some((name, pattern)) = line
                .strip_prefix("clue ")
                .and_then(|rest| rest.split_once(' '))
            {
                if names.last() != Some(&name) {
                    names.push(name);
                }
                let number = u8::try_from(names.len() - 1).unwrap_or(u8::MAX);
                clues.push((number, steps(pattern, lexicon)));
            }
        }
        Self {
            requests,
            guards,
            clues,
        }
    }
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
            None => Want::Word(want),
        })
        .collect();
    Step::One { any, optional }
}

fn first_match(patterns: &[Vec<Step>], tokens: &[Token]) -> Option<(usize, usize)> {
    patterns.iter().find_map(|steps| {
        (0..=tokens.len()).find_map(|from| Some((from, matched(steps, tokens, from)?)))
    })
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
    fn is(&self, token: &Token) -> bool {
        match self {
            Self::Word(word) => token.text == *word,
            Self::Meaning(meaning) => token.meaning == Some(*meaning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::normalise::words;
    use super::*;

    #[test]
    fn every_word_of_a_pattern_can_be_a_token() {
        let clues = GRAMMAR.clues.iter().map(|(_, steps)| steps);
        for step in GRAMMAR
            .requests
            .iter()
            .chain(&GRAMMAR.guards)
            .chain(clues)
            .flatten()
        {
            if let Step::One { any, .. } = step {
                for want in any {
                    if let Want::Word(word) = want {
                        let lower = |c: char| c.is_ascii_lowercase() || c == '_';
                        assert!(word.chars().all(lower), "{word}");
                        let split: Vec<String> = word.split('_').map(str::to_owned).collect();
                        assert_eq!(lexicon().tokens(&split).len(), 1, "{word}");
                    }
                }
            }
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
