//! The elements that a text must hold to be prior express written consent (47 CFR 64.1200(f)(9)(i)).
//!
//! A text is read clause by clause, as words without case, accents and punctuation, in English and Spanish. Doubt
//! counts as missing: a consent that is wrongly refused costs a call, one that is wrongly accepted a lawsuit.

use serde::{Deserialize, Serialize};

use crate::seller::names_seller;

/// One required element. Nothing is invented for a text that lacks one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Element {
    /// Names the seller.
    SellerNamed,
    /// Says that an artificial or prerecorded voice will be used.
    ArtificialOrPrerecordedVoice,
    /// Says that the calls are marketing.
    Marketing,
    /// Refers to the number that the callee provides.
    NumberProvided,
    /// Says that agreeing is not a condition of a purchase.
    NotACondition,
}

impl Element {
    /// Every element.
    pub const ALL: [Self; 5] = [
        Self::SellerNamed,
        Self::ArtificialOrPrerecordedVoice,
        Self::Marketing,
        Self::NumberProvided,
        Self::NotACondition,
    ];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SellerNamed => "seller-named",
            Self::ArtificialOrPrerecordedVoice => "artificial-or-prerecorded-voice",
            Self::Marketing => "marketing",
            Self::NumberProvided => "number-provided",
            Self::NotACondition => "not-a-condition",
        }
    }
}

/// The elements of one text, found and missing, each in the order of [`Element`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elements {
    /// In the text.
    pub found: Vec<Element>,
    /// Not in the text.
    pub missing: Vec<Element>,
}

/// Looks for every element in `text`; `seller_name` is the registered name, if the seller is known. Without one the
/// text cannot name it.
#[must_use]
pub fn find_elements(text: &str, seller_name: Option<&str>) -> Elements {
    let sentences = sentences(text);
    let any = |test: fn(&[&str]) -> bool| {
        sentences.iter().any(|s| {
            let words: Vec<&str> = s.split_whitespace().collect();
            test(&words)
        })
    };
    let checks = [
        (
            Element::SellerNamed,
            seller_name.is_some_and(|name| names_seller(text, name)),
        ),
        (
            Element::ArtificialOrPrerecordedVoice,
            any(says_artificial_voice),
        ),
        (Element::Marketing, any(says_marketing)),
        (Element::NumberProvided, any(says_number_provided)),
        (Element::NotACondition, any(says_not_a_condition)),
    ];
    let mut elements = Elements::default();
    for (element, is_found) in checks {
        let list = if is_found {
            &mut elements.found
        } else {
            &mut elements.missing
        };
        list.push(element);
    }
    elements
}

/// Sentences as lower-case words; `pre-recorded` is `prerecorded`, `A.I.` is `ai`, `don't` is `dont`.
fn sentences(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    // A full stop inside an abbreviation or a web address ends no sentence: only one before a blank does.
    let mut plain = String::with_capacity(lower.len());
    let mut chars = lower.chars().peekable();
    let mut last_two = (' ', ' ');
    while let Some(c) = chars.next() {
        // The point after `a.i` ends no sentence either.
        let in_letters = last_two.0 == '.' && last_two.1.is_alphabetic();
        let ends = chars.peek().is_none_or(|next| next.is_whitespace()) && !in_letters;
        last_two = (last_two.1, c);
        match c {
            '.' if !ends => {}
            '.' | '!' | '?' | ';' => plain.push('\n'),
            '\'' | '\u{2019}' | '\u{301}' | '\u{303}' => {}
            'á' => plain.push('a'),
            'é' => plain.push('e'),
            'í' => plain.push('i'),
            'ó' => plain.push('o'),
            'ú' | 'ü' => plain.push('u'),
            'ñ' => plain.push('n'),
            c if c.is_alphanumeric() => plain.push(c),
            _ => plain.push(' '),
        }
    }
    let spaced = plain.split('\n').map(|sentence| {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        words
            .join(" ")
            .replace("pre recorded", "prerecorded")
            .replace("pre grabad", "pregrabad")
            .replace("tele marketing", "telemarketing")
            // These hold a negation and deny nothing: "even if my number is on a do not call list".
            .replace("do not call", "dnc")
            .replace("no llame", "dnc")
            .replace("no llamar", "dnc")
            .replace("without limitation", "")
            .replace("sin limitacion", "")
    });
    spaced.filter(|s| !s.is_empty()).collect()
}

fn is_negation(word: &str) -> bool {
    matches!(
        word,
        "not"
            | "no"
            | "never"
            | "dont"
            | "wont"
            | "isnt"
            | "arent"
            | "cannot"
            | "without"
            | "sin"
            | "nunca"
            | "ni"
            | "neither"
            | "nor"
            | "doesnt"
            | "excluding"
            | "except"
    )
}

/// Whether one of the `reach` words before `at` negates it; `not only` and `no obligation` do not.
fn negated(words: &[&str], at: usize, reach: usize) -> bool {
    let from = at.saturating_sub(reach);
    let window = words.get(from..at).unwrap_or_default();
    window.iter().enumerate().any(|(i, word)| {
        let follows = window.get(i + 1).copied().unwrap_or_default();
        is_negation(word) && !matches!(follows, "only" | "solo" | "obligation" | "limited" | "cost")
    })
}

fn near(words: &[&str], at: usize, reach: usize, test: impl Fn(&str) -> bool) -> bool {
    let after = words.get(at + 1..).unwrap_or_default();
    after.iter().take(reach).any(|w| test(w))
}

/// "Automated" alone is a dialer and not a voice: 47 CFR 64.1200(f)(9)(i)(A) wants the voice said.
fn says_artificial_voice(words: &[&str]) -> bool {
    let carries = |w: &str| {
        matches!(
            w,
            "voice"
                | "voices"
                | "voz"
                | "voces"
                | "message"
                | "messages"
                | "call"
                | "calls"
                | "recording"
                | "recordings"
                | "mensaje"
                | "mensajes"
                | "llamada"
                | "llamadas"
                | "audio"
                | "voicemail"
                | "voicemails"
                | "grabacion"
                | "grabaciones"
        )
    };
    let voice = |w: &str| matches!(w, "voice" | "voices" | "voz" | "voces");
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let before = words.get(at.saturating_sub(4)..at).unwrap_or_default();
        let hit = match *word {
            "prerecorded" => near(words, at, 6, carries),
            "pregrabada" | "pregrabadas" | "pregrabado" | "pregrabados" => {
                before.iter().any(|w| carries(w)) || near(words, at, 4, carries)
            }
            "artificial" if matches!(next, "intelligence") => near(words, at, 6, voice),
            "inteligencia" => before.iter().any(|w| voice(w)) || near(words, at, 6, voice),
            "artificial" | "artificiales" => {
                before.iter().any(|w| voice(w)) || near(words, at, 6, voice)
            }
            "ai" | "ia" | "synthetic" | "synthesized" | "synthesised" | "sintetica"
            | "sinteticas" => before.iter().any(|w| voice(w)) || near(words, at, 4, voice),
            _ => false,
        };
        hit && !negated(words, at, 7)
    })
}

fn says_marketing(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let hit = match *word {
            "marketing" | "telemarketing" | "mercadeo" | "mercadotecnia" | "telemercadeo"
            | "promotional" | "promotion" | "promotions" | "promocional" | "promocionales"
            | "promociones" | "solicitation" | "solicitations" | "publicidad" | "publicitario"
            | "publicitarios" | "publicitaria" | "publicitarias" | "ofertas" => true,
            "offers" | "offer" => {
                let before = words.get(at.saturating_sub(6)..at).unwrap_or_default();
                let about = [
                    "about",
                    "with",
                    "special",
                    "regarding",
                    "and",
                    "or",
                    "receive",
                    "of",
                    "for",
                ];
                before.iter().any(|w| about.contains(w))
            }
            "sales" => matches!(
                next,
                "call" | "calls" | "message" | "messages" | "and" | "or" | "purposes"
            ),
            "ventas" | "venta" => words.get(at.saturating_sub(1)) == Some(&"de"),
            word => word.starts_with("advertis"),
        };
        // "Marketing partners" says who calls and not what for.
        let who = matches!(
            next,
            "partner" | "partners" | "affiliates" | "department" | "team" | "agency"
        );
        hit && !who && !negated(words, at, 6)
    })
}

/// Words for having been given by the callee.
fn given(w: &str) -> bool {
    let stems = [
        "provid",
        "proporcion",
        "indicad",
        "indic",
        "suministr",
        "facilit",
    ];
    let exact = [
        "entered",
        "enter",
        "above",
        "below",
        "given",
        "give",
        "gave",
        "supplied",
        "supply",
        "submit",
        "submitted",
        "listed",
        "shared",
        "share",
        "furnished",
        "typed",
        "specified",
        "designated",
        "di",
        "doy",
        "ingrese",
        "ingresado",
        "ingresados",
        "arriba",
        "anterior",
        "dado",
        "escribi",
        "puse",
    ];
    exact.contains(&w) || stems.iter().any(|s| w.starts_with(s))
}

fn says_number_provided(words: &[&str]) -> bool {
    let is_number = |w: &str| {
        matches!(
            w,
            "number"
                | "numbers"
                | "phone"
                | "telephone"
                | "numero"
                | "numeros"
                | "telefono"
                | "celular"
                | "movil"
        )
    };
    words.iter().enumerate().any(|(at, word)| {
        if !is_number(word) {
            return false;
        }
        let before = words.get(at.saturating_sub(4)..at).unwrap_or_default();
        let close = words.get(at.saturating_sub(3)..at).unwrap_or_default();
        let pointed = close
            .iter()
            .any(|w| matches!(*w, "this" | "este" | "my" | "mi"));
        let at_it = before
            .iter()
            .any(|w| matches!(*w, "at" | "to" | "on" | "al" | "a" | "en"));
        let as_given = near(words, at, 6, given) || before.iter().any(|w| given(w) && *w != "give");
        (as_given || (pointed && at_it)) && !negated(words, at, 4)
    })
}

fn says_not_a_condition(words: &[&str]) -> bool {
    let buying = |w: &str| {
        let stems = ["purchas", "buy", "compra", "adquiri"];
        stems.iter().any(|s| w.starts_with(s))
            || matches!(
                w,
                "sale" | "goods" | "bienes" | "product" | "products" | "service" | "services"
            )
    };
    let about_buying = words.iter().any(|w| buying(w));
    // "I may buy without agreeing"; with any other negation the sentence says something else.
    let permits = words.iter().any(|w| matches!(*w, "can" | "may"))
        && !words
            .iter()
            .any(|w| is_negation(w) && !matches!(*w, "without" | "sin"));
    let without = words.windows(2).any(|pair| {
        matches!(
            pair,
            [
                "without",
                "agreeing" | "consenting" | "giving" | "providing"
            ]
        )
    });
    let denied = |at| is_condition(words, at) && condition_denied(words, at, &buying);
    about_buying && ((permits && without) || (0..words.len()).any(denied))
}

fn is_condition(words: &[&str], at: usize) -> bool {
    const STEMS: [&str; 6] = [
        "condition",
        "condicion",
        "requir",
        "requisito",
        "requier",
        "obligat",
    ];
    const EXACT: [&str; 7] = [
        "need",
        "obligado",
        "obligada",
        "necesario",
        "necessary",
        "mandatory",
        "prerequisite",
    ];
    let word = words.get(at).copied().unwrap_or_default();
    let must = word == "have" && words.get(at + 1) == Some(&"to");
    must || EXACT.contains(&word) || STEMS.iter().any(|s| word.starts_with(s))
}

/// A negation shortly before the condition, with nothing between them that it could negate instead: "if you do not
/// agree, it is a condition" and "no purchase necessary" are none.
fn condition_denied(words: &[&str], at: usize, buying: &dyn Fn(&str) -> bool) -> bool {
    let before = words.get(at.saturating_sub(5)..at).unwrap_or_default();
    let last = before
        .iter()
        .rposition(|w| is_negation(w) && !matches!(*w, "without" | "sin" | "except" | "excluding"));
    let Some(last) = last else { return false };
    let between = before.get(last + 1..).unwrap_or_default();
    let other = |w: &str| {
        buying(w)
            || w.starts_with("agree")
            || w.starts_with("consent")
            || matches!(w, "if" | "only")
    };
    !between.iter().any(|w| other(w))
}

#[cfg(test)]
#[path = "elements_tests.rs"]
mod tests;
