//! What the agent's last line asked, as far as it turns a short answer.

use super::lexicon::{Lexicon, Token};
use super::normalise;

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
    let asks = question
        || tokens.first().is_some_and(|t| {
            ["would", "shall", "should", "do", "quiere", "desea"].contains(&t.text.as_str())
        });
    if !asks {
        return AskedKind::Statement;
    }
    let reach = has("CALL") || has("CONTACT") || has("BOTHER");
    let place = has("LIST") || has("DNC") || has("NUMBER") || has("YOU");
    let removal = has("REMOVE") || (has("TAKE") && has("OFF"));
    let staying = has("STAY") || has("KEEP") || said("stay") || said("again");
    let ending =
        (has("CEASE") || has("NOMORE") || has("DNC") || has("NEG")) && (reach || has("DNC"));
    if (removal && place) || (ending && !staying) {
        AskedKind::Stop
    } else if staying && (reach || has("LIST")) {
        AskedKind::Stay
    } else {
        AskedKind::Other
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
