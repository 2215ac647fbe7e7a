//! What the trainer needs of this module, and nothing else uses: the features of an utterance, and
//! the judgement of weights that are not (yet) those of the build.

use super::{Judgement, Model, context, features, grammar, lexicon, model, net_input, normalise};

pub use super::features::{BUCKETS, Feature};
pub use super::model::{BIAS_UNIT, CLASSES, WEIGHT_UNIT, WEIGHTS_BYTES, number_sqrt, softmax};
pub use super::net::{
    Dense, GATES, Gru, HIDDEN, Net, POOLED, READINGS, STATE, Step, Trace, Vector, WIDTH, count,
    vector_of,
};
pub use super::net_input::{CLUES, Input, LETTERS_TO, Piece, ROWS, WORDS_TO};
pub use super::number::exp;

/// The features of one utterance as [`super::classify`] sees them.
#[must_use]
pub fn features_of(utterance: &str, context: Option<&str>) -> Vec<Feature> {
    let tokens = lexicon::lexicon().tokens(&normalise::words(utterance));
    let request = matches!(grammar::find(&tokens), grammar::Finding::Request { .. });
    features::features(
        &tokens,
        &context::asked(context),
        request,
        grammar::clues(&tokens),
    )
}

/// What the network is given of one utterance.
#[must_use]
pub fn input_of(utterance: &str, context: Option<&str>) -> Input {
    let tokens = lexicon::lexicon().tokens(&normalise::words(utterance));
    net_input::input(&net_input::heard(
        &tokens,
        &context::asked(context),
        grammar::find(&tokens),
        grammar::clues(&tokens),
    ))
}

/// The words of a text as they are looked up.
#[must_use]
pub fn words_of(text: &str) -> Vec<String> {
    normalise::words(text)
}

/// Whether the grammar alone finds a request.
#[must_use]
pub fn grammar_finds(utterance: &str) -> bool {
    let tokens = lexicon::lexicon().tokens(&normalise::words(utterance));
    matches!(grammar::find(&tokens), grammar::Finding::Request { .. })
}

/// Weights and networks that are not (yet) those of the build, ready to judge.
#[derive(Debug)]
pub struct Judge(Model);

impl Judge {
    /// Of the bytes of a weight file and of a file of networks.
    #[must_use]
    pub fn new(weights: &[u8], nets: &[u8]) -> Self {
        Self(Model::new(weights, nets))
    }

    /// The same, but the linear weights are sure from this logit on.
    #[must_use]
    pub fn sure_from(self, logit: f64) -> Self {
        Self(self.0.sure_from(logit))
    }

    /// How sure the linear weights are by themselves: positive of an opt-out, negative of none.
    #[must_use]
    pub fn margin(&self, utterance: &str, context: Option<&str>) -> f64 {
        let features = features_of(utterance, context);
        self.0.margin(&features, &self.0.speaks(&features))
    }

    /// Their judgement, as [`super::classify`] judges.
    #[must_use]
    pub fn classify(&self, utterance: &str, context: Option<&str>) -> Judgement {
        super::judge(&self.0, utterance, context)
    }
}

/// The networks' file of this build.
#[must_use]
pub fn net() -> &'static [u8] {
    model::NET
}

/// The weight file of this build.
#[must_use]
pub fn weights() -> &'static [u8] {
    model::WEIGHTS
}
