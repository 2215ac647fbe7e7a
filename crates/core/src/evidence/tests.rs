//! A whole log verifies; every way of tampering is found at its place.

use jiff::Timestamp;
use serde_json::json;

use super::dice::Dice;
use super::*;
use crate::id::Id;

const SECRET: [u8; 32] = [7; 32];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn log(entries: u64) -> (Vec<Event>, SignedHead) {
    let mut events: Vec<Event> = Vec::new();
    for seq in 1..=entries {
        let link = Link {
            id: Id::new(format!("evt_{seq}")),
            seq,
            at: at(0),
            clock: ClockKind::Real,
            prev: events.last().map_or(GENESIS, |e| &e.hash).to_owned(),
        };
        let draft = EventDraft::new("call.ringing", Subject::default(), json!({"n": seq}));
        events.push(draft.chain(link));
    }
    let head = SignedHead::sign(entries, &events.last().unwrap().hash, at(0), &SECRET);
    (events, head)
}

fn verdict(events: &[Event], head: Option<&SignedHead>) -> Option<(u64, FaultKind)> {
    let mut walk = ChainWalk::default();
    let walked = events.iter().try_for_each(|event| walk.step(event));
    walked
        .and_then(|()| walk.check_head(head, &public_key(&SECRET)))
        .err()
        .map(|fault| (fault.seq, fault.what))
}

#[test]
fn a_whole_log_verifies() {
    let (events, head) = log(5);
    assert_eq!(verdict(&events, Some(&head)), None);
}

#[test]
fn an_edited_entry_is_named() {
    let (mut events, head) = log(5);
    events[2].data = json!({"n": 33});
    assert_eq!(verdict(&events, Some(&head)), Some((3, FaultKind::Altered)));
    events[2].hash = events[2].computed_hash();
    assert_eq!(
        verdict(&events, Some(&head)),
        Some((4, FaultKind::Unlinked))
    );
}

#[test]
fn a_removed_or_moved_entry_is_named() {
    let (events, head) = log(5);
    let mut gone = events.clone();
    gone.remove(1);
    assert_eq!(verdict(&gone, Some(&head)), Some((2, FaultKind::Missing)));
    assert_eq!(
        verdict(&events[..4], Some(&head)),
        Some((5, FaultKind::Missing))
    );
    assert_eq!(verdict(&[], Some(&head)), Some((1, FaultKind::Missing)));
    assert_eq!(verdict(&[], None), Some((1, FaultKind::Missing)));
    let mut moved = events.clone();
    moved.swap(1, 2);
    moved[1].seq = 2;
    moved[2].seq = 3;
    assert_eq!(verdict(&moved, Some(&head)), Some((2, FaultKind::Altered)));
}

#[test]
fn a_log_written_anew_does_not_fit_its_head() {
    let (events, head) = log(5);
    let mut anew: Vec<Event> = Vec::new();
    for event in events.into_iter().filter(|e| e.seq != 2) {
        let link = Link {
            id: event.id.clone(),
            seq: anew.len() as u64 + 1,
            at: event.at,
            clock: event.clock,
            prev: anew.last().map_or(GENESIS, |e| &e.hash).to_owned(),
        };
        anew.push(EventDraft::new(event.kind, event.subject, event.data).chain(link));
    }
    assert_eq!(verdict(&anew, Some(&head)), Some((5, FaultKind::Missing)));
    let resigned = SignedHead::sign(4, &anew[3].hash, at(0), &[9; 32]);
    assert_eq!(
        verdict(&anew, Some(&resigned)),
        Some((4, FaultKind::HeadForged))
    );
    let mut renamed = resigned.clone();
    renamed.key = hex(&public_key(&SECRET));
    assert_eq!(
        verdict(&anew, Some(&renamed)),
        Some((4, FaultKind::HeadForged))
    );
}

#[test]
fn the_head_cannot_be_lost_or_rolled_back() {
    let (events, _) = log(5);
    assert_eq!(verdict(&events, None), Some((5, FaultKind::HeadMissing)));
    let older = SignedHead::sign(3, &events[2].hash, at(0), &SECRET);
    assert_eq!(
        verdict(&events, Some(&older)),
        Some((4, FaultKind::AfterHead))
    );
    let other = SignedHead::sign(5, &events[2].hash, at(0), &SECRET);
    assert_eq!(
        verdict(&events, Some(&other)),
        Some((5, FaultKind::HeadDiffers))
    );
}

#[test]
fn an_entry_is_hashed_over_its_canonical_form() {
    let event = EventDraft::new(
        "gate.decided\n\"",
        Subject {
            seller: Some("a\u{e9}".into()),
            ..Subject::default()
        },
        serde_json::json!({"b": [1, 2.5, null], "a": {"z": "\u{7f}\u{1}", "A": true}}),
    )
    .chain(Link {
        id: Id::from("evt_1"),
        seq: 7,
        at: "2026-11-21T10:00:00.000001Z".parse().unwrap(),
        clock: ClockKind::Test,
        prev: GENESIS.to_owned(),
    });
    let mut whole = serde_json::to_value(&event).unwrap();
    whole.as_object_mut().unwrap().remove("hash");
    let canonical = canonical_json(&whole);
    assert_eq!(event.hash, sha256_hex(canonical.as_bytes()), "{canonical}");
}

impl Dice {
    fn subject(&mut self) -> Subject {
        Subject {
            number: self.maybe(|dice| {
                let number = 2_005_550_100 + dice.below(800) * 10_000_000 + dice.below(100);
                crate::lead::PhoneNumber::from_nanp(number).unwrap()
            }),
            seller: self.maybe(Dice::text),
            campaign: self.maybe(Dice::id),
            lead: self.maybe(Dice::id),
            consent: self.maybe(Dice::id),
            decision: self.maybe(Dice::id),
            attempt: self.maybe(Dice::id),
            call: self.maybe(Dice::id),
            list: self.maybe(Dice::id),
        }
    }
}

#[test]
fn an_entry_written_as_texts_is_the_one_written_as_a_tree() {
    let mut dice = Dice::new(7);
    for _ in 0..2_000 {
        let subject = dice.subject();
        let (word, maybe, words) = (
            dice.text(),
            dice.maybe(Dice::text),
            [dice.text(), dice.text()],
        );
        let (number, at, truth) = (dice.below(u64::MAX), dice.instant(), dice.below(2) == 0);
        let tree = json!({
            "word": word, "maybe": maybe, "within": {"words": words, "number": number}, "at": at,
            "truth": truth,
        });
        let data = CanonicalObject::with_capacity(0)
            .instant("at", at)
            .text_or_null("maybe", maybe.as_deref())
            .truth("truth", truth)
            .object("within", |within| {
                within
                    .number("number", number)
                    .texts("words", words.iter().map(String::as_str))
            })
            .text("word", &word)
            .finish();
        let kind = dice.text();
        let link = Link {
            id: Id::new(dice.text()),
            seq: dice.below(u64::MAX),
            at: dice.instant(),
            clock: [ClockKind::Real, ClockKind::Test][dice.below(2) as usize],
            prev: dice.text(),
        };
        let direct = link.hash_of(&kind, &subject.canonical(), &data);
        let draft = EventDraft::new(kind, subject.clone(), tree);
        let texts = draft.canonical();
        assert_eq!(texts.1, data);
        assert_eq!(
            texts.0,
            canonical_json(&serde_json::to_value(&subject).unwrap())
        );
        assert_eq!(texts.0, subject.canonical());
        let event = draft.chain(link);
        assert_eq!(event.hash, direct);
        // And both are the hash over the canonical form of the entry as it is shown.
        let mut shown = serde_json::to_value(&event).unwrap();
        shown.as_object_mut().unwrap().remove("hash");
        assert_eq!(direct, sha256_hex(canonical_json(&shown).as_bytes()));
    }
}

#[test]
fn hexadecimal_is_lower_case_and_whole() {
    let bytes = [0xab; 70];
    assert_eq!(hex(&[0, 0x1a, 0xff]), "001aff");
    assert_eq!(hex(&bytes[..70]).len(), 140);
    assert!(sha256_hex(b"").starts_with("e3b0c44298fc1c14"));
}
