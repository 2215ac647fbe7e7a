//! The learned part: a weight for every bucket and class, summed as integers, beside the networks'
//! view of the order of words. Their logits are averaged.

use std::sync::LazyLock;

use super::features::{BUCKETS, Feature};
use super::net::Net;
use super::net_input::Input;
use super::number::exp;

/// The weights of this build, written by `train-opt-out --write`.
pub static WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// The networks of this build, written by `train-opt-out --write`.
pub static NET: &[u8] = include_bytes!("net.bin");

static NETS: LazyLock<Vec<Net>> = LazyLock::new(|| nets(NET));

/// How much the networks' logit counts beside that of the linear weights.
const NETS_SHARE: f64 = 0.5;

/// The networks of a file: one after the other.
pub fn nets(bytes: &[u8]) -> Vec<Net> {
    bytes
        .chunks(super::net::NET_BYTES)
        .map(Net::from_bytes)
        .collect()
}

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

/// The weight file, read in place, and the networks.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    bytes: &'a [u8],
    nets: &'a [Net],
}

impl<'a> Model<'a> {
    /// A model over a weight file and networks. Missing bytes count as zero; without networks the
    /// linear weights decide alone.
    pub fn new(bytes: &'a [u8], nets: &'a [Net]) -> Self {
        Self { bytes, nets }
    }

    /// The model of this build.
    pub fn built_in() -> Model<'static> {
        Model {
            bytes: WEIGHTS,
            nets: &NETS,
        }
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

    /// How likely each reading of an utterance is.
    pub fn chances(&self, features: &[Feature], input: &Input) -> Chances {
        let [opt_out, ambiguous] = self.linear(features);
        if self.nets.is_empty() {
            return softmax(opt_out, ambiguous);
        }
        let (mut net_opt_out, mut net_ambiguous) = (0.0, 0.0);
        for net in self.nets {
            let [o, a, n] = net.logits(input).map(f64::from);
            net_opt_out += o - n;
            net_ambiguous += a - n;
        }
        let share = NETS_SHARE / f64::from(super::net::count(self.nets.len()));
        let rest = 1.0 - NETS_SHARE;
        softmax(
            opt_out * rest + net_opt_out * share,
            ambiguous * rest + net_ambiguous * share,
        )
    }

    /// The linear weights' logits of "opt-out" and "ambiguous".
    fn linear(&self, features: &[Feature]) -> [f64; CLASSES] {
        let norm: i64 = features.iter().map(|f| i64::from(f.value * f.value)).sum();
        let scale = WEIGHT_UNIT / number_sqrt(norm);
        let logit = |class: usize| {
            let sum: i64 = features
                .iter()
                .map(|f| i64::from(self.weight(class, f.bucket) * f.value))
                .sum();
            from_i64(sum) * scale + f64::from(self.bias(class)) * BIAS_UNIT
        };
        [logit(0), logit(1)]
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
