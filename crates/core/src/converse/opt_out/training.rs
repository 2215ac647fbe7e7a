//! What the trainer needs of this module, and nothing else uses: the features of an utterance, and
//! the judgement of weights that are not (yet) those of the build.

use super::{Judgement, Model, context, features, grammar, lexicon, model, normalise};

pub use super::features::{BUCKETS, Feature};
pub use super::model::{BIAS_UNIT, CLASSES, WEIGHT_UNIT, WEIGHTS_BYTES, number_sqrt, softmax};
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

/// Whether the grammar alone finds a request.
#[must_use]
pub fn grammar_finds(utterance: &str) -> bool {
    let tokens = lexicon::lexicon().tokens(&normalise::words(utterance));
    matches!(grammar::find(&tokens), grammar::Finding::Request { .. })
}

/// The judgement of other weights, in the form of the weight file.
#[must_use]
pub fn classify_with(weights: &[u8], utterance: &str, context: Option<&str>) -> Judgement {
    super::judge(Model::new(weights), utterance, context)
}

/// The weight file of this build.
#[must_use]
pub fn weights() -> &'static [u8] {
    model::WEIGHTS
}
