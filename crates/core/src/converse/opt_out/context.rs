//! What the agent's last line asked, as far as it turns a short answer.

use super::lexicon::{Lexicon, Meaning, Token};
use super::normalise;

/// Longer answers are judged by their own words.
const ANSWER_TOKENS_MAX: usize = 5;

/// Words before the key or word that the callee is to use.
const KEY_WORDS: &[&str] = &[
    "press", "say", "dial", "marque", "oprima", "diga", "presione",
];

/// How a line begins that says what the agent will do.
const PROMISES: &[&str] = &[
    "ill", "well", "we", "i", "le", "entonces", "lo", "la", "volvere",
];

/// One digit's names.
const DIGITS: &[&[&str]] = &[
    &["0", "zero", "cero"],
    &["1", "one", "uno"],
    &["2", "two", "dos"],
    &["3", "three", "tres"],
    &["4", "four", "cuatro"],
    &["5", "five", "cinco"],
    &["6", "six", "seis"],
    &["7", "seven", "siete"],
    &["8", "eight", "ocho"],
    &["9", "nine", "nueve"],
];

/// What a "yes" or "no" would answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedKind {
    /// No line is known.
    Nothing = 0,
    /// "Would you like us to stop calling?"; yes is an opt-out.
    Stop = 1,
    /// "May we call you again?", "Shall we keep you on our list?"; no is an opt-out.
    Stay = 2,
    /// Any other question.
    Other = 3,
    /// A line that asks nothing.
    Statement = 4,
    /// "I'll call you back tomorrow then."; "please don't" is an opt-out.
    Promise = 5,
}

/// The agent's last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What kind of line it was.
    pub kind: AskedKind,
    /// What its last sentence was about, each meaning once.
    pub meanings: Vec<Meaning>,
    /// The key or word that it names for an opt-out: "press or say two to be removed".
    pub key: Option<String>,
    /// The words of its last sentence.
    pub tokens: Vec<Token>,
}

/// Reads the agent's last line.
pub fn asked(context: Option<&str>) -> Asked {
    let Some(line) = context.filter(|c| !c.trim().is_empty()) else {
        return Asked {
            kind: AskedKind::Nothing,
            meanings: Vec::new(),
            key: None,
            tokens: Vec::new(),
        };
    };
    // The last sentence asks; what went before it is the pitch.
    let trimmed = line.trim_end();
    let question = trimmed.ends_with('?');
    let sentence = trimmed
        .trim_end_matches(['?', '.', '!'])
        .rsplit(['.', '?', '!'])
        .next()
        .unwrap_or(trimmed);
    let lexicon = super::lexicon::lexicon();
    let tokens = lexicon.tokens(&normalise::words(sentence));
    let mut meanings: Vec<_> = tokens.iter().filter_map(|t| t.meaning).collect();
    meanings.sort_unstable();
    meanings.dedup();
    let kind = kind(lexicon, &tokens, question);
    Asked {
        kind,
        meanings,
        key: key(&tokens).filter(|_| kind == AskedKind::Stop),
        tokens,
    }
}

fn kind(lexicon: &Lexicon, tokens: &[Token], question: bool) -> AskedKind {
    let has = |name: &str| {
        let wanted = lexicon.meaning_named(name);
        tokens
            .iter()
            .any(|t| t.meaning.is_some() && t.meaning == wanted)
    };
    let said = |word: &str| tokens.iter().any(|t| t.text == word);
    let opening = [
        "would", "shall", "should", "do", "quiere", "desea", "just", "so",
    ];
    let first = tokens.first().map(|t| t.text.as_str());
    let asks = question || first.is_some_and(|word| opening.contains(&word));
    let reach = has("CALL") || has("CONTACT") || has("BOTHER") || has("HEAR");
    // "I can mark you as do not call", "press two to be removed": offers that a "yes" takes.
    let offers = said("can") && first == Some("i") || KEY_WORDS.iter().any(|word| said(word));
    if !asks && !offers {
        let promises = first.is_some_and(|word| PROMISES.contains(&word));
        let comes_back = has("LATER") && (reach || said("try") || said("call_you"));
        return if promises && (comes_back || (has("AGAIN") && (reach || said("try")))) {
            AskedKind::Promise
        } else {
            AskedKind::Statement
        };
    }
    let place = has("LIST") || has("DNC") || has("NUMBER") || has("YOU") || has("YOUR");
    let service = has("SERVICE");
    let removal = has("REMOVE") || has("LOSEIT") || (has("TAKE") && has("OFF"));
    let staying = has("STAY") || has("KEEP") || said("stay") || has("AGAIN");
    let ending = ["CEASE", "NOMORE", "NEG", "NOT", "REVOKE"]
        .iter()
        .any(|name| has(name));
    if (removal && place && !service) || (ending && reach && !service) || has("DNC") {
        AskedKind::Stop
    } else if staying && (reach || has("LIST")) {
        AskedKind::Stay
    } else {
        AskedKind::Other
    }
}

/// The word after "press", "say" or "press or say", unless the line names several.
fn key(tokens: &[Token]) -> Option<String> {
    let at = tokens
        .iter()
        .rposition(|t| KEY_WORDS.contains(&t.text.as_str()))?;
    let key = tokens.get(at + 1)?;
    let digits = tokens
        .iter()
        .filter(|t| DIGITS.iter().any(|d| d.contains(&t.text.as_str())));
    (digits.count() <= 1).then(|| key.text.clone())
}

/// Whether both are the same word or the same digit.
fn same_key(one: &str, other: &str) -> bool {
    one == other
        || DIGITS
            .iter()
            .any(|d| d.contains(&one) && d.contains(&other))
}

/// What a short answer means after such a line: a request, its refusal, or neither.
///
/// `Some(true)` is an opt-out, `Some(false)` is none.
pub fn answer(asked: &Asked, tokens: &[Token]) -> Option<bool> {
    if tokens.is_empty() || tokens.len() > ANSWER_TOKENS_MAX {
        return None;
    }
    let lexicon = super::lexicon::lexicon();
    let is = |token: &Token, name: &str| {
        token.meaning.is_some() && token.meaning == lexicon.meaning_named(name)
    };
    let any = |names: &[&str]| tokens.iter().any(|t| names.iter().any(|n| is(t, n)));
    let refuses = any(&["NO", "NEG", "NOT"]);
    let agrees = any(&["YES", "PLEASE"]);
    if let Some(key) = &asked.key
        && !refuses
        && tokens.iter().any(|t| same_key(&t.text, key))
    {
        return Some(true);
    }
    match asked.kind {
        // Long enough a promise may be answered with another hour: only a plain "don't" ends it.
        AskedKind::Promise if any(&["NOT"]) && tokens.len() <= 3 && !any(&["LATER", "HEAR"]) => {
            tokens.iter().any(|t| t.text == "dont").then_some(true)
        }
        AskedKind::Stop if refuses => Some(any(&["CEASE", "NOMORE", "CALL"]) && !any(&["KEEP"])),
        AskedKind::Stop if agrees => Some(true),
        AskedKind::Stay if refuses => Some(true),
        AskedKind::Stay if agrees => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_decides_what_yes_means() {
        for (line, want) in [
            ("Would you like us to stop calling?", AskedKind::Stop),
            ("Shall I remove you?", AskedKind::Stop),
            ("Do you want to be taken off our list?", AskedKind::Stop),
            (
                "Would you like to be on our do not call list?",
                AskedKind::Stop,
            ),
            ("¿Quiere que dejemos de llamarle?", AskedKind::Stop),
            ("May we call you again?", AskedKind::Stay),
            ("Shall we keep you on our list?", AskedKind::Stay),
            ("Are you asking us not to call again?", AskedKind::Stop),
            (
                "Shall I remove the second item from the order?",
                AskedKind::Other,
            ),
            ("Shall we go on?", AskedKind::Other),
            (
                "I can stop there. Is now a good time to talk?",
                AskedKind::Other,
            ),
            ("I can mark you as do not call.", AskedKind::Stop),
            (
                "Press or say two to be taken off our list.",
                AskedKind::Stop,
            ),
            ("I'll call you back tomorrow then.", AskedKind::Promise),
            ("I'm calling about your roof.", AskedKind::Statement),
            ("", AskedKind::Nothing),
        ] {
            assert_eq!(asked(Some(line)).kind, want, "{line}");
        }
        assert_eq!(asked(None).kind, AskedKind::Nothing);
    }

    #[test]
    fn a_short_answer_is_read_by_what_it_answers() {
        for (line, said, want) in [
            (
                "Press or say two to be taken off our list.",
                "number two please",
                Some(true),
            ),
            (
                "Press or say two to be taken off our list.",
                "2",
                Some(true),
            ),
            ("Press or say two to be taken off our list.", "one", None),
            ("I can mark you as do not call.", "yes please", Some(true)),
            (
                "I'll call you back tomorrow then.",
                "please don't",
                Some(true),
            ),
            ("I'll call you back tomorrow then.", "not tomorrow", None),
            ("May we call you again?", "no", Some(true)),
            ("Would you like us to stop calling?", "no", Some(false)),
        ] {
            let tokens = super::super::lexicon::lexicon().tokens(&normalise::words(said));
            assert_eq!(answer(&asked(Some(line)), &tokens), want, "{line} {said}");
        }
    }
}
