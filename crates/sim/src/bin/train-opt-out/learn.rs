//! Learns the network of core: the same bits from the same corpus everywhere, because there is one
//! thread, a fixed order, and only arithmetic that is exact by IEEE 754.

use ringfence_core::converse::opt_out::Verdict;
use ringfence_core::converse::opt_out::training::{
    CLUES, Dense, HIDDEN, Input, LETTERS_TO, Net, POOLED, Piece, READINGS, ROWS, Trace, Vector,
    WIDTH, WORDS_TO, exp, input_of, vector_of,
};

use crate::back::{self, Slopes};
use crate::corpus::Line;
use crate::dice::Dice;
use crate::fine::{Fine, Kind, Kinds};
use crate::patterns::Patterns;

/// Times the corpus is read for the networks of a build.
pub const EPOCHS: u32 = 10;

/// Sentences drawn of every pattern for each reading of the corpus.
const DRAWN: usize = 24;

/// How much a drawn sentence counts beside one of the corpus.
const DRAWN_COUNTS: f32 = 0.5;

/// Utterances between two steps of the dense part.
const BATCH: usize = 32;

/// First step of the dense part's numbers (Adam); falls evenly to nothing.
const STEP: f32 = 0.003;

/// First step of the words' vectors (AdaGrad); falls evenly to nothing.
const VECTOR_STEP: f32 = 0.04;

/// Certainty that is never asked for, spread over the readings.
const SMOOTHING: f32 = 0.02;

/// Of 1000 words, how many are hidden: themselves, their senses, or altogether.
const HIDE_WORD: usize = 120;
const HIDE_SENSES: usize = 60;
const HIDE_ALL: usize = 30;

/// Of 1000 agent's lines, how many are hidden.
const HIDE_CONTEXT: usize = 150;

/// Of 1000 numbers, how many are hidden in a word's vector and in what is known of the whole.
const HIDE_VECTOR: usize = 100;
const HIDE_POOLED: usize = 200;

/// What of a word a network learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hears {
    /// The word itself, its letters, its senses.
    All,
    /// Not the word itself: its row of the table then stays empty.
    LettersAndSenses,
}

/// Networks that are averaged, each from a seed of its own: they hear differently, so that they are
/// wrong about different things.
pub const NETS: [(u64, Hears); 2] = [(1, Hears::All), (2, Hears::LettersAndSenses)];

struct Example {
    input: Input,
    label: Verdict,
    kind: Option<Kind>,
    counts: f32,
}

/// The network of a seed, learned from these lines and patterns, which are read `epochs` times.
pub fn net(lines: &[Line], patterns: &Patterns, epochs: u32, (seed, hears): (u64, Hears)) -> Net {
    let mut dice = Dice::new(seed);
    let kinds = Kinds::of(lines);
    let example = |line: &Line, counts| Example {
        input: input(line, hears),
        label: line.label,
        kind: kinds.number_of(line),
        counts,
    };
    let corpus: Vec<Example> = lines.iter().map(|l| example(l, 1.0)).collect();
    let mut learner = Learner::new(&mut dice);
    for epoch in 0..epochs {
        let drawn = patterns.draw(DRAWN, &mut dice);
        let drawn: Vec<Example> = drawn.iter().map(|l| example(l, DRAWN_COUNTS)).collect();
        let mut order: Vec<&Example> = corpus.iter().chain(&drawn).collect();
        dice.shuffle(&mut order);
        let steps = order.len().max(1);
        for (at, batch) in order.chunks(BATCH).enumerate() {
            let done = part(at * BATCH, steps);
            learner.fall = (1.0 - (part32(epoch) + done) / part32(epochs)).max(0.01);
            for one in batch {
                learner.see(one, &mut dice);
            }
            learner.step(batch.len());
        }
    }
    Net::new(learner.vectors, learner.dense)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share of an epoch; some millions at most"
)]
fn part(of: usize, whole: usize) -> f32 {
    of as f32 / whole as f32
}

fn part32(count: u32) -> f32 {
    u16::try_from(count).map_or(0.0, f32::from)
}

/// What a network hears of a line.
fn input(line: &Line, hears: Hears) -> Input {
    let mut input = input_of(&line.text, line.context.as_deref());
    if hears == Hears::LettersAndSenses {
        let context = std::iter::once(&mut input.context);
        for pieces in input.words.iter_mut().chain(context) {
            pieces.retain(|piece| piece.row >= WORDS_TO);
        }
    }
    input
}

struct Learner {
    vectors: Vec<Vector>,
    squares: Vec<Vector>,
    dense: Dense,
    slopes: Slopes,
    first: Dense,
    second: Dense,
    decay: [f32; 2],
    fall: f32,
    fine: Fine,
}

impl Learner {
    fn new(dice: &mut Dice) -> Self {
        let letters_to = usize::try_from(LETTERS_TO).unwrap_or(0);
        let mut vectors = vec![[0.0; WIDTH]; ROWS];
        // Words and letters never learned then say nothing.
        for value in vectors.iter_mut().skip(letters_to).flatten() {
            *value = dice.within(0.17);
        }
        Self {
            vectors,
            squares: vec![[1e-3; WIDTH]; ROWS],
            dense: back::first(dice),
            slopes: Slopes::default(),
            first: Dense::zero(),
            second: Dense::zero(),
            decay: [1.0, 1.0],
            fall: 1.0,
            fine: Fine::new(),
        }
    }

    /// Reads one utterance and adds what should change to the slopes; words' vectors change at once.
    fn see(&mut self, example: &Example, dice: &mut Dice) {
        let words = hidden_words(&example.input.words, dice);
        let mut vectors: Vec<Vector> = words.iter().map(|w| vector_of(&self.vectors, w)).collect();
        let shown_vectors: Vec<Vector> = vectors
            .iter_mut()
            .map(|v| hide(v, HIDE_VECTOR, dice))
            .collect();
        let line = if dice.falls(HIDE_CONTEXT) {
            &[][..]
        } else {
            &example.input.context
        };
        let context = vector_of(&self.vectors, line);
        let mut trace = self.dense.read(&vectors, &context, &example.input.clues);
        let shown: [f32; POOLED] = hide(&mut trace.pooled, HIDE_POOLED, dice);
        let trace = self.dense.weigh(trace.steps, trace.pooled);
        let wrong = wrong(&trace, example);
        let hidden = example.kind.map_or([0.0; HIDDEN], |kind| {
            self.fine.see(&trace.hidden, kind, example.counts)
        });
        let down = back::go(
            &self.dense,
            &mut self.slopes,
            &vectors,
            &trace,
            &wrong,
            &shown,
            hidden,
        );
        for ((pieces, slope), shown) in words.iter().zip(&down.words).zip(&shown_vectors) {
            let mut slope = *slope;
            for (s, shown) in slope.iter_mut().zip(shown) {
                *s *= shown;
            }
            self.turn(pieces, &slope);
        }
        self.turn(line, &down.context);
    }

    /// A step of the vectors that one word is made of.
    fn turn(&mut self, pieces: &[Piece], slope: &Vector) {
        for piece in pieces {
            let row = usize::try_from(piece.row).unwrap_or(usize::MAX);
            let (Some(vector), Some(squares)) =
                (self.vectors.get_mut(row), self.squares.get_mut(row))
            else {
                continue;
            };
            for ((value, square), slope) in vector.iter_mut().zip(squares).zip(slope) {
                let slope = slope * piece.share;
                *square += slope * slope;
                *value -= VECTOR_STEP * self.fall * slope / square.sqrt();
            }
        }
    }

    /// A step of the dense part over what the batch said.
    fn step(&mut self, batch: usize) {
        let [first_decay, second_decay] = &mut self.decay;
        *first_decay *= 0.9;
        *second_decay *= 0.99;
        let step = STEP * self.fall * (1.0 - *second_decay).sqrt() / (1.0 - *first_decay);
        let share = 1.0 / part(batch, 1);
        let moments = self
            .first
            .blocks_mut()
            .into_iter()
            .zip(self.second.blocks_mut());
        let numbers = self
            .dense
            .blocks_mut()
            .into_iter()
            .zip(self.slopes.dense.blocks_mut());
        for ((numbers, slopes), (first, second)) in numbers.zip(moments) {
            turn([numbers, slopes, first, second], step, share);
        }
        turn(self.fine.parts(), step, share);
    }
}

/// A step (Adam) of numbers by their slopes, which become zero, and two moments.
fn turn([numbers, slopes, first, second]: [&mut [f32]; 4], step: f32, share: f32) {
    let moments = first.iter_mut().zip(second);
    for ((number, slope), (first, second)) in numbers.iter_mut().zip(slopes).zip(moments) {
        let s = *slope * share;
        *slope = 0.0;
        *first += 0.1 * (s - *first);
        *second += 0.01 * (s * s - *second);
        *number -= step * *first / (second.sqrt() + 1e-8);
    }
}

/// The words with some hidden, so that no wording is relied on alone.
fn hidden_words(words: &[Vec<Piece>], dice: &mut Dice) -> Vec<Vec<Piece>> {
    words
        .iter()
        .map(|pieces| {
            let all = dice.falls(HIDE_ALL);
            let word = all || dice.falls(HIDE_WORD);
            let senses = all || dice.falls(HIDE_SENSES);
            let stays = |p: &&Piece| {
                if p.row < WORDS_TO {
                    !word
                } else if p.row < LETTERS_TO {
                    !all
                } else {
                    !senses
                }
            };
            pieces.iter().filter(stays).copied().collect()
        })
        .collect()
}

/// Sets some numbers to zero and raises the others; answers what each was multiplied with.
fn hide<const N: usize>(values: &mut [f32; N], of_thousand: usize, dice: &mut Dice) -> [f32; N] {
    let raise = 1000.0 / part(1000 - of_thousand, 1);
    let mut shown = [raise; N];
    for (value, shown) in values.iter_mut().zip(&mut shown) {
        if dice.falls(of_thousand) {
            *shown = 0.0;
        }
        *value *= *shown;
    }
    shown
}

/// How far each reading's chance is from what it should be.
fn wrong(trace: &Trace, example: &Example) -> [f32; READINGS] {
    let chances = chances(trace.logits);
    let right = match example.label {
        Verdict::OptOut => [1.0, 0.0, 0.0],
        Verdict::Ambiguous => [0.0, 1.0, 0.0],
        Verdict::NotOptOut => [0.0, 0.0, 1.0],
    };
    let mut wrong = chances;
    for (wrong, right) in wrong.iter_mut().zip(right) {
        let wanted = right * (1.0 - 3.0 * SMOOTHING) + SMOOTHING;
        *wrong = (*wrong - wanted) * example.counts;
    }
    wrong
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a chance, from 0 to 1, need not be exact"
)]
fn chances(logits: [f32; READINGS]) -> [f32; READINGS] {
    let top = logits.iter().fold(f32::MIN, |top, l| top.max(*l));
    let raised = logits.map(|l| exp(f64::from(l - top)) as f32);
    let sum = raised.iter().sum::<f32>();
    raised.map(|r| r / sum)
}

/// The number of clues is part of the network's shape.
const _: () = assert!(CLUES < POOLED);
