//! The network as it judges: the numbers of `net.rs`, laid out for speed.
//!
//! What a word feeds to the gates depends on nothing but the word, so for words that come often it
//! is worked out once. What the state feeds to them is a product of whole numbers (sixteen bits,
//! summed in thirty-two), exact in whatever order the machine sums. All else is addition,
//! multiplication and division in a fixed order: a judgement is the same bits on every machine.

use std::sync::OnceLock;

use super::net::{
    Dense, GATES, Gru, HIDDEN, Net, POOLED, READINGS, STATE, Vector, WIDTH, count, sigmoid, tanh,
    vector_of, weigh,
};
use super::net_input::{Heard, Spoken, meaning_piece, word_pieces};
use super::vocabulary::vocabulary;

/// The state is held in whole parts of this.
const STATE_PARTS: f32 = 8192.0;

/// Weights are held in whole parts of at most this.
const WEIGHT_PARTS_MAX: f32 = 8192.0;

/// No sum of products may be beyond 32 bits.
const SUM_MAX: f32 = 2_000_000_000.0;

/// The gates of both directions side by side.
const BOTH: usize = 2 * GATES;

/// Added to a small number this leaves it, as a whole one, in the lowest bits of the sum: a way to
/// round that every machine can do to many numbers at once.
const ROUNDS: f32 = 12_582_912.0;

/// What one word says: its vector, and what that feeds to the gates.
#[derive(Debug, Clone)]
struct Said {
    vector: Vector,
    fed: [f32; BOTH],
}

/// Sixteen-bit numbers, aligned so that a machine takes many at once.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Row([i16; STATE]);

/// What the state of one direction feeds to its gates.
#[derive(Debug, Clone)]
struct Recall {
    /// One row for each gate.
    rows: Vec<Row>,
    /// What one part of a product is worth.
    unit: f32,
}

/// A network, ready to judge.
#[derive(Debug)]
pub struct Swift {
    net: Net,
    /// From a word's vector to the gates of both directions.
    input: Vec<[f32; BOTH]>,
    bias: [f32; BOTH],
    recall: [Recall; 2],
    /// What the words of the vocabulary say, once they were said; in boxes, since most never are.
    known: Vec<OnceLock<Box<Said>>>,
    /// The same of the meanings of phrases.
    phrases: Vec<OnceLock<Box<Said>>>,
}

impl Swift {
    /// The network of a file; see [`Net::from_bytes`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let net = Net::from_bytes(bytes);
        let Dense { directions, .. } = net.dense();
        let [forwards, backwards] = directions;
        let rows = forwards.input.iter().zip(&backwards.input);
        let bias = |gru: &Gru| gru.bias.first().copied().unwrap_or([0.0; GATES]);
        Self {
            input: rows.map(|(one, other)| both(one, other)).collect(),
            bias: both(&bias(forwards), &bias(backwards)),
            recall: [Recall::of(forwards), Recall::of(backwards)],
            known: (0..vocabulary().len()).map(|_| OnceLock::new()).collect(),
            phrases: (0..=usize::from(u8::MAX))
                .map(|_| OnceLock::new())
                .collect(),
            net,
        }
    }

    /// The logits of the readings of one utterance.
    #[must_use]
    pub fn logits(&self, heard: &Heard<'_>) -> [f32; READINGS] {
        let words: Vec<[f32; BOTH]> = heard.words.iter().map(|w| self.fed(w)).collect();
        let mut pooled = [0.0_f32; POOLED];
        let (read, rest) = pooled.split_at_mut(4 * STATE);
        let (forwards, backwards) = read.split_at_mut(2 * STATE);
        let [first, second] = &self.recall;
        first.read(words.iter().filter_map(|w| w.first_chunk()), forwards);
        second.read(words.iter().rev().filter_map(|w| w.last_chunk()), backwards);
        let context = self.context(heard);
        for (place, value) in rest.iter_mut().zip(context.iter().chain(&heard.clues)) {
            *place = *value;
        }
        self.weigh(&pooled)
    }

    /// The last two layers over what is known.
    fn weigh(&self, pooled: &[f32; POOLED]) -> [f32; READINGS] {
        let dense = self.net.dense();
        let mut hidden = dense.hidden.last().copied().unwrap_or([0.0; HIDDEN]);
        let (read, rest) = pooled.split_at(4 * STATE);
        weigh(&dense.hidden, read, &mut hidden);
        // Most clues are not there, and often no agent's line is known.
        for (row, value) in dense.hidden.iter().skip(read.len()).zip(rest) {
            if *value != 0.0 {
                weigh(std::slice::from_ref(row), &[*value], &mut hidden);
            }
        }
        let hidden = hidden.map(|h| h.max(0.0));
        let mut logits = dense.top.last().copied().unwrap_or([0.0; READINGS]);
        weigh(&dense.top, &hidden, &mut logits);
        logits
    }

    fn context(&self, heard: &Heard<'_>) -> Vector {
        let mut sum = [0.0; WIDTH];
        let mut take = |vector: &Vector| {
            for (sum, value) in sum.iter_mut().zip(vector) {
                *sum += value * heard.context_share;
            }
        };
        for word in &heard.context {
            self.with_said(word, |said| take(&said.vector));
            if let Some(said) = self.phrase(word) {
                take(&said.vector);
            }
        }
        sum
    }

    /// What a word feeds to the gates, with their bias.
    fn fed(&self, word: &Spoken<'_>) -> [f32; BOTH] {
        let mut fed = self.bias;
        let mut take = |more: &[f32; BOTH]| {
            for (sum, value) in fed.iter_mut().zip(more) {
                *sum += value;
            }
        };
        self.with_said(word, |said| take(&said.fed));
        if let Some(said) = self.phrase(word) {
            take(&said.fed);
        }
        fed
    }

    fn with_said(&self, word: &Spoken<'_>, then: impl FnOnce(&Said)) {
        let say = || self.said(vector_of(self.net.vectors(), &word_pieces(word.text)));
        match word.number.and_then(|n| self.known.get(usize::from(n))) {
            Some(known) => then(known.get_or_init(|| Box::new(say()))),
            None => then(&say()),
        }
    }

    fn phrase(&self, word: &Spoken<'_>) -> Option<&Said> {
        let meaning = word.phrase?;
        let place = self.phrases.get(usize::from(meaning))?;
        let say = || self.said(vector_of(self.net.vectors(), &[meaning_piece(meaning)]));
        Some(place.get_or_init(|| Box::new(say())))
    }

    fn said(&self, vector: Vector) -> Said {
        let mut fed = [0.0; BOTH];
        weigh(&self.input, &vector, &mut fed);
        Said { vector, fed }
    }
}

fn both(one: &[f32; GATES], other: &[f32; GATES]) -> [f32; BOTH] {
    let mut both = [0.0; BOTH];
    for (place, value) in both.iter_mut().zip(one.iter().chain(other)) {
        *place = *value;
    }
    both
}

impl Recall {
    fn of(gru: &Gru) -> Self {
        let column = |gate: usize| {
            gru.state
                .iter()
                .filter_map(move |row| row.get(gate).copied())
        };
        let sums = (0..GATES).map(|gate| column(gate).map(f32::abs).sum::<f32>());
        let heaviest = sums.fold(0.0, f32::max);
        let greatest = gru
            .state
            .iter()
            .flatten()
            .fold(0.0_f32, |m, w| m.max(w.abs()));
        let mut parts = WEIGHT_PARTS_MAX;
        while heaviest * parts * STATE_PARTS > SUM_MAX || greatest * parts > f32::from(i16::MAX) {
            parts *= 0.5;
        }
        let row = |gate: usize| {
            let mut row = Row([0; STATE]);
            for (place, weight) in row.0.iter_mut().zip(column(gate)) {
                *place = whole(weight * parts);
            }
            row
        };
        Self {
            rows: (0..GATES).map(row).collect(),
            unit: 1.0 / (parts * STATE_PARTS),
        }
    }

    /// Reads words by what they feed; writes the greatest and the mean value of each number of the
    /// state into `pooled`.
    fn read<'a>(&self, words: impl Iterator<Item = &'a [f32; GATES]>, pooled: &mut [f32]) {
        let mut state = [0.0_f32; STATE];
        let mut parts = Row([0; STATE]);
        let mut kept = [0_i32; GATES];
        let mut greatest = [-1.0_f32; STATE];
        let mut sum = [0.0_f32; STATE];
        let mut words_read = 0;
        for fed in words {
            if words_read > 0 {
                for (kept, row) in kept.iter_mut().zip(&self.rows) {
                    *kept = product(row, &parts);
                }
            }
            step(fed, &kept, self.unit, &mut state);
            for (part, value) in parts.0.iter_mut().zip(&state) {
                *part = whole(value * STATE_PARTS);
            }
            for ((greatest, sum), value) in greatest.iter_mut().zip(&mut sum).zip(&state) {
                *greatest = if *value > *greatest {
                    *value
                } else {
                    *greatest
                };
                *sum += value;
            }
            words_read += 1;
        }
        if words_read == 0 {
            return;
        }
        let share = 1.0 / count(words_read);
        let sum = sum.map(|s| s * share);
        for (place, value) in pooled.iter_mut().zip(greatest.iter().chain(&sum)) {
            *place = *value;
        }
    }
}

/// One word: the new state from what the word and the old state feed to the gates.
#[inline(always)]
fn step(fed: &[f32; GATES], kept: &[i32; GATES], unit: f32, state: &mut [f32; STATE]) {
    let mut open = [0.0_f32; 2 * STATE];
    for ((open, fed), kept) in open.iter_mut().zip(fed).zip(kept) {
        *open = sigmoid(fed + real(*kept) * unit);
    }
    let (reset, keep) = open.split_at(STATE);
    let (Some(fed), Some(recalled)) = (fed.last_chunk::<STATE>(), kept.last_chunk::<STATE>())
    else {
        return;
    };
    let mut candidate = [0.0_f32; STATE];
    for (((new, fed), recalled), reset) in candidate.iter_mut().zip(fed).zip(recalled).zip(reset) {
        *new = tanh(fed + reset * (real(*recalled) * unit));
    }
    for ((state, new), keep) in state.iter_mut().zip(&candidate).zip(keep) {
        *state = new + keep * (*state - new);
    }
}

/// Sums that are carried side by side, so that compilers see that the machine can multiply so many
/// numbers at once.
const ABREAST: usize = 8;

/// Never inlined: in a loop over rows compilers would rather work on several rows at once, number
/// by number.
#[inline(never)]
fn product(one: &Row, other: &Row) -> i32 {
    let mut sums = [0_i32; ABREAST];
    for (one, other) in one
        .0
        .chunks_exact(ABREAST)
        .zip(other.0.chunks_exact(ABREAST))
    {
        for ((sum, a), b) in sums.iter_mut().zip(one).zip(other) {
            *sum = sum.wrapping_add(i32::from(*a).wrapping_mul(i32::from(*b)));
        }
    }
    sums.iter().fold(0, |sum, more| sum.wrapping_add(*more))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest number is what is wanted, the same one everywhere"
)]
#[inline(always)]
fn real(sum: i32) -> f32 {
    sum as f32
}

/// The nearest whole number; `value` is within the range of the target.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the whole number is what the lowest bits hold"
)]
#[inline(always)]
fn whole(value: f32) -> i16 {
    ((value + ROUNDS).to_bits() as u16).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::super::context::asked;
    use super::super::grammar::{clues, find};
    use super::super::lexicon::lexicon;
    use super::super::model::NET;
    use super::super::net::NET_BYTES;
    use super::super::net_input::{heard, input};
    use super::super::normalise::words;
    use super::*;

    /// What the numbers of `net.rs` make of an utterance.
    fn slowly(net: &Net, heard: &Heard<'_>) -> [f32; READINGS] {
        let input = input(heard);
        let vectors = |pieces: &Vec<_>| vector_of(net.vectors(), pieces);
        let words: Vec<Vector> = input.words.iter().map(vectors).collect();
        let context = vector_of(net.vectors(), &input.context);
        net.dense().read(&words, &context, &input.clues).logits
    }

    #[test]
    fn it_reads_as_the_network_that_was_learned() {
        let bytes = NET.get(..NET_BYTES).unwrap();
        let (swift, net) = (Swift::from_bytes(bytes), Net::from_bytes(bytes));
        for (said, line) in [
            ("please stop calling me from now on", None),
            (
                "qqzz frobnicate no me llamen",
                Some("May we call you again?"),
            ),
            ("yes", Some("I can mark you as do not call.")),
            ("", None),
        ] {
            let tokens = lexicon().tokens(&words(said));
            let asked = asked(line);
            let heard = heard(&tokens, &asked, find(&tokens), clues(&tokens));
            let first = swift.logits(&heard);
            for (quick, slow) in first.iter().zip(slowly(&net, &heard)) {
                assert!((quick - slow).abs() < 2e-2, "{said}: {quick} {slow}");
            }
            assert_eq!(first, swift.logits(&heard), "{said}");
        }
    }

    #[test]
    fn rounding_is_rounding() {
        for (value, want) in [
            (0.0, 0),
            (1.4, 1),
            (-1.6, -2),
            (8192.0, 8192),
            (-8192.2, -8192),
        ] {
            assert_eq!(whole(value), want, "{value}");
        }
    }
}
