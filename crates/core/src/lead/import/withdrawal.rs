//! Cells by which a row says itself that its person withdrew or must not be called, in English and Spanish. In doubt
//! the answer is that they did: a call less is no harm, a call after a no is.

use super::columns::words_of;

/// What is said of a person who must not be called, wherever it stands in a short text; lower case, no accents, between bars as below.
const SAID: &str = "unsubscribed|unsubscribe|unsubscribes|unsubscription|unsub|opted out|opt out|\
    opts out|opting out|optout|optedout|do not call|do not contact|do not phone|\
    do not dial|do not ring|do not solicit|do not market|do not disturb|\
    does not want calls|doesnt want calls|dont call|dont contact|donotcall|donotcontact|\
    not to call|not to be called|not to be contacted|never call|never contact|no calls|\
    no more calls|dnc|dncl|revoked|revoke|revokes|revocation|withdrawn|withdrew consent|\
    removed|remove|removal requested|stop|stopped|stopall|blocked|block|blocklist|\
    blocklisted|blacklist|blacklisted|suppressed|suppress|suppression|cease and desist|\
    litigator|litigators|litigant|litigious|deceased|passed away|no llamar|no llame|\
    no llamen|no me llame|no me llamen|no volver a llamar|nollamar|no contactar|\
    no contacte|no contacten|no volver a contactar|no molestar|de baja|baja voluntaria|\
    baja definitiva|baja solicitada|solicita baja|solicito baja|pidio baja|dio baja|\
    revocado|revocada|revoco|desuscrito|bloqueado|bloqueada|fallecido|fallecida|\
    lista negra";

/// Words that turn what follows them within the same clause into its opposite.
const NEGATIONS: &str = "not|no|never|none|non|isnt|hasnt|without|sin|nunca|one";

/// What may stand between a negation and its word: `not on the DNC`, but `no answer, stop` is a stop.
const BETWEEN: &str = "on|in|been|yet|longer|is|has|the|any|a|ha|sido|esta|en|la";

/// Values of a do-not-call column that say plainly that there is no mark.
const UNMARKED: &str = "no|n|false|f|0|0.0|-|--|—|–|✗|✘|☐|❌|falso|off|unchecked|unticked|\
    none|null|nil|nan|n/a|na|#n/a|never|nunca|ninguno|ninguna|not given|not set|not applicable|\
    clean|clear|cleared|callable|ok|okay|allowed|safe|subscribed|opted in|opt in|optin|\
    not listed|not found|not on list|unlisted|no match|no hit|no record";

/// Headers that name a mark wherever these words stand in them.
const MARK_HEADERS: &str = "opt out|opted out|opts out|opting out|optout|optedout|unsubscribed|unsubscribe|\
    unsubscription|unsub|dnc|donotcall|donotcontact|do not call|do not contact|\
    do not phone|do not dial|do not solicit|dont call|dont contact|no llamar|\
    no contactar|no molestar|stop calling";

/// Words that name a mark only among `BESIDE_A_MARK`: "Has your licence been revoked?" is a form's question.
const MARK_WORDS: &str = "revoked|revocation|revoke|revocado|revocada|revocacion|withdrawn|withdrawal|baja|\
    litigator|deceased|fallecido|fallecida|suppressed|suppression|suppress|blacklist|\
    blacklisted|blocklist|blocklisted|blocked|removed|removal|stop|stopped|unsubscribes";

const BESIDE_A_MARK: &str = "at|on|by|is|was|has|been|from|of|date|time|datetime|timestamp|utc|reason|flag|list|\
    request|requested|received|status|consent|consents|consentimiento|permission|\
    authorization|tcpa|pewc|optin|lead|contact|customer|person|number|phone|call|calls|\
    calling|known|tcpalitigator|fecha|de|del|dado|motivo|cliente|contacto";

/// Beginnings and ends of headers written as one word: `consentrevoked`, `optoutdate`.
const RUN_TOGETHER: &str = "optout|optedout|unsubscribe|consentrevoked|revokedat|revocationdate|donotcall|\
    donotcontact|dncdate";

/// Beside a mark's words: another channel than the phone, or a text that every row has alike.
const NOT_A_MARK: &str = "email|emails|mail|mailing|correo|newsletter|newsletters|fax|cookie|cookies|url|link|\
    token|page|text|language|wording|disclosure|policy|instructions|keyword|keywords|\
    version";

/// A look-up that was made, which is no mark unless the column holds what it gave.
const LOOK_UP: &str = "check|checked|checks|scrub|scrubbed|scrubs|verified|lookup|cleared";

const LOOK_UP_ANSWER: &str = "status|result|flag|hit|match";

/// One of these makes a header a status column, if all its words are these or `BESIDE_A_STATUS`.
const STATUS_WORDS: &str = "status|statuses|estado|estatus|disposition|dispositions|disposicion|dispo|outcome|\
    result|resultado|stage|substatus|tag|tags|label|labels|etiqueta|etiquetas";

const BESIDE_A_STATUS: &str = "lead|leads|contact|call|calling|last|latest|current|final|previous|prior|phone|\
    customer|client|prospect|person|record|member|subscriber|subscription|marketing|\
    dialer|agent|crm|code|name|sub|reason|lifecycle|de|del|la|llamada|contacto|cliente|\
    ultimo|ultima|actual";

fn phrase_at(phrases: &str, words: &[String], at: usize) -> bool {
    phrases.split('|').any(|phrase| {
        let mut parts = phrase.split(' ').enumerate();
        parts.all(|(n, part)| words.get(at + n).is_some_and(|word| word == part))
    })
}

fn is_in(list: &str, word: &str) -> bool {
    list.split('|').any(|listed| listed == word)
}

fn holds(list: &str, words: &[String]) -> bool {
    words.iter().any(|word| is_in(list, word))
}

/// Whether a column with this header holds marks: a yes, a date, anything that is not plainly none.
pub(super) fn names_a_mark(words: &[String]) -> bool {
    let look_up = holds(LOOK_UP, words) && !holds(LOOK_UP_ANSWER, words);
    if look_up || holds(NOT_A_MARK, words) {
        return false;
    }
    let before = |at: usize| at.checked_sub(1).and_then(|at| words.get(at));
    let strong = (0..words.len()).any(|at| {
        phrase_at(MARK_HEADERS, words, at) && before(at).is_none_or(|word| word != "not")
    });
    let known = |word: &String| is_in(MARK_WORDS, word) || is_in(BESIDE_A_MARK, word);
    let weak = holds(MARK_WORDS, words) && words.iter().all(known);
    let together = words.iter().any(|word| {
        let mut parts = RUN_TOGETHER.split('|');
        parts.any(|part| word.starts_with(part) || word.ends_with(part))
    });
    strong || weak || together
}

/// Whether a column with this header says how it stands with the person.
pub(super) fn names_a_status(words: &[String]) -> bool {
    let known = |word: &String| is_in(STATUS_WORDS, word) || is_in(BESIDE_A_STATUS, word);
    holds(STATUS_WORDS, words) && words.iter().all(known)
}

fn is_negated(words: &[String], at: usize) -> bool {
    let mut before = words.get(..at).unwrap_or_default().iter().rev();
    let nearest = before.find(|word| !is_in(BETWEEN, word));
    // "No stop" and "no remove me" are answers, and not the absence of a stop.
    let command = words.get(at).is_some_and(|word| is_in("stop|remove", word));
    nearest.is_some_and(|word| is_in(NEGATIONS, word) && !(command && word == "no"))
}

/// Whether the text names a withdrawal at all, and whether it does so without taking it back (`not revoked`).
fn said(cell: &str) -> (bool, bool) {
    let (mut named, mut meant) = (false, false);
    let text = cell.replace(" - ", ";").replace(['—', '–'], ";");
    for clause in text.split([',', ';', '.', ':', '(', ')', '/', '|', '!', '?', '=', '\n']) {
        let words = words_of(clause);
        // `baja` is also "low", and half of a Mexican state's name.
        let alone = words.len() == 1 && holds("baja|bajas|quit", &words);
        (named, meant) = (named || alone, meant || alone);
        for at in (0..words.len()).filter(|at| phrase_at(SAID, &words, *at)) {
            named = true;
            meant |= !is_negated(&words, at);
        }
    }
    // `DNC: no`.
    let answer = cell.rsplit_once([':', '=', '?']).map(|(_, answer)| answer);
    let taken_back = answer.is_some_and(|answer| !answer.trim().is_empty() && is_listed_no(answer));
    (named, meant && !taken_back)
}

/// Whether a status or a short text says that the person withdrew or must not be called.
pub(super) fn withdraws(cell: &str) -> bool {
    said(cell).1
}

/// The same of a consent column's cell, where a long text is the words that were agreed to, and those name the way out.
pub(super) fn withdraws_in_short(cell: &str) -> bool {
    const WORDS_MAX: usize = 6;
    cell.split_whitespace().nth(WORDS_MAX).is_none() && withdraws(cell)
}

fn is_listed_no(cell: &str) -> bool {
    let text = cell.trim().trim_matches(['\'', '"', '.', '!', '\u{FE0F}']);
    let text = text.trim().to_lowercase();
    let spaced = text.replace(['-', '_'], " ");
    is_in(UNMARKED, &text) || is_in(UNMARKED, spaced.trim())
}

/// Whether a cell of a do-not-call column is a mark. A date is one, and so is what nobody can read.
pub(super) fn is_marked(cell: &str) -> bool {
    if cell.trim().is_empty() || is_listed_no(cell) {
        return false;
    }
    // A database's date for none is `0000-00-00`.
    let mut signs = cell.chars().filter(|c| c.is_alphanumeric()).peekable();
    if signs.peek().is_some() && signs.all(|c| c == '0') {
        return false;
    }
    let (named, meant) = said(cell);
    meant || !named
}

#[cfg(test)]
mod tests {
    use super::super::columns::{Field, field_of};
    use super::super::{ImportOptions, ImportReport, read_leads};
    use super::*;

    fn read(text: &str) -> ImportReport {
        read_leads(text.as_bytes(), &ImportOptions::default()).unwrap()
    }

    #[test]
    fn headers_of_marks_and_of_statuses() {
        for header in [
            "consent_revoked",
            "consent_revoked_at",
            "Consent Revoked Date",
            "revoked_at",
            "revocation_date",
            "consent_withdrawn",
            "opt_out_date",
            "Opt-Out",
            "opted_out_at",
            "optoutdate",
            "OptedOutAt",
            "unsubscribed_at",
            "dnc_date",
            "National DNC",
            "dnc_status",
            "do_not_call_date",
            "Do Not Contact",
            "fecha_baja",
            "Fecha de baja",
            "No llamar",
            "sms_opt_out",
            "is_litigator",
            "Deceased",
            "suppressed_at",
        ] {
            let field = field_of(header).map(|(field, _)| field);
            assert_eq!(field, Some(Field::DoNotCall), "{header}");
        }
        for header in [
            "status",
            "Lead Status",
            "contact_status",
            "call_status",
            "disposition",
            "last_disposition",
            "call_result",
            "Resultado de la llamada",
            "tags",
        ] {
            let field = field_of(header).map(|(field, _)| field);
            assert_eq!(field, Some(Field::Status), "{header}");
        }
        for header in [
            "HasOptedOutOfEmail",
            "unsubscribe_url",
            "opt_out_instructions",
            "dnc_checked_at",
            "Has your license been revoked?",
            "Is the injured person deceased?",
            "marital_status",
            "order_status",
            "not_opted_out",
            "Baja California",
            "next_stop",
            "blocked drain?",
        ] {
            assert_eq!(field_of(header), None, "{header}");
        }
    }

    #[test]
    fn what_a_status_says() {
        for text in [
            "unsubscribed",
            "Opted Out",
            "opt-out",
            "OPTED_OUT",
            "Do Not Call",
            "DoNotCall",
            "DNC",
            "dnc - customer request",
            "Don\u{2019}t call",
            "do not contact",
            "Revoked",
            "removed",
            "Remove from list",
            "STOP",
            "stopped",
            "texted STOP",
            "blocked",
            "TCPA litigator",
            "deceased",
            "Baja",
            "dado de baja",
            "No llamar",
            "no contactar",
            "No, opted out",
            "contacted; asked to stop",
            "not interested remove me",
            "no answer STOP",
            "asked one time to stop",
            "No stop",
        ] {
            assert!(withdraws(text), "{text}");
        }
        for text in [
            "",
            "new",
            "contacted",
            "not contacted",
            "No contact",
            "opted in",
            "opt-in",
            "not revoked",
            "Not opted out",
            "never unsubscribed",
            "active",
            "do not know",
            "not on DNC",
            "has not been revoked",
            "DNC: no",
            "one-stop shop",
            "unblocked",
            "Baja California",
            "prioridad baja",
            "TX",
            "interested",
            "callback",
        ] {
            assert!(!withdraws(text), "{text}");
        }
    }

    #[test]
    fn what_counts_as_a_mark() {
        for text in [
            "yes",
            "x",
            "1",
            "2026-11-20",
            "11/20/2026 6:22 PM",
            "some day",
            "46346",
            "1795229998",
            "opted out",
            "revoked",
            "No llamar",
            "No calls",
            "unknown",
            "?",
        ] {
            assert!(is_marked(text), "{text}");
        }
        for text in [
            "",
            " ",
            "No",
            "never",
            "N/A",
            "0",
            "FALSE",
            "-",
            "not revoked",
            "not opted out",
            "Opted-in",
            "clean",
            "0000-00-00 00:00:00",
        ] {
            assert!(!is_marked(text), "{text}");
        }
    }

    #[test]
    fn a_row_that_withdrew_is_no_lead_whatever_its_column_is_called() {
        let consent = "2026-11-19,I agree that Acme may call me. Reply STOP to opt out.";
        for (header, cell, marked) in [
            ("consent_revoked", "yes", true),
            ("consent_revoked", "no", false),
            ("consent_revoked", "revoked", true),
            ("consent_revoked_at", "2026-11-20T10:00:00Z", true),
            ("revoked_at", "last week", true),
            ("revoked_at", "", false),
            ("opt_out_date", "never", false),
            ("opt_out", "opted out", true),
            ("fecha_baja", "20/11/2026", true),
            ("status", "Unsubscribed", true),
            ("status", "new", false),
            ("Estado", "No llamar", true),
            ("estado", "TX", false),
            ("last_disposition", "DNC", true),
            ("consent_status", "revoked", true),
            ("consent_status", "granted", false),
        ] {
            let text =
                format!("phone,consent_at,consent_text,{header}\n2125550101,{consent},{cell}\n");
            let report = read(&text);
            let lines: Vec<u64> = report.do_not_call.iter().map(|row| row.line).collect();
            let want: &[u64] = if marked { &[2] } else { &[] };
            assert_eq!(lines, want, "{header} = {cell}");
            assert_eq!(report.leads.len(), usize::from(!marked), "{header}");
            // The mark must be what keeps the row from being dialed: without it there is a consent.
            let lead = report.leads.first();
            assert!(lead.is_none_or(|lead| lead.consent.is_some()), "{header}");
        }
        let kept = read("phone,status\n2125550101,contacted\n");
        assert_eq!(kept.leads[0].extra["status"], "contacted");
    }
}
