//! Replies that are an opt-out by the law itself.

/// The reply words of 47 CFR 64.1200(a)(10), as one: blanks and points do not count. `stopall` is what carriers add.
const WORDS: &[&str] = &[
    "stop",
    "quit",
    "end",
    "revoke",
    "optout",
    "cancel",
    "unsubscribe",
    "stopall",
];

/// Whether a written reply is one of the words that count by themselves, whatever else they might mean.
#[must_use]
pub fn is_reply_word(text: &str) -> bool {
    // Longer than any of them: not one of them, and not worth folding.
    if text.len() > 64 {
        return false;
    }
    let folded: String = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    WORDS.contains(&folded.as_str())
}

#[cfg(test)]
mod tests {
    use super::is_reply_word;

    #[test]
    fn the_seven_words_count_however_they_are_written() {
        for text in [
            "STOP",
            " stop. ",
            "Opt-Out",
            "OPT OUT",
            "unsubscribe!",
            "Quit",
            "END",
            "revoke",
            "\"cancel\"",
            "STOPALL",
        ] {
            assert!(is_reply_word(text), "{text}");
        }
        for text in ["", "stop by tomorrow", "weekend", "go on", "non-stop"] {
            assert!(!is_reply_word(text), "{text}");
        }
    }
}
