//! A small recurrent network over the words: what the linear model cannot see, the order of more
//! than three words and how one part of a sentence turns another.
//!
//! Every word is the sum of learned vectors for itself, its letters and its senses; two gated
//! recurrent layers read the words forwards and backwards; what they found anywhere (the greatest
//! value) and on average is weighed together with the agent's line and the grammar's clues.
//! All arithmetic is addition, multiplication and division in a fixed order, so that a judgement
//! is the same bits on every machine.

use super::net_input::{CLUES, Piece, ROWS};

/// Numbers in the vector of one word.
pub const WIDTH: usize = 48;

/// Numbers in the state of one direction.
pub const STATE: usize = 64;

/// The gates of one direction side by side: reset, keep, candidate.
pub const GATES: usize = 3 * STATE;

/// What is known of the whole utterance: both directions' greatest and mean values, the agent's
/// line, the clues.
pub const POOLED: usize = 4 * STATE + WIDTH + CLUES;

/// Numbers of the layer that weighs what is known.
pub const HIDDEN: usize = 64;

/// The readings: opt-out, ambiguous, not an opt-out.
pub const READINGS: usize = 3;

/// The vector of one word.
pub type Vector = [f32; WIDTH];

/// One direction's layer, rows by input.
#[derive(Debug, Clone)]
pub struct Gru {
    /// From a word's vector to the gates.
    pub input: Vec<[f32; GATES]>,
    /// From the state before to the gates.
    pub state: Vec<[f32; GATES]>,
    /// Of the gates.
    pub bias: Vec<[f32; GATES]>,
}

/// Everything but the vectors of words.
#[derive(Debug, Clone)]
pub struct Dense {
    /// Forwards, backwards.
    pub directions: [Gru; 2],
    /// From what is known to the hidden layer; the last row is its bias.
    pub hidden: Vec<[f32; HIDDEN]>,
    /// From the hidden layer to the readings; the last row is their bias.
    pub top: Vec<[f32; READINGS]>,
}

/// What one direction computed at one word.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The state before.
    pub before: [f32; STATE],
    /// How much of the state before the candidate sees.
    pub reset: [f32; STATE],
    /// How much of the state before stays.
    pub keep: [f32; STATE],
    /// The candidate for the new state.
    pub candidate: [f32; STATE],
    /// The candidate's share of the state before, not yet reset.
    pub recalled: [f32; STATE],
    /// The state after.
    pub after: [f32; STATE],
}

/// All that was computed for one utterance; the trainer goes back over it.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Each direction's steps, in the order it read the words.
    pub steps: [Vec<Step>; 2],
    /// What is known of the whole.
    pub pooled: [f32; POOLED],
    /// The hidden layer.
    pub hidden: [f32; HIDDEN],
    /// The logits of the readings.
    pub logits: [f32; READINGS],
}

impl Gru {
    /// All zero.
    #[must_use]
    pub fn zero() -> Self {
        Self {
            input: vec![[0.0; GATES]; WIDTH],
            state: vec![[0.0; GATES]; STATE],
            bias: vec![[0.0; GATES]; 1],
        }
    }

    fn read<'a>(&self, words: impl Iterator<Item = &'a Vector>) -> Vec<Step> {
        let mut state = [0.0; STATE];
        words
            .map(|word| {
                let step = self.step(word, &state);
                state = step.after;
                step
            })
            .collect()
    }

    fn step(&self, word: &Vector, before: &[f32; STATE]) -> Step {
        let mut fed = self.bias.first().copied().unwrap_or([0.0; GATES]);
        weigh(&self.input, word, &mut fed);
        let mut kept = [0.0; GATES];
        weigh(&self.state, before, &mut kept);
        let [fed_reset, fed_keep, fed_new] = parts(&fed);
        let [kept_reset, kept_keep, recalled] = parts(&kept);
        let reset = sum(&fed_reset, &kept_reset).map(sigmoid);
        let keep = sum(&fed_keep, &kept_keep).map(sigmoid);
        let mut candidate = fed_new;
        for ((new, r), old) in candidate.iter_mut().zip(&reset).zip(&recalled) {
            *new += r * old;
        }
        let candidate = candidate.map(tanh);
        let mut after = candidate;
        for ((new, k), old) in after.iter_mut().zip(&keep).zip(before) {
            *new += k * (old - *new);
        }
        Step {
            before: *before,
            reset,
            keep,
            candidate,
            recalled,
            after,
        }
    }
}

impl Dense {
    /// All zero.
    #[must_use]
    pub fn zero() -> Self {
        Self {
            directions: [Gru::zero(), Gru::zero()],
            hidden: vec![[0.0; HIDDEN]; POOLED + 1],
            top: vec![[0.0; READINGS]; HIDDEN + 1],
        }
    }

    /// Reads an utterance: its words' vectors, that of the agent's line, and the clues.
    #[must_use]
    pub fn read(&self, words: &[Vector], context: &Vector, clues: &[f32; CLUES]) -> Trace {
        let [forwards, backwards] = &self.directions;
        let steps = [
            forwards.read(words.iter()),
            backwards.read(words.iter().rev()),
        ];
        let pooled = pool(&steps, context, clues);
        self.weigh(steps, pooled)
    }

    /// The last two layers over what is known.
    #[must_use]
    pub fn weigh(&self, steps: [Vec<Step>; 2], pooled: [f32; POOLED]) -> Trace {
        let mut hidden = self.hidden.last().copied().unwrap_or([0.0; HIDDEN]);
        weigh(&self.hidden, &pooled, &mut hidden);
        let hidden = hidden.map(|h| h.max(0.0));
        let mut logits = self.top.last().copied().unwrap_or([0.0; READINGS]);
        weigh(&self.top, &hidden, &mut logits);
        Trace {
            steps,
            pooled,
            hidden,
            logits,
        }
    }

    /// Every number, in the order of the file, in blocks.
    #[must_use]
    pub fn blocks(&self) -> [&[f32]; 8] {
        let [forwards, backwards] = &self.directions;
        [
            forwards.input.as_flattened(),
            forwards.state.as_flattened(),
            forwards.bias.as_flattened(),
            backwards.input.as_flattened(),
            backwards.state.as_flattened(),
            backwards.bias.as_flattened(),
            self.hidden.as_flattened(),
            self.top.as_flattened(),
        ]
    }

    /// Every number, to be changed, in the order of the file, in blocks.
    pub fn blocks_mut(&mut self) -> [&mut [f32]; 8] {
        let [forwards, backwards] = &mut self.directions;
        [
            forwards.input.as_flattened_mut(),
            forwards.state.as_flattened_mut(),
            forwards.bias.as_flattened_mut(),
            backwards.input.as_flattened_mut(),
            backwards.state.as_flattened_mut(),
            backwards.bias.as_flattened_mut(),
            self.hidden.as_flattened_mut(),
            self.top.as_flattened_mut(),
        ]
    }

    /// Every number, in the order of the file.
    pub fn numbers(&self) -> impl Iterator<Item = &f32> {
        self.blocks().into_iter().flatten()
    }

    /// Every number, to be changed, in the order of the file.
    pub fn numbers_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.blocks_mut().into_iter().flatten()
    }
}

fn pool(steps: &[Vec<Step>; 2], context: &Vector, clues: &[f32; CLUES]) -> [f32; POOLED] {
    let mut pooled = [0.0_f32; POOLED];
    let (read, rest) = pooled.split_at_mut(4 * STATE);
    for (direction, place) in steps.iter().zip(read.chunks_exact_mut(2 * STATE)) {
        let (most, mean) = place.split_at_mut(STATE);
        if !direction.is_empty() {
            most.fill(-1.0);
        }
        let share = 1.0 / count(direction.len().max(1));
        for step in direction {
            for ((most, mean), state) in most.iter_mut().zip(mean.iter_mut()).zip(&step.after) {
                *most = most.max(*state);
                *mean += state * share;
            }
        }
    }
    for (place, value) in rest.iter_mut().zip(context.iter().chain(clues)) {
        *place = *value;
    }
    pooled
}

/// A small count as a number.
#[must_use]
pub fn count(of: usize) -> f32 {
    u16::try_from(of).map_or(f32::from(u16::MAX), f32::from)
}

/// Sums that are held in registers while all rows are added to them.
const HELD: usize = 32;

/// Adds `input` times `rows` to `out`; each sum in the order of the rows.
pub fn weigh<const N: usize>(rows: &[[f32; N]], input: &[f32], out: &mut [f32; N]) {
    for (block, sums) in out.chunks_mut(HELD).enumerate() {
        let from = block * HELD;
        let to = from + sums.len();
        let mut held = [0.0_f32; HELD];
        for (held, sum) in held.iter_mut().zip(sums.iter()) {
            *held = *sum;
        }
        for (row, value) in rows.iter().zip(input) {
            let weights = row.get(from..to).unwrap_or_default();
            match <&[f32; HELD]>::try_from(weights) {
                Ok(weights) => add(weights, *value, &mut held),
                Err(_) => add(weights, *value, &mut held),
            }
        }
        for (sum, held) in sums.iter_mut().zip(held) {
            *sum = held;
        }
    }
}

#[inline(always)]
fn add(weights: &[f32], value: f32, held: &mut [f32; HELD]) {
    for (sum, weight) in held.iter_mut().zip(weights) {
        *sum += weight * value;
    }
}

fn parts(gates: &[f32; GATES]) -> [[f32; STATE]; 3] {
    let mut parts = [[0.0; STATE]; 3];
    for (part, from) in parts.iter_mut().zip(gates.chunks_exact(STATE)) {
        part.copy_from_slice(from);
    }
    parts
}

fn sum(one: &[f32; STATE], other: &[f32; STATE]) -> [f32; STATE] {
    let mut sum = *one;
    for (sum, more) in sum.iter_mut().zip(other) {
        *sum += more;
    }
    sum
}

/// The logistic function.
#[must_use]
pub fn sigmoid(x: f32) -> f32 {
    0.5 * tanh(0.5 * x) + 0.5
}

/// The hyperbolic tangent as a ratio of polynomials (the widely used fit by degree 13 and 6), off
/// by less than 1e-6.
#[must_use]
pub fn tanh(x: f32) -> f32 {
    let x = x.clamp(-7.905_311, 7.905_311);
    let square = x * x;
    let above = [
        -2.760_768_5e-16_f32,
        2.000_188e-13,
        -8.604_672e-11,
        5.122_297e-8,
        1.485_722_4e-5,
        6.372_619e-4,
        4.893_525e-3,
    ];
    let below = [
        1.198_258_4e-6_f32,
        1.185_347_1e-4,
        2.268_434_6e-3,
        4.893_525_4e-3,
    ];
    let polynomial = |terms: &[f32]| terms.iter().fold(0.0, |sum, term| sum * square + term);
    x * polynomial(&above) / polynomial(&below)
}

/// The network of a weight file.
#[derive(Debug, Clone)]
pub struct Net {
    vectors: Vec<Vector>,
    dense: Dense,
}

impl Net {
    /// A network of these parts.
    #[must_use]
    pub fn new(vectors: Vec<Vector>, dense: Dense) -> Self {
        Self { vectors, dense }
    }

    /// The vectors that words are made of.
    #[must_use]
    pub fn vectors(&self) -> &[Vector] {
        &self.vectors
    }

    /// Everything else.
    #[must_use]
    pub fn dense(&self) -> &Dense {
        &self.dense
    }

    /// The network as a file: each vector's scale and eight-bit numbers, then the rest in full.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(NET_BYTES);
        for vector in &self.vectors {
            let most = vector.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            let scale = most / 127.0;
            bytes.extend(scale.to_le_bytes());
            let small = |v: &f32| if scale > 0.0 { v / scale } else { 0.0 };
            bytes.extend(vector.iter().map(|v| eight_bits(small(v))));
        }
        for number in self.dense.numbers() {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    }

    /// The network of a file. Missing bytes count as zero.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (vectors, rest) = bytes
            .split_at_checked(ROWS * (4 + WIDTH))
            .unwrap_or((bytes, &[]));
        let mut rows = vec![[0.0; WIDTH]; ROWS];
        for (row, stored) in rows.iter_mut().zip(vectors.chunks_exact(4 + WIDTH)) {
            let (scale, small) = stored.split_at(4);
            let scale = number(scale);
            for (value, byte) in row.iter_mut().zip(small) {
                *value = f32::from(byte.cast_signed()) * scale;
            }
        }
        let mut dense = Dense::zero();
        for (value, stored) in dense.numbers_mut().zip(rest.chunks_exact(4)) {
            *value = number(stored);
        }
        Self {
            vectors: rows,
            dense,
        }
    }
}

/// Bytes of a network's file.
pub const NET_BYTES: usize = ROWS * (4 + WIDTH)
    + 4 * (2 * GATES * (WIDTH + STATE + 1) + HIDDEN * (POOLED + 1) + READINGS * (HIDDEN + 1));

/// The sum of the vectors of `pieces`, each with its share.
#[must_use]
pub fn vector_of(vectors: &[Vector], pieces: &[Piece]) -> Vector {
    let mut sum = [0.0; WIDTH];
    for piece in pieces {
        let row = usize::try_from(piece.row).ok().and_then(|r| vectors.get(r));
        for (sum, value) in sum.iter_mut().zip(row.into_iter().flatten()) {
            *sum += value * piece.share;
        }
    }
    sum
}

fn number(bytes: &[u8]) -> f32 {
    bytes.try_into().map_or(0.0, f32::from_le_bytes)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is rounded and clamped to the range of the target first"
)]
fn eight_bits(value: f32) -> u8 {
    (value.round().clamp(-127.0, 127.0) as i8).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curves_agree_with_the_library() {
        for hundredth in -1200_i16..1200 {
            let x = f32::from(hundredth) / 100.0;
            assert!((tanh(x) - x.tanh()).abs() < 2e-6, "{x}");
            assert!((sigmoid(x) - 1.0 / (1.0 + (-x).exp())).abs() < 2e-6, "{x}");
        }
    }

    #[test]
    fn a_file_keeps_the_network_and_a_short_one_is_no_error() {
        let mut dense = Dense::zero();
        for (at, number) in dense.numbers_mut().enumerate() {
            *number = count(at % 97) / 970.0 - 0.05;
        }
        let net = Net::new(vec![[0.5; WIDTH]; ROWS], dense);
        let bytes = net.to_bytes();
        assert_eq!(bytes.len(), NET_BYTES);
        let again = Net::from_bytes(&bytes);
        assert_eq!(again.to_bytes(), bytes);
        let numbers = Net::from_bytes(&[1, 2, 3]);
        assert!(numbers.dense.numbers().all(|number| *number == 0.0));
    }
}
