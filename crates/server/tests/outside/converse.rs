//! What callees say in calls over real SIP and RTP: unclear words, interim words, words of the agent.

use std::time::{Duration, Instant};

use ringfence_telephony::simulated::Persona;
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::server::{Server, World, consent, tone};

fn world(callees: &[&str]) -> (World, Carrier, Server) {
    world_of(callees, &[])
}

fn world_of(callees: &[&str], personas: &[(&str, Persona)]) -> (World, Carrier, Server) {
    let carrier = Carrier::start(personas);
    let world = World::new();
    let server = carrier.serve(&world, "");
    server.prompt(
        "disclosure",
        "Acme Solar LLC calling with an AI",
        &tone(1_500),
    );
    for number in callees {
        server.post("/v1/consents", &consent(number)).ok();
    }
    (world, carrier, server)
}

fn say(server: &Server, placed: &Value, speaker: &str, text: &str, is_final: bool) -> Value {
    let path = format!("/v1/calls/{}/transcript", placed["id"].as_str().unwrap());
    let words = json!({"speaker": speaker, "text": text, "final": is_final,
                       "audio": "3.1-4.0 s"});
    server.post(&path, &words).ok()["opt_out"].clone()
}

fn answered(server: &Server, number: &str) -> Value {
    let placed = server.call(number);
    let id = placed["id"].as_str().unwrap();
    server.call_when(id, |call| call["disclosure"]["state"] == "sending");
    placed
}

fn events(server: &Server, placed: &Value) -> Vec<String> {
    let call = placed["id"].as_str().unwrap();
    let path = format!("/v1/events?call={call}&limit=200");
    let items = server.get(&path).ok()["items"].clone();
    let items = items.as_array().unwrap().clone();
    items
        .iter()
        .map(|e| e["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_opt_out_is_acknowledged_to_the_end() {
    let number = "+12125550111";
    let (_world, _carrier, server) = world(&[number]);
    server.prompt("acknowledgement", "You are off", &tone(1_500));
    let placed = answered(&server, number);
    assert_eq!(
        say(&server, &placed, "callee", "stop calling me", true),
        true
    );
    let call = server.ended(&placed);
    assert_eq!(call["opt_out"], true);
    let events = events(&server, &placed);
    assert!(
        events.iter().any(|e| e == "call.prompt-played"),
        "{events:?}"
    );
}

#[test]
fn unclear_words_end_the_call_with_a_farewell_and_hold_the_number() {
    let number = "+12125550111";
    let (_world, _carrier, server) = world(&[number]);
    server.prompt("farewell", "To stop all calls press 9", &tone(400));
    server.prompt("message", "A long offer", &tone(20_000));
    let began = Instant::now();
    let placed = answered(&server, number);
    let asked = "yes who is this";
    assert_eq!(say(&server, &placed, "callee", asked, true), false);
    say(
        &server,
        &placed,
        "agent",
        "may i tell you about our offer",
        true,
    );
    assert_eq!(
        say(&server, &placed, "callee", "i'm not interested", true),
        Value::Null
    );
    assert_eq!(server.reasons(number, "acme-solar"), ["held"], "at once");
    let call = server.ended(&placed);
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "the offer was made"
    );
    assert_eq!(
        (&call["outcome"], &call["opt_out"]),
        (&json!("answered"), &json!(false))
    );
    assert_eq!(call["disclosure"]["state"], "complete", "heard whole");
    let events = events(&server, &placed);
    for wanted in [
        "converse.held",
        "converse.said",
        "converse.ambiguous",
        "call.prompt-played",
    ] {
        assert!(events.iter().any(|e| e == wanted), "{wanted}: {events:?}");
    }
    assert!(!events.iter().any(|e| e == "converse.message-played"));
    let said = events.iter().filter(|e| *e == "converse.said").count();
    assert_eq!(said, 2, "what is no opt-out is kept, too: {events:?}");
    let hold = &server.get("/v1/holds").ok()["items"][0];
    assert_eq!(hold["call"], placed["id"], "{hold:#}");
    assert_eq!(hold["heard"]["context"], "may i tell you about our offer");
    assert_eq!(hold["heard"]["audio"], "3.1-4.0 s");
}

#[test]
fn interim_words_count_when_they_are_stable() {
    let (extended, stands, changed) = ("+12125550112", "+12125550113", "+12125550114");
    let (_world, _carrier, server) = world(&[extended, stands, changed]);

    let placed = answered(&server, extended);
    assert_eq!(
        say(&server, &placed, "callee", "stop calling", false),
        Value::Null
    );
    // The agent's own words between neither count nor disturb.
    say(&server, &placed, "agent", "stop calling me", true);
    assert_eq!(server.reasons(extended, "acme-solar"), Vec::<String>::new());
    assert_eq!(
        say(&server, &placed, "callee", "stop calling me", false),
        true
    );
    assert_eq!(
        server.reasons(extended, "acme-solar"),
        ["consent-revoked", "dnc-internal"]
    );
    assert_eq!(server.ended(&placed)["opt_out"], true);

    let placed = answered(&server, stands);
    assert_eq!(
        say(&server, &placed, "callee", "stop calling me", false),
        Value::Null
    );
    // No final text ever comes, and the callee may have hung up meanwhile.
    let began = Instant::now();
    while server.reasons(stands, "acme-solar") != ["consent-revoked", "dnc-internal"] {
        assert!(began.elapsed() < Duration::from_secs(10), "never counted");
        std::thread::sleep(Duration::from_millis(20));
    }

    let placed = answered(&server, changed);
    assert_eq!(
        say(&server, &placed, "callee", "stop calling me", false),
        Value::Null
    );
    let longer = "my neighbor yells stop calling me at his dog all day";
    let _ = say(&server, &placed, "callee", longer, false);
    let fine = "yes tuesday at five works for me thank you";
    assert_eq!(say(&server, &placed, "callee", fine, true), false);
    std::thread::sleep(Duration::from_millis(900));
    assert!(
        server.reasons(changed, "acme-solar").is_empty(),
        "nobody opted out"
    );
}

#[test]
fn an_opt_out_taken_beside_the_server_ends_the_call_here() {
    let number = "+12125550115";
    let (world, _carrier, server) = world(&[number]);
    server.prompt("message", "A long offer", &tone(20_000));
    let placed = answered(&server, number);
    let other = world.serve(&[]);
    let began = Instant::now();
    // In another process: no call of this one was told by it.
    let said = json!({"number": number, "seller": "acme-solar", "channel": "letter"});
    other.post("/v1/revocations", &said).ok();
    let call = server.ended(&placed);
    assert!(began.elapsed() < Duration::from_secs(10), "{call:#}");
}

/// "I'm not interested" by text message, the phone at the ear: the same effect as saying it.
#[test]
fn unclear_words_by_text_message_end_an_answered_call_with_the_farewell() {
    let (here, beside) = ("+12125550120", "+12125550121");
    let (world, _carrier, server) = world(&[here, beside]);
    server.prompt("farewell", "To stop all calls press 9", &tone(400));
    server.prompt("message", "A long offer", &tone(20_000));
    let other = world.serve(&[]);
    for (number, heard_by) in [(here, &server), (beside, &other)] {
        let began = Instant::now();
        let placed = answered(&server, number);
        // Another seller's hold is none of this call's business.
        unclear(heard_by, number, "other");
        std::thread::sleep(Duration::from_millis(400));
        assert!(!events(&server, &placed).contains(&"call.parting".to_owned()));
        unclear(heard_by, number, "acme-solar");
        let call = server.ended(&placed);
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "the offer was made"
        );
        assert_eq!(call["outcome"], "answered", "{call:#}");
        assert_eq!(call["opt_out"], false);
        assert_eq!(call["disclosure"]["state"], "complete", "heard whole");
        let events = events(&server, &placed);
        for wanted in ["call.parting", "call.prompt-played"] {
            let count = events.iter().filter(|e| *e == wanted).count();
            assert_eq!(count, 1, "{wanted}: {events:?}");
        }
        assert!(!events.iter().any(|e| e == "converse.message-played"));
        assert_eq!(server.reasons(number, "acme-solar"), ["held"]);
    }
}

/// Unclear words by text message, for one seller.
fn unclear(server: &Server, number: &str, seller: &str) -> String {
    let path = format!("/v1/hooks/sms?seller={seller}");
    let words = json!({"from": number, "text": "i'm not interested"});
    let hold = server.post(&path, &words).ok()["holds"][0].clone();
    hold.as_str().unwrap().to_owned()
}

fn ringing(server: &Server, number: &str) -> Value {
    let placed = server.call(number);
    let id = placed["id"].as_str().unwrap();
    server.call_when(id, |call| call["state"] == "ringing");
    placed
}

#[test]
fn a_hold_cancels_what_rings_and_cuts_nobody_off() {
    let (rings, beside, talks) = ("+12125550116", "+12125550117", "+12125550118");
    let never = [(rings, Persona::NoAnswer), (beside, Persona::NoAnswer)];
    let (world, _carrier, server) = world_of(&[rings, beside, talks], &never);
    let (first, second) = (ringing(&server, rings), ringing(&server, beside));
    let third = answered(&server, talks);
    let began = Instant::now();

    // Another seller's hold is none of this call's business.
    unclear(&server, rings, "other");
    std::thread::sleep(Duration::from_millis(600));
    let path = format!("/v1/calls/{}", first["id"].as_str().unwrap());
    assert_eq!(server.get(&path).ok()["state"], "ringing");

    unclear(&server, rings, "acme-solar");
    let cancelled = server.ended(&first);
    assert_eq!(cancelled["outcome"], "cancelled", "{cancelled:#}");

    unclear(&server, talks, "acme-solar");
    let finished = server.ended(&third);
    assert_eq!(finished["disclosure"]["state"], "complete", "{finished:#}");

    // One that another process took is found in the log.
    let other = world.serve(&[]);
    unclear(&other, beside, "acme-solar");
    let cancelled = server.ended(&second);
    assert_eq!(cancelled["outcome"], "cancelled", "{cancelled:#}");
    let limit = Duration::from_secs(12);
    assert!(began.elapsed() < limit, "that was the ring limit of 15 s");
    let path = "/v1/events?type=call.cancelled";
    for event in server.get(path).ok()["items"].as_array().unwrap() {
        assert_eq!(event["data"]["why"], "held", "{event:#}");
    }
}

/// What another process wrote is found in the log a while later; a consent may be later still.
#[test]
fn a_call_that_a_later_consent_allows_is_not_cancelled_by_an_older_opt_out() {
    let number = "+12125550119";
    let (world, _carrier, server) = world_of(&[number], &[(number, Persona::NoAnswer)]);
    let other = world.serve(&[]);
    for round in 0..4 {
        // Something is under way, so that the log is read.
        let placed = ringing(&server, number);
        let said = json!({"number": number, "seller": "acme-solar", "channel": "letter"});
        other.post("/v1/revocations", &said).ok();
        assert_eq!(server.ended(&placed)["outcome"], "cancelled");
        // The next is written and lifted between two looks at the log.
        other.post("/v1/revocations", &said).ok();
        std::thread::sleep(Duration::from_millis(5));
        let mut anew = consent(number);
        anew["granted_at"] = server.get("/ready").ok()["clock"]["now"].clone();
        server.post("/v1/consents", &anew).ok();
        let placed = ringing(&server, number);
        std::thread::sleep(Duration::from_millis(700));
        let path = format!("/v1/calls/{}", placed["id"].as_str().unwrap());
        let call = server.get(&path).ok();
        assert_eq!(call["state"], "ringing", "round {round}: {call:#}");
        server.post(&format!("{path}:hangup"), &json!({})).ok();
        server.ended(&placed);
    }
}
