//! Logistic regression over the features of core, the same bits from the same corpus everywhere:
//! one thread, a fixed order, arithmetic exact by IEEE 754 only.

use ringfence_core::converse::opt_out::Verdict;
use ringfence_core::converse::opt_out::training::{
    BIAS_UNIT, BUCKETS, CLASSES, WEIGHT_UNIT, WEIGHTS_BYTES, features_of, number_sqrt, softmax,
};

use crate::corpus::Line;

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
const HIDDEN_OF_100: u32 = 30;

struct Example {
    features: Vec<(usize, f64)>,
    label: Verdict,
}

/// The weight file learned from these lines.
pub fn weights(lines: &[Line]) -> Vec<u8> {
    let examples: Vec<Example> = lines.iter().map(example).collect();
    let mut learner = Learner {
        weights: vec![[0.0; CLASSES]; BUCKETS],
        squares: vec![[1e-3; CLASSES]; BUCKETS],
        bias: [0.0; CLASSES],
    };
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut seed = 0x5eed_u64;
    for _ in 0..EPOCHS {
        shuffle(&mut order, &mut seed);
        for example in order.iter().filter_map(|at| examples.get(*at)) {
            learner.step(&shown(example, &mut seed));
        }
    }
    learner.quantised()
}

/// The example with some features hidden, the others raised so that its length stays.
fn shown(example: &Example, seed: &mut u64) -> Example {
    let raise = (100.0 / f64::from(100 - HIDDEN_OF_100)).sqrt();
    let features = example
        .features
        .iter()
        .filter(|_| next(seed) % 100 >= u64::from(HIDDEN_OF_100))
        .map(|(bucket, value)| (*bucket, value * raise))
        .collect();
    Example {
        features,
        label: example.label,
    }
}

fn example(line: &Line) -> Example {
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
    }
}

/// Fisher and Yates, from a fixed seed.
fn shuffle(order: &mut [usize], seed: &mut u64) {
    for last in (1..order.len()).rev() {
        let bound = u64::try_from(last).unwrap_or(0) + 1;
        order.swap(last, usize::try_from(next(seed) % bound).unwrap_or(0));
    }
}

/// The next 31 bits of a linear congruential sequence.
fn next(seed: &mut u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
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
