//! What the agent's last line asked, as far as it turns a short answer.

use super::lexicon::{Lexicon, Token};
use super::normalise;

/// Longer answers are judged by their own words.
const ANSWER_TOKENS_MAX: usize = 5;

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
}

/// The agent's last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What kind of line it was.
    pub kind: AskedKind,
}

/// Reads the agent's last line.
pub fn asked(context: Option<&str>) -> Asked {
    let Some(line) = context.filter(|c| !c.trim().is_empty()) else {
        return Asked {
            kind: AskedKind::Nothing,
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
    Asked {
        kind: kind(lexicon, &tokens, question),
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
    if !asks {
        return AskedKind::Statement;
    }
    let reach = has("CALL") || has("CONTACT") || has("BOTHER");
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

/// What a short answer means after such a line: a request, its refusal, or neither.
///
/// `Some(true)` is an opt-out, `Some(false)` is none.
pub fn answer(kind: AskedKind, tokens: &[Token]) -> Option<bool> {
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
    match kind {
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
            ("I'm calling about your roof.", AskedKind::Statement),
            ("", AskedKind::Nothing),
        ] {
            assert_eq!(asked(Some(line)).kind, want, "{line}");
        }
        assert_eq!(asked(None).kind, AskedKind::Nothing);
    }
}
