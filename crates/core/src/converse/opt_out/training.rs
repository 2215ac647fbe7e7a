//! What the trainer needs of this module, and nothing else uses: the features of an utterance, and
//! the judgement of weights that are not (yet) those of the build.

use super::{Judgement, Model, context, features, grammar, lexicon, model, normalise};

pub use super::features::{BUCKETS, Feature};
pub use super::model::nets;
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
    super::net_input::input(
        &tokens,
        &context::asked(context),
        grammar::find(&tokens),
        grammar::clues(&tokens),
    )
}

/// Whether the grammar alone finds a request.
#[must_use]
pub fn grammar_finds(utterance: &str) -> bool {
    let tokens = lexicon::lexicon().tokens(&normalise::words(utterance));
    matches!(grammar::find(&tokens), grammar::Finding::Request { .. })
}

/// The judgement of other weights, in the form of the weight file.
#[must_use]
pub fn classify_with(
    weights: &[u8],
    nets: &[Net],
    utterance: &str,
    context: Option<&str>,
) -> Judgement {
    super::judge(Model::new(weights, nets), utterance, context)
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
