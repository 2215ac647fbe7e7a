//! Words that come in by other roads than a call: text messages, e-mail, voicemail left for us, forms. Each has the same
//! effect as a word in a call, under its own channel.

use jiff::Timestamp;
use ringfence_core::converse::is_reply_word;
use ringfence_core::converse::opt_out::Verdict;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::hold::HoldDraft;
use ringfence_store::suppression::{Heard, OptOutScope, Revocation};
use ringfence_store::{PageRequest, StoreError};

use crate::app::App;
use crate::converse::{Judge, heard, hold_until};
use crate::strangers::{self, Warning};

/// INVARIANT (bounded): more of a text is not judged; nobody takes longer to say it.
const TEXT_CHARS_MAX: usize = 4_000;

/// Words that somebody brought.
#[derive(Debug, Clone)]
pub struct Brought {
    /// Who wrote or spoke them.
    pub number: PhoneNumber,
    /// To whom; none of them: to every seller.
    pub sellers: Vec<String>,
    /// By which road.
    pub channel: String,
    /// The words.
    pub text: String,
    /// Whether they are an opt-out whatever they say.
    pub is_opt_out: bool,
    /// Where the audio is.
    pub audio: Option<String>,
    /// When they came.
    pub at: Timestamp,
    /// Who brought them: an API key's id, or a courier that signs.
    pub by: String,
}

/// What they did; it is durable.
#[derive(Debug, Default, serde::Serialize)]
pub struct Effect {
    /// Whether they are an opt-out; none: a person will say.
    pub opt_out: Option<bool>,
    /// `rev_...`
    pub revocations: Vec<Id>,
    /// `hold_...`
    pub holds: Vec<Id>,
    /// Sellers that are not on file, and may be misspelt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// The sellers who present `to` as their caller ID.
///
/// # Errors
/// The store's failure.
pub fn sellers_behind(app: &App, to: PhoneNumber) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let mut page = PageRequest::first(1000);
    loop {
        let sellers = app.store.sellers(&page)?;
        let behind = sellers
            .items
            .into_iter()
            .filter(|s| s.profile.caller_ids.iter().any(|id| id.number == to));
        found.extend(behind.map(|seller| seller.id));
        match sellers.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(found),
        }
    }
}

/// Takes them in: an opt-out or a hold is durable when this returns. `may`: the sellers that whoever brought them acts for.
///
/// # Errors
/// The store's failure; whoever brought them must bring them again.
pub fn take(
    app: &App,
    brought: &Brought,
    may: impl Fn(&str) -> bool,
    now: Timestamp,
) -> Result<Effect, StoreError> {
    let text: String = brought.text.chars().take(TEXT_CHARS_MAX).collect();
    let (verdict, heard) = read(&app.judge, &text, brought);
    let scope = app.opt_out_scope(brought.at);
    // Nobody named: everybody is meant.
    let sellers: Vec<Option<&str>> = match brought.sellers.as_slice() {
        [] => vec![None],
        named => named.iter().map(|seller| Some(seller.as_str())).collect(),
    };
    let mut effect = Effect::default();
    match verdict {
        Verdict::NotOptOut => effect.opt_out = Some(false),
        Verdict::OptOut => {
            effect.opt_out = Some(true);
            let revocations = sellers.iter().map(|seller| Revocation {
                number: brought.number,
                seller: seller.map(str::to_owned),
                channel: brought.channel.clone(),
                said: (!text.is_empty()).then(|| text.clone()),
                at: brought.at,
                scope,
                call: None,
                heard: heard.clone(),
                by: Some(brought.by.clone()),
            });
            let receipts = app.store.revoke_all(revocations.collect(), now)?;
            effect.revocations = receipts.into_iter().filter_map(|r| r.revocation).collect();
            for seller in sellers {
                let bound = seller.filter(|_| scope == OptOutScope::Seller);
                app.desk.opted_out(brought.number, bound, None);
            }
        }
        Verdict::Ambiguous => {
            for seller in sellers {
                let draft = HoldDraft {
                    number: brought.number,
                    seller: seller
                        .filter(|_| scope == OptOutScope::Seller)
                        .map(str::to_owned),
                    call: None,
                    channel: brought.channel.clone(),
                    said: text.clone(),
                    heard: heard.clone().unwrap_or_default(),
                    at: brought.at,
                    due_at: hold_until(brought.at, app.config.converse.hold_days),
                };
                let bound = draft.seller.clone();
                effect.holds.push(app.store.hold(draft, now)?.id);
                app.desk.barred(brought.number, bound.as_deref(), None, now);
            }
        }
    }
    if verdict != Verdict::NotOptOut {
        for seller in &brought.sellers {
            let stranger = strangers::Brought {
                number: brought.number,
                seller,
                channel: &brought.channel,
                said: &text,
                at: brought.at,
            };
            let warning = strangers::beware(app, &stranger, &may, now)?;
            effect.warnings.extend(warning);
        }
    }
    Ok(effect)
}

fn read(judge: &Judge, text: &str, brought: &Brought) -> (Verdict, Option<Heard>) {
    if brought.is_opt_out {
        return (Verdict::OptOut, None);
    }
    let own = own_words(text);
    let first = own.lines().find(|line| !line.trim().is_empty());
    // 47 CFR 64.1200(a)(10): these words count by themselves, whatever a model makes of them.
    if let Some(word) = [Some(own.as_str()), first]
        .into_iter()
        .flatten()
        .find(|words| is_reply_word(words))
    {
        let heard = Heard {
            recogniser: "reply-word".to_owned(),
            score: 1.0,
            because: word.trim().to_owned(),
            context: None,
            audio: brought.audio.clone(),
        };
        return (Verdict::OptOut, Some(heard));
    }
    let judged = judge.judge(&own, None);
    let heard = heard(&judged, None, brought.audio.clone());
    (judged.verdict, Some(heard))
}

/// What the writer wrote: without the quoted message beneath, and without a signature.
fn own_words(text: &str) -> String {
    let mut own = Vec::new();
    for line in text.lines() {
        let plain = line.trim();
        let cut = plain == "--"
            || plain.starts_with("-----Original Message")
            || (plain.starts_with("On ") && plain.ends_with("wrote:"))
            || (plain.starts_with("El ") && plain.ends_with("escribió:"));
        if cut {
            break;
        }
        if !plain.starts_with('>') {
            own.push(line);
        }
    }
    own.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::own_words;

    #[test]
    fn a_quoted_message_is_not_the_writers() {
        let reply = "Thanks, Tuesday is fine.\n\nOn Mon, Acme wrote:\n> Reply STOP to opt out.\n";
        assert_eq!(own_words(reply), "Thanks, Tuesday is fine.");
        assert_eq!(own_words("> Reply STOP to opt out.\nok\n--\nJo"), "ok");
        assert_eq!(own_words("STOP"), "STOP");
    }
}
