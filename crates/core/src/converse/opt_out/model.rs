//! The learned part: a weight for every bucket and class, summed as integers.

use super::features::{BUCKETS, Feature};
use super::number::exp;

/// The weights of this build, written by `train-opt-out --write`.
pub static WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// Bytes of the weight file: the bias of each class, then the buckets of each class.
pub const WEIGHTS_BYTES: usize = HEADER_BYTES + CLASSES * BUCKETS;

/// Classes that have weights of their own: opt-out and ambiguous. "Not an opt-out" is their zero.
pub const CLASSES: usize = 2;

const HEADER_BYTES: usize = 4 * CLASSES;

/// Logit per unit of `sum / sqrt(norm)`: a weight of 1 in the file.
pub const WEIGHT_UNIT: f64 = 1.0 / 24.0;

/// Logit per unit of the bias in the file.
pub const BIAS_UNIT: f64 = 1.0 / 65_536.0;

/// How likely each reading is; the three sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chances {
    /// An opt-out.
    pub opt_out: f64,
    /// Neither clearly.
    pub ambiguous: f64,
    /// Not an opt-out.
    pub not_opt_out: f64,
}

/// The weight file, read in place.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    bytes: &'a [u8],
}

impl<'a> Model<'a> {
    /// A model over a weight file. Missing bytes count as zero.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    fn bias(&self, class: usize) -> i32 {
        let at = class * 4;
        let bytes = self.bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
        i32::from_le_bytes(bytes.unwrap_or_default())
    }

    /// The weight of one bucket for one class.
    pub fn weight(&self, class: usize, bucket: u32) -> i32 {
        let at = usize::try_from(bucket).map_or(usize::MAX, |b| HEADER_BYTES + class * BUCKETS + b);
        self.bytes.get(at).map_or(0, |b| i32::from(b.cast_signed()))
    }

    /// How likely each reading of these features is.
    pub fn chances(&self, features: &[Feature]) -> Chances {
        let norm: i64 = features.iter().map(|f| i64::from(f.value * f.value)).sum();
        let scale = WEIGHT_UNIT / number_sqrt(norm);
        let logit = |class: usize| {
            let sum: i64 = features
                .iter()
                .map(|f| i64::from(self.weight(class, f.bucket) * f.value))
                .sum();
            from_i64(sum) * scale + f64::from(self.bias(class)) * BIAS_UNIT
        };
        softmax(logit(0), logit(1))
    }
}

/// The three chances from the logits of "opt-out" and "ambiguous"; the third logit is 0.
pub fn softmax(opt_out: f64, ambiguous: f64) -> Chances {
    let top = opt_out.max(ambiguous).max(0.0);
    let (o, a, n) = (exp(opt_out - top), exp(ambiguous - top), exp(-top));
    let sum = o + a + n;
    Chances {
        opt_out: o / sum,
        ambiguous: a / sum,
        not_opt_out: n / sum,
    }
}

/// The length of a feature vector with this sum of squares; never 0.
pub fn number_sqrt(norm: i64) -> f64 {
    from_i64(norm.max(1)).sqrt()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums stay far below 2^52: an utterance window has thousands of features"
)]
fn from_i64(value: i64) -> f64 {
    value as f64
}
