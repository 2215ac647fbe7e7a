//! Numbers that wait for a person's decision.

use ringfence_core::gate::ReasonCode;
use ringfence_store::campaign::{LeadProgress, LeadState};
use ringfence_store::evidence::EventFilter;
use ringfence_store::hold::{HoldDraft, HoldState, Review};
use ringfence_store::suppression::Heard;
use ringfence_store::{PageRequest, Store, StoreError};

use super::*;

pub fn draft(seconds: i64, call: Option<&str>) -> HoldDraft {
    HoldDraft {
        number: number(CALLEE),
        seller: Some("acme".into()),
        call: call.map(Id::from),
        channel: "call-voice".into(),
        said: "i'm not interested".into(),
        heard: Heard {
            recogniser: "opt-out-model".into(),
            score: 0.25,
            because: "not interested".into(),
            context: Some("may I tell you more?".into()),
            audio: Some("12.4-13.9 s".into()),
        },
        at: at(seconds),
        due_at: at(seconds + 864_000),
    }
}

fn review(by: &str) -> Review {
    Review {
        by: by.into(),
        note: Some("meant the offer".into()),
    }
}

pub fn a_hold_bars_until_it_is_released(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let campaign = campaign(store);
    let lead = lead(store, &campaign.id, CALLEE);
    let running = ringfence_store::campaign::CampaignState::Running;
    store
        .set_campaign_state(&campaign.id, running, at(0))
        .unwrap();
    let reserved = store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    let hold = store.hold(draft(2, Some("call_1")), at(2)).unwrap();
    assert_eq!(hold.state, HoldState::Open);
    assert_eq!(hold.draft, draft(2, Some("call_1")), "kept as it was made");
    let again = store.hold(draft(3, Some("call_1")), at(3)).unwrap();
    assert_eq!(again.id, hold.id, "one call, one hold");
    let token = reserved.permit.unwrap().token;
    assert!(matches!(
        store.redeem(&token, at(3)),
        Err(StoreError::Conflict(_))
    ));
    assert!(facts(store, CALLEE, at(1)).holds.is_empty(), "not yet");
    assert_eq!(facts(store, CALLEE, at(3)).holds[0].id, hold.id);

    // A lead that the hold made wait is due at once when it is released.
    store.claim_due(&campaign.id, 1, at(4)).unwrap();
    let waits = LeadProgress {
        reasons: vec![ReasonCode::Held],
        ..LeadProgress::default()
    };
    store.requeue(&lead, at(90_000), waits, at(5)).unwrap();
    assert!(store.claim_due(&campaign.id, 1, at(6)).unwrap().is_empty());
    let released = store
        .release_hold(&hold.id, review("key_1"), at(7))
        .unwrap();
    assert_eq!(released.state, HoldState::Released);
    assert_eq!(released.decided_by.as_deref(), Some("key_1"));
    assert!(facts(store, CALLEE, at(8)).holds.is_empty());
    assert_eq!(
        facts(store, CALLEE, at(6)).holds.len(),
        1,
        "as it stood then"
    );
    assert_eq!(store.claim_due(&campaign.id, 1, at(8)).unwrap().len(), 1);
    assert_eq!(store.lead(&lead).unwrap().state, LeadState::Reserved);
    let twice = store.release_hold(&hold.id, review("key_1"), at(9));
    assert!(matches!(twice, Err(StoreError::Conflict(_))));
    assert!(matches!(
        store.release_hold(&Id::from("hold_0"), review("x"), at(9)),
        Err(StoreError::NotFound(_))
    ));
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}

pub fn open_holds_come_in_the_order_of_their_days(store: &dyn Store) {
    let make = |seconds: i64, seller: Option<&str>, due_s: i64| {
        let mut draft = draft(seconds, None);
        draft.seller = seller.map(str::to_owned);
        draft.due_at = at(due_s);
        store.hold(draft, at(10)).unwrap().id
    };
    let late = make(1, Some("acme"), 900);
    let first = make(2, Some("acme"), 100);
    let others = make(3, Some("other"), 300);
    let all = make(4, None, 300);
    let decided = make(5, Some("acme"), 50);
    store
        .release_hold(&decided, review("key_1"), at(11))
        .unwrap();

    let list = |sellers: &[&str], limit: u32| {
        let sellers: Vec<String> = sellers.iter().map(|s| (*s).to_owned()).collect();
        let (mut page, mut ids) = (PageRequest::first(limit), Vec::new());
        loop {
            let holds = store.open_holds(&sellers, &page).unwrap();
            ids.extend(holds.items.into_iter().map(|hold| hold.id));
            match holds.next_cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => return ids,
            }
        }
    };
    let everyones = vec![first.clone(), others.clone(), all.clone(), late.clone()];
    for limit in [1, 2, 3, 100] {
        assert_eq!(list(&[], limit), everyones, "{limit} at a time");
    }
    let mine = vec![first, all.clone(), late];
    assert_eq!(list(&["acme"], 1), mine, "and those that bind every seller");
    assert_eq!(list(&["other", "nobody"], 100), vec![others, all]);

    let count = |sellers: &[String], now| {
        let count = store.open_hold_count(sellers, at(now)).unwrap();
        (count.open, count.overdue, count.first_due_at)
    };
    assert_eq!(count(&[], 99), (4, 0, Some(at(100))));
    assert_eq!(count(&[], 300), (4, 3, Some(at(100))));
    assert_eq!(count(&["other".to_owned()], 100), (2, 0, Some(at(300))));
    for foreign in ["hold_1", "x.hold_1", ""] {
        let page = PageRequest {
            cursor: Some(foreign.to_owned()),
            limit: 1,
        };
        let refused = store.open_holds(&[], &page);
        assert!(
            matches!(refused, Err(StoreError::Invalid { .. })),
            "{foreign}"
        );
    }
}

pub fn a_hold_becomes_an_opt_out(store: &dyn Store) {
    // By a person, since the words were said.
    let hold = store.hold(draft(0, None), at(0)).unwrap();
    let (decided, receipt) = store
        .opt_out_hold(&hold.id, review("key_1"), OptOutScope::Seller, at(50))
        .unwrap();
    assert_eq!(decided.state, HoldState::OptedOut);
    assert!(receipt.revocation.is_some());
    let entries = facts(store, CALLEE, at(60)).suppressions.internal;
    assert_eq!((entries.len(), entries[0].at), (1, at(0)));
    // By time.
    let hold = store.hold(draft(100, None), at(100)).unwrap();
    let due = |now| store.expire_holds(OptOutScope::Seller, 10, now).unwrap();
    assert!(due(at(864_099)).is_empty());
    let expired = due(at(864_100));
    assert_eq!((expired.len(), &expired[0].0.id), (1, &hold.id));
    assert!(due(at(864_100)).is_empty(), "once");
    // By a plain opt-out that follows; another seller's hold stays.
    let hold = store.hold(draft(200, None), at(864_200)).unwrap();
    let mut other = draft(200, None);
    other.seller = Some("other".into());
    let other = store.hold(other, at(864_200)).unwrap();
    let told = Revocation {
        by: Some("key_2".into()),
        ..revocation(300)
    };
    let receipt = store.revoke(told, at(864_300)).unwrap();
    assert_eq!(receipt.holds, vec![hold.id.clone()]);
    let open = |sellers: &[&str]| {
        let sellers: Vec<String> = sellers.iter().map(ToString::to_string).collect();
        let open = Some(HoldState::Open);
        let page = store.holds(open, &sellers, &PageRequest::first(10));
        let ids = page.unwrap().items.into_iter().map(|hold| hold.id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(open(&[]), std::slice::from_ref(&other.id));
    assert_eq!(open(&["acme", "other"]), [other.id]);
    assert!(open(&["acme"]).is_empty());
    assert_eq!(store.holds_of(number(CALLEE)).unwrap().len(), 4);
    let filter = EventFilter {
        kind: Some("converse.opt-out".into()),
        ..EventFilter::default()
    };
    let told = store.events(0, 10, &filter).unwrap();
    assert_eq!(told.len(), 3, "each under the one name");
    let by: Vec<_> = told.iter().map(|event| &event.data["by"]).collect();
    assert_eq!(by, ["key_1", "time", "key_2"], "who decided");
    assert_eq!(told[0].data["heard"]["because"], "not interested");
    let future = store.hold(draft(9_000_000, None), at(0));
    assert!(matches!(future, Err(StoreError::Invalid { .. })));
}

pub fn many_opt_outs_are_all_or_none(store: &dyn Store) {
    let of = |to: &str, seconds| Revocation {
        number: number(to),
        ..revocation(seconds)
    };
    let bad = vec![of(CALLEE, 0), of("+12125550124", 9_000_000)];
    assert!(store.revoke_all(bad, at(0)).is_err());
    assert!(store.suppressions_of(number(CALLEE)).unwrap().is_empty());
    let good = vec![of(CALLEE, 0), of("+12125550124", 0)];
    assert_eq!(store.revoke_all(good, at(0)).unwrap().len(), 2);
    assert_eq!(store.suppressions_of(number(CALLEE)).unwrap().len(), 1);
}
