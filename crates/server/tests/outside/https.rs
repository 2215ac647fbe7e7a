//! What is posted over https: to receivers whose certificate is checked, by this machine's roots and a CA of one's own.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::receiver::{Authority, Receiver};
use crate::server::{Server, World};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLMSw";

/// A server that trusts `authority`, and tells `url` of opt-outs.
fn told(world: &World, authority: &Authority, url: &str) -> Server {
    world.write("ca.pem", &authority.pem());
    let config = world.write(
        "ringfence.toml",
        &format!(
            "[https]\nca_file = \"ca.pem\"\n[[webhooks]]\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n"
        ),
    );
    let server = world.serve(&["--config", &config]);
    let said = json!({"number": "+12125550141", "seller": null, "channel": "letter"});
    server.post("/v1/revocations", &said).ok();
    server
}

/// Why the delivery has not arrived, once it was tried.
fn why_not(world: &World) -> String {
    let database = rusqlite::Connection::open(world.path("ringfence.db")).unwrap();
    let began = Instant::now();
    loop {
        let asked = "SELECT last_error FROM webhook_deliveries WHERE last_error IS NOT NULL";
        if let Ok(error) = database.query_row(asked, [], |row| row.get(0)) {
            return error;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "never tried");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_receiver_with_a_certificate_of_ones_own_ca_is_told() {
    let authority = Authority::new("ours");
    let receiver = Receiver::secure(&authority, "127.0.0.1", "");
    let world = World::new();
    let server = told(&world, &authority, &receiver.url);
    let post = receiver.wait(1, Duration::from_secs(5)).remove(0);
    assert_eq!(post.json()["type"], "converse.opt-out");
    assert!(post.header("webhook-signature").starts_with("v1,"));
    let metrics = server.get("/metrics").text;
    assert!(!metrics.contains("result=\"missed\""), "{metrics}");
}

#[test]
fn a_certificate_that_is_not_trusted_or_of_another_name_is_told_nothing() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    for (authority, name, because) in [
        (&theirs, "127.0.0.1", "UnknownIssuer"),
        (&ours, "crm.example.com", "not valid for name"),
    ] {
        let receiver = Receiver::secure(authority, name, "");
        let world = World::new();
        let server = told(&world, &ours, &receiver.url);
        let error = why_not(&world);
        assert!(error.starts_with("its certificate is refused: "), "{error}");
        assert!(error.contains(because), "{error}");
        assert!(receiver.posts().is_empty(), "it was told all the same");
        // Its last try is brought about beside the server: the reason is listed where a person looks.
        drop(server);
        let database = rusqlite::Connection::open(world.path("ringfence.db")).unwrap();
        let last = "UPDATE webhook_deliveries SET due_at = NULL";
        assert!(database.execute(last, []).unwrap() > 0);
        drop(database);
        let server = world.serve(&["--config", "ringfence.toml"]);
        let dead = server.get("/v1/webhooks/dead").ok();
        assert_eq!(dead["items"][0]["last_error"], error, "{dead:#}");
        let doctor = world.run(&["doctor"]);
        let said = String::from_utf8(doctor.stdout).unwrap();
        assert_eq!(doctor.status.code(), Some(1));
        let line = said.lines().find(|line| line.contains(" webhooks "));
        let line = line.unwrap_or_else(|| panic!("{said}"));
        assert!(
            line.starts_with("broken") && line.contains(&error),
            "{line}"
        );
        assert!(line.contains("POST /v1/webhooks/dead:retry"), "{line}");
    }
}

#[test]
fn a_file_without_a_certificate_ends_the_start() {
    let world = World::new();
    world.write("ca.pem", "nothing\n");
    let config = world.write("ringfence.toml", "[https]\nca_file = \"ca.pem\"\n");
    let output = world.run(&["serve", "--listen", "127.0.0.1:0", "--config", &config]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("`https.ca_file`"), "{said}");
}

/// Without a trunk, too: text messages and e-mail come in all the same.
#[test]
fn a_second_opinion_is_asked_over_https_about_written_words() {
    let authority = Authority::new("ours");
    let says =
        json!({"choices": [{"message": {"role": "assistant", "content": "opt_out"}}]}).to_string();
    let endpoint = Receiver::secure(&authority, "127.0.0.1", &says);
    let world = World::new();
    world.write("ca.pem", &authority.pem());
    world.write("key", "sk-test\n");
    let config = world.write(
        "ringfence.toml",
        &format!(
            "[https]\nca_file = \"ca.pem\"\n[second_opinion]\nurl = \"{}\"\nmodel = \"small\"\n\
             api_key_file = \"key\"\ndeadline_ms = 5000\nband_from = 0.0\nband_to = 1.0\n",
            endpoint.url
        ),
    );
    let server = world.serve(&["--config", &config]);
    let words = json!({"from": "+12125550151", "text": "i'm not interested"});
    let effect = server.post("/v1/hooks/sms", &words).ok();
    assert_eq!(effect["opt_out"], true, "{effect:#}");
    let asked = endpoint.posts();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("authorization"), "Bearer sk-test");
    let body: Value = asked[0].json();
    assert_eq!(body["model"], "small", "{body:#}");
}
