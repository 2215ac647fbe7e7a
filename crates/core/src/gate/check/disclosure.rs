//! Can the callee be told who is calling? 47 CFR 64.1200(b)(1): the identity at the beginning of every
//! artificial-voice message.

use std::cell::RefCell;

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::seller::names_seller;

const RULE: &str = "us-fed-ident-begin";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let seller = case.facts.seller.as_ref()?;
    let code = ReasonCode::DisclosureMissing;
    match &seller.disclosure.words {
        Some(words) if !names(words, &seller.profile.name) => {
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

thread_local! {
    /// The last words and name that were compared on this thread, and whether they agreed. One seller is called for
    /// again and again, and its words are long: telling that they are still the same is a tenth of comparing them anew.
    static LAST: RefCell<(String, String, bool)> = const { RefCell::new((String::new(), String::new(), false)) };
}

/// [`names_seller`], remembering its last answer; nothing is named by no words, as there.
fn names(words: &str, name: &str) -> bool {
    LAST.with_borrow_mut(|last| {
        if last.0 != words || last.1 != name {
            *last = (words.to_owned(), name.to_owned(), names_seller(words, name));
        }
        last.2
    })
}
