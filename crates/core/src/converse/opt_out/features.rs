//! What the model looks at: word sequences, letter sequences, meanings and their order, and the
//! agent's last line beside a short answer. Each becomes a bucket of the weight table.

use super::context::Asked;
use super::grammar::Clues;
use super::lexicon::{Meaning, Token, lexicon};

/// Buckets in the weight table; a power of two.
pub const BUCKETS: usize = 1 << 19;

/// One thing seen in an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// Its place in the weight table, below [`BUCKETS`].
    pub bucket: u32,
    /// How much it counts beside the others.
    pub value: i32,
    /// The first token it was seen in.
    pub from: u16,
    /// The last token it was seen in.
    pub to: u16,
}

/// Kinds of features and how much each counts.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Word = 1,
    Letters = 2,
    Meaning = 3,
    MeaningPair = 4,
    Mixed = 5,
    Answer = 6,
    Shape = 7,
    Grammar = 8,
    Asked = 9,
    Sound = 10,
    Run = 11,
    Clause = 12,
    Near = 13,
    Sense = 14,
    SenseRow = 15,
    SenseNear = 16,
    SenseWord = 17,
    SenseAsked = 18,
    Apart = 19,
}

impl Kind {
    fn value(self) -> u8 {
        match self {
            Self::Letters | Self::Run | Self::SenseNear => 2,
            Self::Sound | Self::Near | Self::Asked => 3,
            Self::Sense | Self::SenseRow | Self::SenseWord | Self::SenseAsked | Self::Apart => 3,
            Self::MeaningPair => 5,
            Self::Word | Self::Mixed | Self::Clause => 4,
            Self::Meaning | Self::Answer | Self::Shape => 6,
            Self::Grammar => 14,
        }
    }
}

/// FNV-1a, finished so that low bits depend on every byte.
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) fn of(kind: Kind) -> Self {
        Self(0xcbf2_9ce4_8422_2325).byte(kind as u8)
    }

    pub(super) fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |h, b| h.byte(*b))
    }

    pub(super) fn text(self, text: &str) -> Self {
        text.bytes().fold(self, Self::byte).byte(0xff)
    }

    fn bucket(self) -> u32 {
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u32::try_from(mixed >> (64 - BUCKETS.trailing_zeros())).unwrap_or(0)
    }
}

/// The features of one utterance, each bucket once, in bucket order.
pub fn features(tokens: &[Token], asked: &Asked, request: bool, clues: Clues) -> Vec<Feature> {
    let mut seen = Seen {
        packed: Vec::with_capacity(64 + tokens.len() * 128),
    };
    seen.words(tokens);
    seen.letters(tokens);
    seen.meanings(tokens);
    seen.mixed(tokens);
    seen.answer(tokens, asked);
    seen.shape(tokens);
    seen.asked_about(tokens, asked);
    seen.sounds(tokens);
    seen.clauses(tokens);
    seen.grammar(tokens, request, clues);
    seen.senses(tokens, asked);
    seen.finish()
}

/// Features packed into one number each, in the order of bucket, value and place: numbers are
/// sorted quickly.
#[derive(Default)]
pub(super) struct Seen {
    packed: Vec<u64>,
}

const TO_BITS: u32 = 16;
const VALUE_AT: u32 = 2 * TO_BITS;
const BUCKET_AT: u32 = VALUE_AT + 8;

fn unpack(packed: u64) -> Feature {
    let bits = |at: u32, count: u32| (packed >> at) & ((1 << count) - 1);
    Feature {
        bucket: u32::try_from(packed >> BUCKET_AT).unwrap_or(0),
        value: i32::try_from(bits(VALUE_AT, 8)).unwrap_or(0),
        from: u16::try_from(bits(TO_BITS, TO_BITS)).unwrap_or(0),
        to: u16::try_from(bits(0, TO_BITS)).unwrap_or(0),
    }
}

impl Seen {
    pub(super) fn add(&mut self, kind: Kind, hash: Hash, from: usize, to: usize) {
        let place = |at: usize| u64::from(u16::try_from(at).unwrap_or(u16::MAX));
        self.packed.push(
            u64::from(hash.bucket()) << BUCKET_AT
                | u64::from(kind.value()) << VALUE_AT
                | place(from) << TO_BITS
                | place(to),
        );
    }

    /// Each bucket once, in order.
    pub(super) fn finish(mut self) -> Vec<Feature> {
        self.packed.sort_unstable();
        self.packed.dedup_by_key(|packed| *packed >> BUCKET_AT);
        self.packed.into_iter().map(unpack).collect()
    }

    /// One to three words in a row; the edges of the utterance are words.
    fn words(&mut self, tokens: &[Token]) {
        let at = |i: usize| match i.checked_sub(1) {
            None => "^",
            Some(t) => tokens.get(t).map_or("$", |t| t.text.as_str()),
        };
        let last = tokens.len().saturating_sub(1);
        for first in 0..=tokens.len() {
            let mut hash = Hash::of(Kind::Word);
            for end in first..(first + 3).min(tokens.len() + 2) {
                hash = hash.text(at(end));
                if end > first || (1..=tokens.len()).contains(&first) {
                    let (from, to) = (first.saturating_sub(1), end.saturating_sub(1));
                    self.add(Kind::Word, hash, from.min(last), to.min(last));
                }
            }
        }
    }

    /// Four and five letters in a row within a word, its edges marked.
    fn letters(&mut self, tokens: &[Token]) {
        for (at, token) in tokens.iter().enumerate() {
            let marked = format!("<{}>", token.text);
            let bytes = marked.as_bytes();
            for size in [4, 5] {
                for part in bytes.windows(size) {
                    let hash = part.iter().fold(Hash::of(Kind::Letters), |h, b| h.byte(*b));
                    self.add(Kind::Letters, hash, at, at);
                }
            }
        }
    }

    /// Meanings: alone, two to four in a row (words without meaning skipped), and every ordered pair.
    fn meanings(&mut self, tokens: &[Token]) {
        let meant: Vec<(usize, Meaning)> = tokens
            .iter()
            .enumerate()
            .filter_map(|(at, t)| t.meaning.map(|m| (at, m)))
            .collect();
        for (first, (from, meaning)) in meant.iter().enumerate() {
            let mut hash = Hash::of(Kind::Meaning).byte(*meaning);
            self.add(Kind::Meaning, hash, *from, *from);
            for (to, next) in meant.iter().skip(first + 1).take(3) {
                hash = hash.byte(*next);
                self.add(Kind::Meaning, hash, *from, *to);
            }
            for (to, later) in meant.iter().skip(first + 1).take(14) {
                let hash = Hash::of(Kind::MeaningPair).byte(*meaning).byte(*later);
                self.add(Kind::MeaningPair, hash, *from, *to);
            }
        }
    }

    /// Two and three in a row, meanings in place of the words that have one.
    fn mixed(&mut self, tokens: &[Token]) {
        let add = |hash: Hash, token: Option<&Token>| match token {
            Some(Token {
                meaning: Some(m), ..
            }) => hash.byte(1).byte(*m),
            Some(token) => hash.byte(2).text(&token.text),
            None => hash.byte(3),
        };
        for from in 0..tokens.len() {
            let mut hash = add(Hash::of(Kind::Mixed), tokens.get(from));
            for to in (from + 1)..=(from + 2).min(tokens.len()) {
                hash = add(hash, tokens.get(to));
                self.add(Kind::Mixed, hash, from, to.min(tokens.len() - 1));
            }
        }
        let start = add(Hash::of(Kind::Mixed).byte(4), tokens.first());
        self.add(Kind::Mixed, start, 0, 0);
        let start = add(start, tokens.get(1));
        self.add(Kind::Mixed, start, 0, 1.min(tokens.len().saturating_sub(1)));
    }

    /// A short answer beside what was asked.
    fn answer(&mut self, tokens: &[Token], asked: &Asked) {
        if tokens.len() > 6 {
            return;
        }
        let last = tokens.len().saturating_sub(1);
        let first = tokens
            .first()
            .and_then(|t| t.meaning)
            .unwrap_or(Meaning::MAX);
        let hash = Hash::of(Kind::Answer).byte(asked.kind as u8);
        self.add(Kind::Answer, hash, 0, last);
        self.add(Kind::Answer, hash.byte(first), 0, last);
        let whole = tokens.iter().fold(hash.byte(254), |h, t| h.text(&t.text));
        self.add(Kind::Answer, whole, 0, last);
    }

    /// What the grammar found: the request, each clue, each pair of them.
    fn grammar(&mut self, tokens: &[Token], request: bool, clues: Clues) {
        let last = tokens.len().saturating_sub(1);
        let hash = Hash::of(Kind::Grammar).byte(u8::from(request));
        if request {
            self.add(Kind::Grammar, hash.byte(200), 0, last);
            self.add(
                Kind::Grammar,
                hash.byte(201).byte(u8::from(clues.none())),
                0,
                last,
            );
        }
        // Which of the meanings a request is made of are there at all, in one feature.
        let core = lexicon().core();
        let present = core
            .iter()
            .filter(|m| tokens.iter().any(|t| t.meaning == Some(**m)));
        let all = present
            .clone()
            .fold(Hash::of(Kind::Grammar).byte(206), |h, m| h.byte(*m));
        self.add(Kind::Grammar, all, 0, last);
        let count = u8::try_from(present.count()).unwrap_or(u8::MAX).min(4);
        self.add(
            Kind::Grammar,
            Hash::of(Kind::Grammar).byte(207).byte(count),
            0,
            last,
        );
        for clue in clues.numbers() {
            self.add(
                Kind::Grammar,
                Hash::of(Kind::Grammar).byte(202).byte(clue),
                0,
                last,
            );
            self.add(Kind::Grammar, hash.byte(203).byte(clue), 0, last);
            for meaning in tokens.iter().filter_map(|t| t.meaning) {
                let both = Hash::of(Kind::Grammar).byte(205).byte(clue).byte(meaning);
                self.add(Kind::MeaningPair, both, 0, last);
            }
            for later in clues.numbers().filter(|n| *n > clue) {
                let pair = Hash::of(Kind::Grammar).byte(204).byte(clue).byte(later);
                self.add(Kind::Grammar, pair, 0, last);
            }
        }
    }

    /// How long, and how it begins and ends.
    fn shape(&mut self, tokens: &[Token]) {
        let length = match tokens.len() {
            0..=3 => u8::try_from(tokens.len()).unwrap_or(0),
            4..=6 => 4,
            7..=12 => 5,
            _ => 6,
        };
        let last = tokens.len().saturating_sub(1);
        let any = tokens.iter().any(|t| t.meaning.is_some());
        let hash = Hash::of(Kind::Shape).byte(length);
        self.add(Kind::Shape, hash, 0, last);
        self.add(Kind::Shape, hash.byte(u8::from(any)), 0, last);
        let end = tokens
            .last()
            .and_then(|t| t.meaning)
            .unwrap_or(Meaning::MAX);
        self.add(
            Kind::Shape,
            Hash::of(Kind::Shape).byte(99).byte(end),
            last,
            last,
        );
        let whole = tokens.iter().fold(Hash::of(Kind::Shape).byte(98), |h, t| {
            h.byte(t.meaning.unwrap_or(Meaning::MAX))
        });
        if tokens.len() <= 6 {
            self.add(Kind::Shape, whole, 0, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{context, normalise};
    use super::*;

    #[test]
    fn each_bucket_once_in_order_and_in_range() {
        let tokens = lexicon().tokens(&normalise::words("please stop calling me at this number"));
        let seen = features(&tokens, &context::asked(None), true, Clues::default());
        assert!(seen.len() > 60);
        assert!(seen.windows(2).all(|w| w[0].bucket < w[1].bucket));
        assert!(seen.iter().all(|f| (f.bucket as usize) < BUCKETS));
        assert!(
            seen.iter()
                .all(|f| usize::from(f.to) < tokens.len() && f.from <= f.to)
        );
    }

    #[test]
    fn nothing_said_is_no_error() {
        assert!(features(&[], &context::asked(None), false, Clues::default()).len() < 16);
    }
}
