//! What the network is given of an utterance: for each word the rows of the vector table that
//! belong to it, the same for the agent's line, and what the grammar found.

use super::context::Asked;
use super::grammar::{Clues, Finding};
use super::lexicon::{Token, lexicon};
use super::senses::senses;

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

/// The input of one utterance.
pub fn input(tokens: &[Token], asked: &Asked, found: Finding, clues: Clues) -> Input {
    let mut words = Vec::with_capacity(tokens.len() + 4);
    for token in tokens {
        words.extend(token.text.split('_').map(|word| pieces(word, token)));
    }
    let line = asked.tokens.iter().rev().take(CONTEXT_WORDS_MAX);
    let mut context: Vec<Piece> = line
        .flat_map(|token| token.text.split('_').flat_map(|word| pieces(word, token)))
        .collect();
    let share = 1.0 / super::net::count(asked.tokens.len().clamp(1, CONTEXT_WORDS_MAX)).sqrt();
    for piece in &mut context {
        piece.share *= share;
    }
    Input {
        clues: flags(words.len(), asked, found, clues),
        words,
        context,
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

fn pieces(word: &str, token: &Token) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(24);
    let one = |row: u32| Piece { row, share: 1.0 };
    pieces.push(one(hash(word.as_bytes()) % WORD_ROWS));
    let meanings = WORD_ROWS + LETTER_ROWS;
    if let Some(meaning) = token.meaning {
        pieces.push(one(meanings + u32::from(meaning) % MEANING_ROWS));
    }
    if token.text.len() > word.len()
        && let Some(meaning) = lexicon().meaning_of(word)
    {
        pieces.push(one(meanings + u32::from(meaning) % MEANING_ROWS));
    }
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

/// FNV-1a, finished so that low bits depend on every byte.
fn hash(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from(mixed >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::{context, grammar, normalise};
    use super::*;

    #[test]
    fn every_piece_is_a_row_and_phrases_are_words() {
        let tokens = lexicon().tokens(&normalise::words("from now on lose my number"));
        let asked = context::asked(Some("May we call you again?"));
        let input = input(
            &tokens,
            &asked,
            grammar::find(&tokens),
            grammar::clues(&tokens),
        );
        assert_eq!(input.words.len(), 6);
        for piece in input.words.iter().flatten().chain(&input.context) {
            assert!((piece.row as usize) < ROWS && piece.share > 0.0);
        }
        assert!(!input.context.is_empty());
        assert!(input.clues.iter().any(|c| *c > 0.0));
    }
}
