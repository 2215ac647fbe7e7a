//! Can the callee be told who is calling? 47 CFR 64.1200(b)(1): the identity at the beginning of every
//! artificial-voice message.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::seller::names_seller;

const RULE: &str = "us-fed-ident-begin";

pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let seller = case.facts.seller.as_ref()?;
    let code = ReasonCode::DisclosureMissing;
    match &seller.disclosure.words {
        Some(words) if !names_seller(words, &seller.profile.name) => {
            out.deny(code, RULE, || {
                format!("the disclosure's words do not name {}", seller.profile.name)
            });
        }
        None if !seller.disclosure.spoken_by_tts => {
            out.deny(
                code,
                RULE,
                "the seller has no recorded disclosure and no TTS is configured",
            );
        }
        Some(_) | None => {}
    }
    Some(RULE)
}
