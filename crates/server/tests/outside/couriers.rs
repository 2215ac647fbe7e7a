//! Opt-outs by text message as Telnyx and Plivo bring them: their forms, their signatures, and wrong ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::hooks::put_sellers;
use crate::server::{Reply, Server, World};

const ORIGIN: &str = "https://calls.example.com";
const FORM: &str = "application/x-www-form-urlencoded";

fn world(hooks: &str) -> (World, Server) {
    let world = World::new();
    world.write("plivo.token", "secret\n");
    let config = world.write("ringfence.toml", &format!("[hooks]\n{hooks}\n"));
    let server = world.serve(&["--config", &config]);
    put_sellers(&server);
    (world, server)
}

fn is_out(server: &Server, number: &str) -> bool {
    server.is_barred(number, "acme-solar", "dnc-internal")
}

fn received(from: &str, to: &str, text: &str) -> Value {
    json!({"data": {
        "record_type": "event", "id": "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c", "event_type": "message.received",
        "occurred_at": "2026-11-21T18:10:02.574Z",
        "payload": {
            "record_type": "message", "direction": "inbound", "type": "SMS",
            "from": {"phone_number": from, "carrier": "T-MOBILE USA, INC.", "line_type": "Wireless"},
            "to": [{"phone_number": to, "status": "delivered"}], "text": text, "media": [],
        },
    }, "meta": {"attempt": 1}})
}

fn telnyx(server: &Server, pair: &Ed25519KeyPair, age_s: i64, event: &Value) -> Reply {
    let at = (jiff::Timestamp::now().as_second() - age_s).to_string();
    let signed = format!("{at}|{event}");
    let signature = STANDARD.encode(pair.sign(signed.as_bytes()));
    let headers = [
        ("content-type", "application/json"),
        ("telnyx-timestamp", &at),
        ("telnyx-signature-ed25519", &signature),
    ];
    let body = event.to_string();
    server.send("POST", "/v1/hooks/sms", &headers, body.as_bytes())
}

#[test]
fn telnyx_brings_opt_outs_and_is_told_from_others() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = STANDARD.encode(pair.public_key().as_ref());
    let (world, server) = world(&format!("telnyx_public_key = \"{key}\""));
    let stop = |from: &str| received(from, "+12125550100", "STOP");

    let effect = telnyx(&server, &pair, 0, &stop("+12125550123")).ok();
    assert_eq!(effect["opt_out"], true, "{effect:#}");
    assert!(is_out(&server, "+12125550123"));
    assert!(!server.is_barred("+12125550123", "other", "dnc-internal"));
    let told = server.get("/v1/events?type=converse.opt-out").ok();
    assert_eq!(told["items"][0]["data"]["by"], "telnyx", "{told:#}");
    // In words, some minutes ago; and unclear ones.
    let words = received(
        "+12125550124",
        "+12125550100",
        "please do not call me anymore",
    );
    assert_eq!(telnyx(&server, &pair, 240, &words).ok()["opt_out"], true);
    assert!(is_out(&server, "+12125550124"));
    let unclear = received("+12125550125", "+12125550100", "i'm not interested");
    let held = telnyx(&server, &pair, 0, &unclear).ok();
    assert_eq!(held["holds"].as_array().unwrap().len(), 1, "{held:#}");
    // Brought again, before a person has decided and after.
    assert_eq!(telnyx(&server, &pair, 0, &unclear).ok(), held);
    let id = held["holds"][0].as_str().unwrap();
    let release = format!("/v1/holds/{id}:release");
    server
        .post(&release, &json!({"note": "meant the offer"}))
        .ok();
    let mut again = unclear.clone();
    again["meta"]["attempt"] = json!(3);
    assert_eq!(telnyx(&server, &pair, 0, &again).ok(), held);
    assert_eq!(server.get("/v1/holds").ok()["items"], json!([]));
    // The same words once more are another message.
    again["data"]["id"] = json!("0b2d7a55-0a51-4a8f-bb4e-6b6f1c9a2f10");
    let other = telnyx(&server, &pair, 0, &again).ok();
    assert_ne!(other["holds"], held["holds"]);
    assert_eq!(
        server.get("/v1/holds").ok()["items"][0]["id"],
        other["holds"][0]
    );

    // Another's signature, an old one played again, another body under it.
    let thief = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    for (reply, what) in [
        (
            telnyx(&server, &thief, 0, &stop("+12125550126")),
            "another's",
        ),
        (telnyx(&server, &pair, 400, &stop("+12125550126")), "old"),
        (telnyx(&server, &pair, -400, &stop("+12125550126")), "early"),
    ] {
        assert_eq!(reply.problem(), (401, "unauthorized".into()), "{what}");
    }
    assert!(!is_out(&server, "+12125550126"));
    let metrics = server.get("/metrics").text;
    let refused = "ringfence_converse_hooks_total{source=\"sms\",verdict=\"refused\"} 3";
    assert!(metrics.contains(refused), "{metrics}");

    // What is no message is taken, or Telnyx would bring it again; a picture has no words.
    let mut receipt = stop("+12125550127");
    receipt["data"]["event_type"] = json!("message.finalized");
    assert_eq!(telnyx(&server, &pair, 0, &receipt).ok()["opt_out"], false);
    let picture = received("+12125550127", "+12125550100", "");
    assert_eq!(telnyx(&server, &pair, 0, &picture).ok()["opt_out"], false);
    assert!(!is_out(&server, "+12125550127"));
    // To a short code, which is nobody's caller ID: every seller is meant.
    let short = received("+12125550128", "28581", "stop");
    assert_eq!(telnyx(&server, &pair, 0, &short).ok()["opt_out"], true);
    assert!(server.is_barred("+12125550128", "other", "dnc-internal"));
    let nobody = json!({"data": {"event_type": "message.received", "payload": {}}});
    assert_eq!(telnyx(&server, &pair, 0, &nobody).status, 422);

    // A gateway of yours may bring the same with an API key.
    let ingest = world.key(&["--role", "ingest"]);
    let body = stop("+12125550129").to_string();
    let by_key = server.as_key(&ingest, "POST", "/v1/hooks/sms", body.as_bytes());
    assert_eq!(by_key.ok()["opt_out"], true);
    assert!(is_out(&server, "+12125550129"));
    let mail = server.as_key(&ingest, "POST", "/v1/hooks/email", body.as_bytes());
    assert_eq!(mail.problem(), (422, "invalid-field".into()));
}

fn plivo(server: &Server, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut all = vec![("content-type", FORM)];
    all.extend(headers);
    server.send("POST", target, &all, body.as_bytes())
}

fn tag(token: &str, signed: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
}

const SMS: &str = "/v1/hooks/sms";
const V3: &str = "x-plivo-signature-v3";
const V3_NONCE: (&str, &str) = ("x-plivo-signature-v3-nonce", "12345");
const V2: &str = "x-plivo-signature-v2";
const V2_NONCE: (&str, &str) = ("x-plivo-signature-v2-nonce", "777");
const STOP: &str = "Text=STOP&From=12125550123&To=12125550100&Type=sms&MessageUUID=u1";

/// What the third version signs of [`STOP`].
fn signed_v3() -> String {
    format!("{ORIGIN}{SMS}?From12125550123MessageUUIDu1TextSTOPTo12125550100Typesms.12345")
}

fn plivo_world() -> (World, Server) {
    world(&format!(
        "plivo_auth_token_file = \"plivo.token\"\npublic_url = \"{ORIGIN}/\""
    ))
}

#[test]
fn plivo_brings_opt_outs() {
    let (world, server) = plivo_world();
    let good = tag("secret", &signed_v3());
    let main = [("x-plivo-signature-ma-v3", good.as_str()), V3_NONCE];
    let reply = plivo(&server, SMS, &main, STOP);
    let media_type = reply.header("content-type");
    assert_eq!((reply.status, media_type), (200, "application/xml"));
    assert!(reply.text.ends_with("<Response></Response>"), "{reply:?}");
    assert!(is_out(&server, "+12125550123"));
    assert!(!server.is_barred("+12125550123", "other", "dnc-internal"));

    // The second version, with a query in the address; a number that is nobody's goes to `?seller=`.
    let v2 = tag("secret", &format!("{ORIGIN}{SMS}777"));
    let body = "From=%2B12125550130&To=28581&Text=&MessageIntent=optout&MessageUUID=u2";
    let target = format!("{SMS}?seller=acme-solar");
    let reply = plivo(&server, &target, &[(V2, &v2), V2_NONCE], body);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(is_out(&server, "+12125550130"), "Plivo took it for one");
    assert!(!server.is_barred("+12125550130", "other", "dnc-internal"));
    // With a key, unsigned.
    let bearer = format!("Bearer {}", world.key(&["--role", "ingest"]));
    let body = "From=12125550131&To=12125550100&Text=no+more+calls+please&MessageUUID=u3";
    let reply = plivo(&server, SMS, &[("authorization", &bearer)], body);
    assert_eq!((reply.status, is_out(&server, "+12125550131")), (200, true));
    assert_eq!(plivo(&server, SMS, &[], body).status, 401);
}

#[test]
fn plivo_is_told_from_others() {
    let (_world, server) = plivo_world();
    let (good, others) = (tag("secret", &signed_v3()), tag("other", &signed_v3()));
    let changed = STOP.replace("0123", "0124");
    let v2 = tag("secret", &format!("{ORIGIN}{SMS}777"));
    let no_nonce = tag("secret", &format!("{ORIGIN}{SMS}"));
    // The second version does not stand in for a third that is wrong.
    let both = vec![(V3, "bm9wZQ=="), V3_NONCE, (V2, v2.as_str()), V2_NONCE];
    for (headers, body, what) in [
        (vec![(V3, others.as_str()), V3_NONCE], STOP, "another's"),
        (vec![(V3, &good), V3_NONCE], &changed, "another body"),
        (vec![(V3, &good)], STOP, "without its nonce"),
        (both, STOP, "a wrong third version"),
        (vec![(V2, &no_nonce)], STOP, "the second without a nonce"),
    ] {
        let reply = plivo(&server, SMS, &headers, body);
        assert_eq!(reply.problem(), (401, "unauthorized".into()), "{what}");
    }
    assert!(!is_out(&server, "+12125550123") && !is_out(&server, "+12125550124"));
}

#[test]
fn a_setting_that_cannot_check_anything_is_refused() {
    for hooks in [
        "telnyx_public_key = \"abc\"",
        "plivo_auth_token = \"secret\"",
        "plivo_auth_token_file = \"not-there\"\npublic_url = \"https://calls.example.com\"",
    ] {
        let world = World::new();
        let config = world.write("ringfence.toml", &format!("[hooks]\n{hooks}\n"));
        world.refused(&["--config", &config, "doctor"]);
    }
}
