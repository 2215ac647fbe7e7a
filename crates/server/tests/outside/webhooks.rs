//! Events told to another system: signed, tried again, never lost, and dead letters that can be tried once more.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use crate::receiver::{Post, Receiver};
use crate::server::{Server, World, seller};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLMSw";

fn opt_out(server: &Server, number: &str) {
    let said =
        json!({"number": number, "seller": "acme-solar", "channel": "letter", "said": "stop"});
    server.post("/v1/revocations", &said).ok();
}

/// As a receiver checks it: https://www.standardwebhooks.com.
fn is_signed(post: &Post, secret: &str) -> bool {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let (id, at) = (post.header("webhook-id"), post.header("webhook-timestamp"));
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!(now.abs_diff(at.parse().unwrap()) < 300, "{at} is not now");
    let mut signed = format!("{id}.{at}.").into_bytes();
    signed.extend(&post.body);
    let signature = post.header("webhook-signature");
    let tag = STANDARD
        .decode(signature.strip_prefix("v1,").unwrap())
        .unwrap();
    hmac::verify(&key, &signed, &tag).is_ok()
}

#[test]
fn an_opt_out_is_told_within_a_second_and_again_until_it_arrives() {
    let receiver = Receiver::start(&[204, 503, 302]);
    let world = World::new();
    world.write("secret", SECRET);
    let config = world.write(
        "ringfence.toml",
        &format!(
            "[[webhooks]]\nurl = \"{}\"\nsecret_file = \"secret\"\nevents = [\"converse.*\"]\n",
            receiver.url
        ),
    );
    let server = world.serve(&["--config", &config]);
    let began = Instant::now();
    opt_out(&server, "+12125550141");
    let first = receiver.wait(1, Duration::from_secs(5)).remove(0);
    let took = first.at.duration_since(began);
    assert!(took < Duration::from_secs(1), "told after {took:?}");
    assert!(is_signed(&first, SECRET), "{first:?}");
    let event = first.json();
    assert_eq!(event["type"], "converse.opt-out");
    assert_eq!(event["subject"]["number"], "+12125550141");
    assert_eq!(event["id"], first.header("webhook-id").as_str());
    assert_eq!(event["data"]["channel"], "letter");
    let filter = "/v1/events?type=converse.opt-out";
    assert_eq!(
        server.get(filter).ok()["items"][0],
        event,
        "the same object"
    );

    // It fails, then points elsewhere, which is no arrival either; nobody follows.
    opt_out(&server, "+12125550142");
    let posts = receiver.wait(4, Duration::from_secs(30));
    let ids: Vec<String> = posts.iter().map(|p| p.header("webhook-id")).collect();
    assert!(
        ids[1] == ids[2] && ids[2] == ids[3] && ids[0] != ids[1],
        "{ids:?}"
    );
    assert!(posts.iter().all(|post| is_signed(post, SECRET)));
    let waits = posts[2].at.duration_since(posts[1].at);
    assert!(waits > Duration::from_millis(1_500), "{waits:?}");
    assert!(!server.get("/v1/webhooks").text.contains("whsec"));
    assert_eq!(receiver.posts().len(), 4, "and then no more");
}

#[test]
fn killed_before_it_is_told_it_tells_after_the_restart() {
    let receiver = Receiver::start(&[]);
    let world = World::new();
    let server = world.serve(&[]);
    let made = server
        .post("/v1/webhooks", &json!({"url": receiver.url}))
        .ok();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let mut server = server;
    for n in 0..10 {
        opt_out(&server, &format!("+12125550{:03}", 110 + n));
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let _again = world.serve(&[]);
    let began = Instant::now();
    loop {
        let posts = receiver.posts();
        assert!(posts.iter().all(|post| is_signed(post, &secret)));
        let mut told: Vec<Value> = posts
            .iter()
            .map(|p| p.json()["subject"]["number"].clone())
            .collect();
        told.sort_by_key(ToString::to_string);
        told.dedup();
        if told.len() == 10 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "told {told:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_cannot_be_told_is_listed_and_tried_again() {
    let world = World::new();
    let server = world.serve(&[]);
    let refused = |body: Value| server.post("/v1/webhooks", &body).problem();
    for url in ["http://crm.example.com/", "crm", "ftp://crm/"] {
        assert_eq!(refused(json!({"url": url})).0, 422, "{url}");
    }
    assert_eq!(refused(json!({"url": "http://crm/", "secret": "x"})).0, 422);
    assert_eq!(refused(json!({"url": "http://crm/", "events": []})).0, 422);
    let unheard = json!({"url": "http://127.0.0.1:9/", "events": ["*"]});
    let made = server.post("/v1/webhooks", &unheard).ok();
    server.put("/v1/sellers/acme-solar", &seller()).ok();
    let tried = |server: &Server| {
        let metrics = server.get("/metrics").text;
        metrics.contains("ringfence_webhook_posts_total{result=\"missed\"}")
    };
    let began = Instant::now();
    while !tried(&server) {
        assert!(began.elapsed() < Duration::from_secs(20), "never tried");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Twelve tries take most of a day: the last is brought about beside the server.
    drop(server);
    let database = rusqlite::Connection::open(world.path("ringfence.db")).unwrap();
    let last = "UPDATE webhook_deliveries SET due_at = NULL";
    assert!(database.execute(last, []).unwrap() > 0);
    drop(database);
    let server = world.serve(&[]);
    let again = server.post("/v1/webhooks/dead/dlv_0:retry", &json!({}));
    assert_eq!(again.problem().0, 404);
    let dead = server.get("/v1/webhooks/dead").ok();
    let letter = &dead["items"][0];
    assert!(letter["last_error"].is_string(), "{dead:#}");
    let path = format!("/v1/webhooks/dead/{}:retry", letter["id"].as_str().unwrap());
    assert_eq!(server.post(&path, &json!({})).ok()["again"], 1);
    server.post("/v1/webhooks/dead:retry", &json!({})).ok();
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let gone = server.as_key(&server.key, "DELETE", &path, b"");
    assert_eq!(gone.status, 204);
    assert_eq!(server.as_key(&server.key, "DELETE", &path, b"").status, 404);
    assert_eq!(server.get("/v1/webhooks").ok()["items"], json!([]));
}
