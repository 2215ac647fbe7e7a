//! What must never be missed, what must not trigger, and that nothing makes it fall over.

use sha2::{Digest, Sha256};

use super::*;

/// SHA-256 of the committed `weights.bin`; `train-opt-out` prints it.
const WEIGHTS_SHA256: &str = "04dfedbebe2a8f10ae3c08d181509ccad9bc7fd8fa40d9fbba9586f95ca0ed6f";

/// SHA-256 of the committed `net.bin`; `train-opt-out` prints it.
const NET_SHA256: &str = "f179ee2ce8c47a4a5412b205058ef022eeebc1fb349226be2dce942205d75d07";

fn verdict_of(text: &str, context: Option<&str>) -> Verdict {
    classify(text, context, None).verdict
}

#[test]
fn requests_that_must_never_be_missed() {
    for text in [
        "stop",
        "Stop.",
        "unsubscribe",
        "remove me",
        "opt out",
        "stop calling",
        "please stop calling me",
        "quit calling this number",
        "don't call me again",
        "do not call me anymore",
        "never call here again",
        "no more calls",
        "take me off your list",
        "take me off of your calling list please",
        "remove my number from your database",
        "put me on your do not call list",
        "lose my number",
        "leave me alone",
        "i revoke my consent",
        "i withdraw my permission to be called",
        "i'd rather you didn't ring me any more",
        "i told you people not to call me",
        "call me again and i'll sue",
        "wrong number please take this number off your list",
        "no robots don't call me",
        "my husband passed away stop calling for him",
        "can you please stop calling me",
        "uh c-can you um stop stop calling me",
        "stop colin me",
        "take me off your lust",
        "due not call me again",
        "no me llame más",
        "no me llamen",
        "quíteme de la lista",
        "bórreme de su lista por favor",
        "dejen de llamar",
        "please ya no me llamen",
        "not interested take me off your list",
        "yes i got the package but stop calling me",
    ] {
        assert_eq!(verdict_of(text, None), Verdict::OptOut, "{text}");
    }
}

#[test]
fn what_must_not_trigger() {
    for text in [
        "don't take me off your list",
        "please don't stop calling",
        "i don't want you to stop calling",
        "take me off the do not call list i want to hear from you",
        "call me later",
        "call me tomorrow after five",
        "i'm driving can you call me back",
        "please don't call before nine",
        "stop my current policy",
        "remove the second driver from my policy",
        "cancel my appointment on friday",
        "my doctor told me to stop the pills",
        "rover stop it get down sorry go ahead",
        "press nine to be removed from our list",
        "please leave a message after the tone",
        "say your name and why you're calling",
        "text me the details please",
        "who is this",
        "that's too expensive for us",
        "yes tuesday at three works",
        "llámeme mañana por favor",
        "cancele mi cita del lunes",
        "",
        "...",
    ] {
        assert_eq!(verdict_of(text, None), Verdict::NotOptOut, "{text}");
    }
}

#[test]
fn bare_refusals_are_held() {
    for text in [
        "not interested",
        "go away",
        "no thank you",
        "wrong number",
        "no me interesa",
    ] {
        assert_eq!(verdict_of(text, None), Verdict::Ambiguous, "{text}");
    }
}

#[test]
fn a_short_answer_means_what_was_asked() {
    for (asked, text, want) in [
        ("Would you like us to stop calling?", "yes", Verdict::OptOut),
        (
            "Would you like us to stop calling?",
            "no",
            Verdict::NotOptOut,
        ),
        ("Shall I remove you?", "please do", Verdict::OptOut),
        ("Shall I remove you?", "no", Verdict::NotOptOut),
        ("May we call you again?", "no", Verdict::OptOut),
        ("May we call you again?", "sure", Verdict::NotOptOut),
        ("¿Quiere que dejemos de llamarle?", "sí", Verdict::OptOut),
        ("Shall we go on?", "yes", Verdict::NotOptOut),
        ("Shall we go on?", "stop", Verdict::OptOut),
    ] {
        assert_eq!(verdict_of(text, Some(asked)), want, "{asked} {text}");
    }
}

#[test]
fn the_deciding_words_are_quoted() {
    let judged = classify(
        "well my roof is fine but please stop calling me",
        None,
        Some("en"),
    );
    assert!(judged.because.contains("stop"), "{}", judged.because);
    assert!(judged.score > 0.9);
    assert_eq!(
        serde_json::to_value(judged.verdict).unwrap(),
        serde_json::json!("opt_out")
    );
}

#[test]
fn long_speech_is_judged_to_its_end_and_from_its_beginning() {
    let talk = "the roof was done last spring by my cousin and it came out fine ".repeat(40);
    let at_end = format!("{talk} so please take me off your list and stop calling me");
    let at_start = format!("please take me off your list and stop calling me {talk}");
    assert_eq!(verdict_of(&at_end, None), Verdict::OptOut);
    assert_eq!(verdict_of(&at_start, None), Verdict::OptOut);
    assert_ne!(verdict_of(&talk, None), Verdict::OptOut);
}

#[test]
fn nothing_makes_it_fall_over() {
    let mut state = 0x1234_5678_u64;
    for length in (0..400).step_by(7) {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                state.to_le_bytes()[5]
            })
            .collect();
        let text = String::from_utf8_lossy(&bytes);
        let judged = classify(&text, Some(&text), Some(&text));
        assert!((0.0..=1.0).contains(&judged.score));
    }
    for text in [
        "\0",
        "'''",
        "İ\u{307}\u{1f9d1}\u{200d}",
        "a".repeat(100_000).as_str(),
    ] {
        assert!(classify(text, None, None).score.is_finite());
    }
}

#[test]
fn the_same_words_have_the_same_judgement() {
    let first = classify(
        "i do not want these calls",
        Some("May I go on?"),
        Some("en"),
    );
    let again = classify(
        "i do not want these calls",
        Some("May I go on?"),
        Some("xx"),
    );
    assert_eq!(first.score.to_bits(), again.score.to_bits());
    assert_eq!(first, again);
}

#[test]
fn the_weights_are_those_that_were_committed() {
    assert_eq!(model::WEIGHTS.len(), model::WEIGHTS_BYTES);
    assert_eq!(model::NET.len() % net::NET_BYTES, 0);
    assert!(!model::NET.is_empty());
    for (bytes, want) in [(model::WEIGHTS, WEIGHTS_SHA256), (model::NET, NET_SHA256)] {
        let digest = Sha256::digest(bytes);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, want);
    }
}
