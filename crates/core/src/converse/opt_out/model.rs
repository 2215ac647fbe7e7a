//! The learned part: a weight for every bucket and class, summed as integers, beside the networks'
//! view of the order of words. Their logits are averaged.

use std::sync::LazyLock;

use super::features::{BUCKETS, Feature};
use super::net::NET_BYTES;
use super::net_input::Heard;
use super::number::exp;
use super::swift::Swift;

/// The weights of this build, written by `train-opt-out --write`.
pub static WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// The networks of this build, written by `train-opt-out --write`.
pub static NET: &[u8] = include_bytes!("net.bin");

static BUILT_IN: LazyLock<Model> = LazyLock::new(|| Model::new(WEIGHTS, NET));

/// How much the networks' logit counts beside that of the linear weights.
const NETS_SHARE: f64 = 0.5;

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

/// From this logit on the linear weights are sure: the networks are asked only below it. Seven of ten
/// kept-back utterances (2,891) are beyond it, and of those the networks would have turned one, for
/// the worse (`train-opt-out --as-built`).
pub const SURE_FROM: f64 = 4.0;

/// What the networks are taken to say, had they been asked: about as much as they ever say.
const NETS_SURE: f64 = 4.0;

/// The linear weights and the networks, ready to judge.
#[derive(Debug)]
pub struct Model {
    bias: [f64; CLASSES],
    /// Both classes' weights of each bucket side by side: one look-up finds both.
    weights: Vec<[i8; CLASSES]>,
    nets: Vec<Swift>,
    sure_from: f64,
}

/// What a feature speaks for each class: its weight times its value.
pub type Speaks = [i32; CLASSES];

impl Model {
    /// The model of a weight file and a file of networks, one after the other. Missing bytes count
    /// as zero; without networks the linear weights decide alone.
    pub fn new(weights: &[u8], nets: &[u8]) -> Self {
        let (header, weights) = weights
            .split_at_checked(HEADER_BYTES)
            .unwrap_or((&[], weights));
        let mut bias = [0.0; CLASSES];
        for (bias, bytes) in bias.iter_mut().zip(header.chunks_exact(4)) {
            let bytes = bytes.try_into().unwrap_or_default();
            *bias = f64::from(i32::from_le_bytes(bytes)) * BIAS_UNIT;
        }
        let mut pairs = vec![[0; CLASSES]; BUCKETS];
        for (class, bytes) in weights.chunks(BUCKETS).take(CLASSES).enumerate() {
            for (pair, byte) in pairs.iter_mut().zip(bytes) {
                if let Some(weight) = pair.get_mut(class) {
                    *weight = byte.cast_signed();
                }
            }
        }
        Self {
            bias,
            weights: pairs,
            nets: nets.chunks(NET_BYTES).map(Swift::from_bytes).collect(),
            sure_from: SURE_FROM,
        }
    }

    /// The same, but sure from another logit on.
    pub fn sure_from(self, sure_from: f64) -> Self {
        Self { sure_from, ..self }
    }

    /// The model of this build.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// What each feature speaks for the classes.
    pub fn speaks(&self, features: &[Feature]) -> Vec<Speaks> {
        let speaks = |feature: &Feature| {
            let bucket = usize::try_from(feature.bucket).unwrap_or(usize::MAX);
            let weights = self.weights.get(bucket).copied().unwrap_or_default();
            weights.map(|w| i32::from(w) * feature.value)
        };
        features.iter().map(speaks).collect()
    }

    /// How likely each reading of an utterance is; what is heard of it is worked out only where
    /// the linear weights are not sure.
    pub fn chances<'a>(
        &self,
        features: &[Feature],
        speaks: &[Speaks],
        heard: impl FnOnce() -> Heard<'a>,
    ) -> Chances {
        let [opt_out, ambiguous] = self.linear(features, speaks);
        if self.nets.is_empty() {
            return softmax(opt_out, ambiguous);
        }
        let [net_opt_out, net_ambiguous] = match self.sure(opt_out, ambiguous) {
            Some(sure) => sure,
            None => self.nets_say(&heard()),
        };
        let rest = 1.0 - NETS_SHARE;
        softmax(
            opt_out * rest + net_opt_out * NETS_SHARE,
            ambiguous * rest + net_ambiguous * NETS_SHARE,
        )
    }

    /// How far the linear weights are from any other reading than an opt-out (positive) or than
    /// none (negative).
    pub fn margin(&self, features: &[Feature], speaks: &[Speaks]) -> f64 {
        let [opt_out, ambiguous] = self.linear(features, speaks);
        let for_it = opt_out - ambiguous.max(0.0);
        let against_it = -opt_out.max(ambiguous);
        if against_it > 0.0 {
            -against_it
        } else {
            for_it.max(0.0)
        }
    }

    fn sure(&self, opt_out: f64, ambiguous: f64) -> Option<[f64; CLASSES]> {
        if opt_out - ambiguous.max(0.0) >= self.sure_from {
            Some([NETS_SURE, 0.0])
        } else if opt_out.max(ambiguous) <= -self.sure_from {
            Some([-NETS_SURE, -NETS_SURE])
        } else {
            None
        }
    }

    /// The networks' logits of "opt-out" and "ambiguous", averaged.
    fn nets_say(&self, heard: &Heard<'_>) -> [f64; CLASSES] {
        let mut says = [0.0; CLASSES];
        let share = 1.0 / f64::from(super::net::count(self.nets.len()));
        for net in &self.nets {
            let [opt_out, ambiguous, none] = net.logits(heard).map(f64::from);
            for (sum, logit) in says.iter_mut().zip([opt_out, ambiguous]) {
                *sum += (logit - none) * share;
            }
        }
        says
    }

    /// The linear weights' logits of "opt-out" and "ambiguous".
    fn linear(&self, features: &[Feature], speaks: &[Speaks]) -> [f64; CLASSES] {
        let norm: i64 = features.iter().map(|f| i64::from(f.value * f.value)).sum();
        let scale = WEIGHT_UNIT / number_sqrt(norm);
        let mut sums = [0_i64; CLASSES];
        for both in speaks {
            for (sum, speaks) in sums.iter_mut().zip(both) {
                *sum += i64::from(*speaks);
            }
        }
        let mut logits = self.bias;
        for (logit, sum) in logits.iter_mut().zip(sums) {
            *logit += from_i64(sum) * scale;
        }
        logits
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

#[cfg(test)]
mod tests {
    use super::super::{context, features, grammar, lexicon, net_input, normalise};
    use super::*;

    #[test]
    fn the_networks_are_asked_only_below_the_margin() {
        let said = |text: &str| lexicon::lexicon().tokens(&normalise::words(text));
        for (sure_from, asked_for) in [(0.0, false), (f64::INFINITY, true)] {
            let model = Model::new(WEIGHTS, NET).sure_from(sure_from);
            for text in ["please stop calling me", "tuesday at five works for me"] {
                let (tokens, asked) = (said(text), context::asked(None));
                let (found, clues) = (grammar::find(&tokens), grammar::clues(&tokens));
                let seen = features::features(&tokens, &asked, false, clues);
                let mut heard = false;
                let chances = model.chances(&seen, &model.speaks(&seen), || {
                    heard = true;
                    net_input::heard(&tokens, &asked, found, clues)
                });
                assert_eq!(heard, asked_for, "{text}");
                let is_one = chances.opt_out > 0.5;
                assert_eq!(is_one, text.contains("stop"), "{text} {chances:?}");
                assert_eq!(model.margin(&seen, &model.speaks(&seen)) > 0.0, is_one);
            }
        }
    }
}
