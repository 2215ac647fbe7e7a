//! What the network is given of an utterance: for each word the rows of the vector table that
//! belong to it, the same for the agent's line, and what the grammar found.

use super::context::Asked;
use super::grammar::{Clues, Finding};
use super::lexicon::{Meaning, Token, lexicon};
use super::number::hash;
use super::senses::senses;
use super::vocabulary::{Number, vocabulary};

/// Rows for words, by hash.
const WORD_ROWS: u32 = 1 << 13;

/// Rows for runs of letters, by hash.
const LETTER_ROWS: u32 = 1 << 14;

/// Rows below this are words.
pub const WORDS_TO: u32 = WORD_ROWS;

/// Rows from [`WORDS_TO`] to below this are letters.
pub const LETTERS_TO: u32 = WORD_ROWS + LETTER_ROWS;

/// Rows for the meanings of `lexicon.txt`.
const MEANING_ROWS: u32 = 128;

/// Rows for the senses of `senses.txt`.
const SENSE_ROWS: u32 = 200;

/// Rows of the vector table.
pub const ROWS: usize = (WORD_ROWS + LETTER_ROWS + MEANING_ROWS + SENSE_ROWS) as usize;

/// Numbers for what the grammar found: 32 clues, request, guard, no clue, six kinds of agent's
/// line, seven lengths.
pub const CLUES: usize = 48;

/// Words of the agent's line that count, from its end.
const CONTEXT_WORDS_MAX: usize = 16;

/// One row's share of a vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// The row, below [`ROWS`].
    pub row: u32,
    /// What it is multiplied with.
    pub share: f32,
}

/// What the network is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The pieces of each word.
    pub words: Vec<Vec<Piece>>,
    /// The pieces of the agent's line, together.
    pub context: Vec<Piece>,
    /// What the grammar found, 0 or 1 each.
    pub clues: [f32; CLUES],
}

impl Default for Input {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            context: Vec::new(),
            clues: [0.0; CLUES],
        }
    }
}

/// One word as the network hears it.
#[derive(Debug, Clone, Copy)]
pub struct Spoken<'a> {
    /// The word.
    pub text: &'a str,
    /// Its number, if it comes often.
    pub number: Option<Number>,
    /// The meaning of the phrase that it is part of.
    pub phrase: Option<Meaning>,
}

/// What the network is given, its words not yet taken to pieces.
#[derive(Debug, Clone)]
pub struct Heard<'a> {
    /// The words.
    pub words: Vec<Spoken<'a>>,
    /// The words of the agent's line that count.
    pub context: Vec<Spoken<'a>>,
    /// What each of those is multiplied with.
    pub context_share: f32,
    /// What the grammar found, 0 or 1 each.
    pub clues: [f32; CLUES],
}

/// What is heard of one utterance.
pub fn heard<'a>(tokens: &'a [Token], asked: &'a Asked, found: Finding, clues: Clues) -> Heard<'a> {
    let words: Vec<Spoken<'a>> = tokens.iter().flat_map(spoken).collect();
    let line = asked.tokens.iter().rev().take(CONTEXT_WORDS_MAX);
    let context_words = super::net::count(asked.tokens.len().clamp(1, CONTEXT_WORDS_MAX));
    Heard {
        clues: flags(words.len(), asked, found, clues),
        words,
        context: line.flat_map(spoken).collect(),
        context_share: 1.0 / context_words.sqrt(),
    }
}

/// The words of a token; a phrase has several.
pub fn spoken(token: &Token) -> impl Iterator<Item = Spoken<'_>> {
    let phrase = token.text.contains('_');
    token.text.split('_').map(move |text| Spoken {
        text,
        number: if phrase {
            vocabulary().number_of(text)
        } else {
            token.number
        },
        phrase: token.meaning.filter(|_| phrase),
    })
}

/// The same with every word in pieces, for the trainer.
pub fn input(heard: &Heard<'_>) -> Input {
    let pieces = |word: &Spoken<'_>| {
        let mut pieces = word_pieces(word.text);
        pieces.extend(word.phrase.map(meaning_piece));
        pieces
    };
    let mut context: Vec<Piece> = heard.context.iter().flat_map(pieces).collect();
    for piece in &mut context {
        piece.share *= heard.context_share;
    }
    Input {
        words: heard.words.iter().map(pieces).collect(),
        context,
        clues: heard.clues,
    }
}

fn flags(words: usize, asked: &Asked, found: Finding, clues: Clues) -> [f32; CLUES] {
    let mut flags = [0.0; CLUES];
    let mut set = |at: usize| {
        if let Some(flag) = flags.get_mut(at) {
            *flag = 1.0;
        }
    };
    clues.numbers().for_each(|n| set(usize::from(n)));
    match found {
        Finding::Request { .. } => set(32),
        Finding::Guarded { .. } => set(33),
        Finding::Nothing => {}
    }
    if clues.none() {
        set(34);
    }
    set(35 + asked.kind as usize);
    set(match words {
        0..=3 => 41 + words,
        4..=6 => 45,
        7..=12 => 46,
        _ => 47,
    });
    flags
}

/// The piece of a meaning.
pub fn meaning_piece(meaning: Meaning) -> Piece {
    Piece {
        row: WORD_ROWS + LETTER_ROWS + u32::from(meaning) % MEANING_ROWS,
        share: 1.0,
    }
}

/// The pieces of a word.
pub fn word_pieces(word: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(24);
    let one = |row: u32| Piece { row, share: 1.0 };
    pieces.push(one(hash(word.as_bytes()) % WORD_ROWS));
    let meanings = WORD_ROWS + LETTER_ROWS;
    pieces.extend(lexicon().meaning_of(word).map(meaning_piece));
    let senses = senses().of(word).map(u32::from);
    pieces.extend(senses.map(|s| one(meanings + MEANING_ROWS + s % SENSE_ROWS)));
    let from = pieces.len();
    let mut marked = Vec::with_capacity(word.len() + 2);
    marked.push(b'<');
    marked.extend(word.bytes());
    marked.push(b'>');
    for size in [3, 4, 5] {
        let runs = marked.windows(size).map(hash);
        pieces.extend(runs.map(|h| one(WORD_ROWS + h % LETTER_ROWS)));
    }
    let share = 1.0 / super::net::count((pieces.len() - from).max(1)).sqrt();
    for piece in pieces.iter_mut().skip(from) {
        piece.share = share;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::{context, grammar, normalise};
    use super::*;

    #[test]
    fn every_piece_is_a_row_and_phrases_are_words() {
        let tokens = lexicon().tokens(&normalise::words("from now on lose my number"));
        let asked = context::asked(Some("May we call you again?"));
        let input = input(&heard(
            &tokens,
            &asked,
            grammar::find(&tokens),
            grammar::clues(&tokens),
        ));
        assert_eq!(input.words.len(), 6);
        for piece in input.words.iter().flatten().chain(&input.context) {
            assert!((piece.row as usize) < ROWS && piece.share > 0.0);
        }
        assert!(!input.context.is_empty());
        assert!(input.clues.iter().any(|c| *c > 0.0));
    }
}
