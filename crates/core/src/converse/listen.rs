//! When words that a recogniser may still change count. A final text counts at once. An interim counts only as an
//! opt-out, and only once it is stable: the next interim extends it and is an opt-out still, or nothing changes it for
//! [`STABLE_MS`]. "Stop calling" may yet become "stop calling me at work, my cell is better"; and a callee who asks to be
//! left alone may hang up before any final text comes.

use super::opt_out::Verdict;

/// How long an interim that sounds like an opt-out must stand unchanged to count, in milliseconds.
pub const STABLE_MS: u32 = 700;

/// What follows from words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// They count, with this meaning.
    Act(Verdict),
    /// Nothing yet; they count as an opt-out if [`Listener::stands`] says so after [`STABLE_MS`], asked with this number.
    Wait(u64),
    /// They may still change, and mean nothing so far.
    Pass,
}

/// What one call's callee has said so far. Only the callee's words are brought here: an agent's never count.
#[derive(Debug, Default)]
pub struct Listener {
    /// The last interim, if it sounded like an opt-out, in plain words.
    pending: Option<String>,
    /// How often words came.
    turn: u64,
}

impl Listener {
    /// Takes words in, as they were judged.
    pub fn hear(&mut self, text: &str, is_final: bool, verdict: Verdict) -> Hearing {
        self.turn = self.turn.wrapping_add(1);
        if is_final {
            self.pending = None;
            return Hearing::Act(verdict);
        }
        if verdict != Verdict::OptOut {
            self.pending = None;
            return Hearing::Pass;
        }
        let words = plain(text);
        match self.pending.take() {
            Some(earlier) if words.starts_with(&earlier) => Hearing::Act(verdict),
            _ => {
                self.pending = Some(words);
                Hearing::Wait(self.turn)
            }
        }
    }

    /// A final text has come and is being judged: the interim before it counts no more.
    pub fn supersede(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        self.pending = None;
    }

    /// Whether the interim of this turn still stands: nothing was heard since. Answers yes once.
    pub fn stands(&mut self, turn: u64) -> bool {
        turn == self.turn && self.pending.take().is_some()
    }
}

/// Letters and digits in lower case, single blanks: what recognisers change between two interims is case and points.
fn plain(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_alphanumeric() && c != '\'') {
        if !word.is_empty() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.extend(word.chars().flat_map(char::to_lowercase));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Ambiguous, NotOptOut, OptOut};

    #[test]
    fn a_final_text_counts_at_once() {
        let mut listener = Listener::default();
        for verdict in [OptOut, NotOptOut, Ambiguous] {
            assert_eq!(listener.hear("x", true, verdict), Hearing::Act(verdict));
        }
    }

    #[test]
    fn an_interim_counts_when_the_next_extends_it() {
        let mut listener = Listener::default();
        assert_eq!(listener.hear("Stop", false, OptOut), Hearing::Wait(1));
        assert_eq!(
            listener.hear("stop calling me.", false, OptOut),
            Hearing::Act(OptOut)
        );
    }

    #[test]
    fn an_interim_that_changes_its_meaning_or_its_words_does_not() {
        let mut listener = Listener::default();
        assert_eq!(
            listener.hear("take me off", false, OptOut),
            Hearing::Wait(1)
        );
        let longer = "take me off the speaker and go on";
        assert_eq!(listener.hear(longer, false, NotOptOut), Hearing::Pass);
        assert_eq!(listener.hear("stop it", false, OptOut), Hearing::Wait(3));
        assert_eq!(
            listener.hear("drop it off", false, OptOut),
            Hearing::Wait(4)
        );
        assert_eq!(
            listener.hear("drop it off", false, Ambiguous),
            Hearing::Pass,
            "only an opt-out counts before it is final"
        );
    }

    #[test]
    fn an_interim_that_stands_counts_once() {
        let mut listener = Listener::default();
        let Hearing::Wait(turn) = listener.hear("stop calling", false, OptOut) else {
            panic!("it is no final text");
        };
        assert!(listener.stands(turn));
        assert!(!listener.stands(turn), "it has counted");
        let Hearing::Wait(turn) = listener.hear("stop calling", false, OptOut) else {
            panic!("it is no final text");
        };
        let _ = listener.hear("stop calling my wife's phone", false, NotOptOut);
        assert!(!listener.stands(turn), "more was heard since");
        let Hearing::Wait(turn) = listener.hear("stop calling", false, OptOut) else {
            panic!("it is no final text");
        };
        listener.supersede();
        assert!(!listener.stands(turn), "the final text is being judged");
    }
}
