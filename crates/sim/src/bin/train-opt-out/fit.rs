//! Logistic regression over the features of core, the same bits from the same corpus everywhere:
//! one thread, a fixed order, arithmetic exact by IEEE 754 only.

use ringfence_core::converse::opt_out::Verdict;
use ringfence_core::converse::opt_out::training::{
    BIAS_UNIT, BUCKETS, CLASSES, WEIGHT_UNIT, WEIGHTS_BYTES, features_of, number_sqrt, softmax,
};

use crate::corpus::Line;
use crate::dice::Dice;

/// Times the corpus is read.
const EPOCHS: u32 = 20;

/// First step of a weight; later ones shrink with the squares of its gradients (AdaGrad).
const STEP: f64 = 0.5;

/// Pull of every weight towards zero at each of its steps.
const DECAY: f64 = 0.000_02;

/// How much an opt-out counts beside any other line: a miss is far worse than a false alarm.
const OPT_OUT_COUNTS: f64 = 1.5;

/// Of 100 features of an utterance this many are hidden at each reading, so that no wording is
/// relied on alone.
const HIDDEN_OF_100: usize = 30;

struct Example {
    features: Vec<(usize, f64)>,
    label: Verdict,
    counts: f64,
}

/// How much a sentence drawn from a pattern counts beside one of the corpus.
const DRAWN_COUNTS: f64 = 0.3;

/// The weight file learned from these lines and from `drawn` ones, which count less.
pub fn weights(lines: &[Line], drawn: &[Line]) -> Vec<u8> {
    let corpus = lines.iter().map(|l| example(l, 1.0));
    let drawn = drawn.iter().map(|l| example(l, DRAWN_COUNTS));
    let examples: Vec<Example> = corpus.chain(drawn).collect();
    let mut learner = Learner {
        weights: vec![[0.0; CLASSES]; BUCKETS],
        squares: vec![[1e-3; CLASSES]; BUCKETS],
        bias: [0.0; CLASSES],
    };
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut dice = Dice::new(0x5eed);
    for _ in 0..EPOCHS {
        dice.shuffle(&mut order);
        for example in order.iter().filter_map(|at| examples.get(*at)) {
            learner.step(&shown(example, &mut dice));
        }
    }
    learner.quantised()
}

/// The example with some features hidden, the others raised so that its length stays.
fn shown(example: &Example, dice: &mut Dice) -> Example {
    let raise = (100.0 / 70.0_f64).sqrt();
    let features = example
        .features
        .iter()
        .filter(|_| dice.below(100) >= HIDDEN_OF_100)
        .map(|(bucket, value)| (*bucket, value * raise))
        .collect();
    Example {
        features,
        label: example.label,
        counts: example.counts,
    }
}

fn example(line: &Line, counts: f64) -> Example {
    let seen = features_of(&line.text, line.context.as_deref());
    let norm = number_sqrt(seen.iter().map(|f| i64::from(f.value * f.value)).sum());
    Example {
        features: seen
            .iter()
            .map(|f| {
                (
                    usize::try_from(f.bucket).unwrap_or(0),
                    f64::from(f.value) / norm,
                )
            })
            .collect(),
        label: line.label,
        counts,
    }
}

struct Learner {
    weights: Vec<[f64; CLASSES]>,
    squares: Vec<[f64; CLASSES]>,
    bias: [f64; CLASSES],
}

impl Learner {
    fn step(&mut self, example: &Example) {
        let mut logits = self.bias;
        for (bucket, value) in &example.features {
            if let Some(weights) = self.weights.get(*bucket) {
                for (logit, weight) in logits.iter_mut().zip(weights) {
                    *logit += weight * value;
                }
            }
        }
        let [opt_out, ambiguous] = logits;
        let chances = softmax(opt_out, ambiguous);
        let (counts, want) = match example.label {
            Verdict::OptOut => (OPT_OUT_COUNTS, [1.0, 0.0]),
            Verdict::Ambiguous => (1.0, [0.0, 1.0]),
            Verdict::NotOptOut => (1.0, [0.0, 0.0]),
        };
        let [o, a] = want;
        let counts = counts * example.counts;
        let errors = [
            (chances.opt_out - o) * counts,
            (chances.ambiguous - a) * counts,
        ];
        for (bias, error) in self.bias.iter_mut().zip(errors) {
            *bias -= 0.02 * error;
        }
        for (bucket, value) in &example.features {
            let (Some(weights), Some(squares)) =
                (self.weights.get_mut(*bucket), self.squares.get_mut(*bucket))
            else {
                continue;
            };
            for ((weight, square), error) in weights.iter_mut().zip(squares).zip(errors) {
                let gradient = error * value + DECAY * *weight;
                *square += gradient * gradient;
                *weight -= STEP * gradient / square.sqrt();
            }
        }
    }

    fn quantised(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(WEIGHTS_BYTES);
        for bias in self.bias {
            bytes.extend(whole(bias / BIAS_UNIT, i32::MAX).to_le_bytes());
        }
        for class in 0..CLASSES {
            for weights in &self.weights {
                let weight = weights.get(class).copied().unwrap_or(0.0);
                let small = i8::try_from(whole(weight / WEIGHT_UNIT, 127)).unwrap_or(0);
                bytes.push(small.cast_unsigned());
            }
        }
        bytes
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is rounded and clamped to the range of the target first"
)]
fn whole(value: f64, most: i32) -> i32 {
    value.round().clamp(-f64::from(most), f64::from(most)) as i32
}
