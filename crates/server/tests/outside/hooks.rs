//! Words by other roads, held numbers and their review: the same effect as a word in a call.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use crate::server::{Reply, Server, World, consent, seller};

const CALLEE: &str = "+12125550123";

fn world() -> (World, Server) {
    let world = World::new();
    let server = world.serve(&[]);
    put_sellers(&server);
    (world, server)
}

/// Two sellers, each with a caller ID of its own.
pub fn put_sellers(server: &Server) {
    server.put("/v1/sellers/acme-solar", &seller()).ok();
    let mut other = seller();
    other["name"] = json!("Other Roofing");
    other["caller_ids"][0]["number"] = json!("+12125550177");
    server.put("/v1/sellers/other", &other).ok();
}

fn form(server: &Server, key: Option<&str>, body: &str, signature: &str) -> Reply {
    let bearer = format!("Bearer {}", key.unwrap_or_default());
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    if key.is_some() {
        headers.push(("authorization", &bearer));
    }
    if !signature.is_empty() {
        headers.push(("x-twilio-signature", signature));
    }
    server.send("POST", "/v1/hooks/sms", &headers, body.as_bytes())
}

#[test]
fn a_text_message_is_an_opt_out_for_the_seller_it_was_sent_to() {
    let (world, server) = world();
    let key = world.key(&["--role", "ingest"]);
    let body = "From=%2B12125550123&To=%2B12125550100&Body=Stop.&MessageSid=SM1";
    let reply = form(&server, Some(&key), body, "");
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, "text/xml")
    );
    assert!(server.is_barred(CALLEE, "acme-solar", "dnc-internal"));
    assert!(!server.is_barred(CALLEE, "other", "dnc-internal"));
    // The same by JSON, of a number that is nobody's: every seller.
    let words = json!({"from": "+12125550124", "to": "+12125550199",
                       "text": "please take me off your list"});
    let effect = server.post("/v1/hooks/sms", &words).ok();
    assert_eq!(effect["opt_out"], true, "{effect:#}");
    assert!(server.is_barred("+12125550124", "other", "dnc-internal"));
    let shown = server.get("/v1/numbers/+12125550123").ok();
    assert_eq!(shown["suppressions"][0]["source"], "sms", "{shown:#}");
    assert_eq!(form(&server, None, body, "").status, 401);
    assert_eq!(
        form(&server, Some(&key), "From=%2B12125550123", "").status,
        422
    );
    assert_eq!(server.post("/v1/hooks/pigeon", &words).status, 404);
}

#[test]
fn twilios_signature_opens_the_door_and_a_wrong_one_does_not() {
    let world = World::new();
    let config = world.write(
        "ringfence.toml",
        "[hooks]\ntwilio_auth_token = \"token\"\npublic_url = \"https://calls.example.com/\"\n",
    );
    let server = world.serve(&["--config", &config]);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"token");
    let signed = "https://calls.example.com/v1/hooks/smsBodySTOPFrom+12125550123To+12125550100";
    let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    let body = "To=%2B12125550100&From=%2B12125550123&Body=STOP";
    let forged = form(&server, None, &body.replace("0123", "0124"), &signature);
    assert_eq!(forged.problem(), (401, "unauthorized".into()));
    assert_eq!(form(&server, None, body, &signature).status, 200);
    assert!(server.is_barred(CALLEE, "acme-solar", "dnc-internal"));
    assert!(!server.is_barred("+12125550124", "acme-solar", "dnc-internal"));
}

#[test]
fn mail_voicemail_form_and_file() {
    let (_world, server) = world();
    let bring = |source: &str, body: Value| {
        let path = format!("/v1/hooks/{source}?seller=acme-solar");
        server.post(&path, &body).ok()["opt_out"].clone()
    };
    let quoted = "Unsubscribe\n\nOn Monday Acme wrote:\n> Do you want a quote?";
    assert_eq!(
        bring("email", json!({"number": "+12125550131", "text": quoted})),
        true
    );
    let thanks = "Tuesday at five works for me, thanks.\n> Reply STOP to opt out";
    assert_eq!(
        bring("email", json!({"number": "+12125550132", "text": thanks})),
        false
    );
    let left = json!({"from": "+12125550133", "text": "hi this is jo please stop calling me",
                      "audio": "https://vm.example.com/7"});
    assert_eq!(bring("voicemail", left), true);
    assert_eq!(
        bring(
            "opt-out",
            json!({"number": "+12125550134", "channel": "web-form"})
        ),
        true
    );
    for (number, code) in [
        ("+12125550131", true),
        ("+12125550132", false),
        ("+12125550133", true),
        ("+12125550134", true),
    ] {
        assert_eq!(
            server.is_barred(number, "acme-solar", "dnc-internal"),
            code,
            "{number}"
        );
    }
    let import = |body: &str| {
        server.as_key(
            &server.key,
            "POST",
            "/v1/opt-outs:import?seller=acme-solar",
            body.as_bytes(),
        )
    };
    let bad = import("number\n+12125550135\nnobody\n");
    assert!(bad.text.contains("line 3"), "{bad:?}");
    assert!(
        !server.is_barred("+12125550135", "acme-solar", "dnc-internal"),
        "all or nothing"
    );
    let good = import("number,seller,at\n+12125550135\n+12125550136,other,2026-11-20T10:00:00Z\n");
    assert_eq!(good.ok()["opted_out"], 2);
    assert!(server.is_barred("+12125550135", "acme-solar", "dnc-internal"));
    assert!(server.is_barred("+12125550136", "other", "dnc-internal"));
    assert!(!server.is_barred("+12125550136", "acme-solar", "dnc-internal"));
}

#[test]
fn unclear_words_hold_the_number_until_a_person_decides() {
    let (world, server) = world();
    let bring = |number: &str| {
        let body = json!({"from": number, "to": "+12125550100", "text": "i'm not interested"});
        let effect = server.post("/v1/hooks/sms", &body).ok();
        assert_eq!(effect["opt_out"], Value::Null, "{effect:#}");
        effect["holds"][0].as_str().unwrap().to_owned()
    };
    let (one, other, third) = (
        bring("+12125550151"),
        bring("+12125550152"),
        bring("+12125550153"),
    );
    for number in ["+12125550151", "+12125550152", "+12125550153"] {
        assert!(server.is_barred(number, "acme-solar", "held"), "{number}");
        assert!(!server.is_barred(number, "other", "held"));
    }
    let open = server.get("/v1/holds").ok();
    let first = &open["items"][2];
    assert_eq!(first["said"], "i'm not interested", "{open:#}");
    assert_eq!(
        (&first["id"], &first["state"]),
        (&json!(one), &json!("open"))
    );
    assert!(first["heard"]["score"].is_number() && first["due_at"].is_string());

    let page = server.get("/").text;
    assert!(page.contains(&one) && page.contains("not interested"));
    let decide =
        |id: &str, verb: &str, body: Value| server.post(&format!("/v1/holds/{id}:{verb}"), &body);
    assert_eq!(
        decide(&one, "release", json!({})).problem().0,
        422,
        "says why"
    );
    let released = decide(&one, "release", json!({"note": "meant the offer"})).ok();
    assert_eq!(released["state"], "released", "{released:#}");
    assert!(!server.is_barred("+12125550151", "acme-solar", "held"));
    assert_eq!(decide(&one, "opt-out", json!({})).problem().0, 409);
    decide(&other, "opt-out", json!({"note": "plain enough"})).ok();
    assert!(server.is_barred("+12125550152", "acme-solar", "dnc-internal"));
    assert!(!server.is_barred("+12125550152", "acme-solar", "held"));

    // The command line beside the server sees the same list.
    let listed = world.done(&["holds", "list"]);
    assert!(
        listed.contains(&third) && !listed.contains(&one),
        "{listed}"
    );
    assert!(!listed.contains("+12125550153"), "masked: {listed}");
    assert!(world.done(&["holds", "list", "--json"]).starts_with('['));
    world.done(&["holds", "opt-out", &third]);
    assert!(server.is_barred("+12125550153", "acme-solar", "dnc-internal"));
    assert_eq!(
        world
            .run(&["holds", "release", &third, "--note", "x"])
            .status
            .code(),
        Some(2)
    );
    world.done(&["log", "verify"]);
}

#[test]
fn nobody_decides_and_time_does() {
    let world = World::new();
    let serve = |clock: &str| world.serve(&["--clock", clock]);
    let server = serve("2026-06-01T12:00:00Z");
    let body = json!({"from": CALLEE, "text": "i'm not interested"});
    server.post("/v1/hooks/sms?seller=acme-solar", &body).ok();
    assert!(server.is_barred(CALLEE, "acme-solar", "held"));
    drop(server);
    let server = serve("2026-06-11T12:00:01Z");
    let began = std::time::Instant::now();
    while !server.is_barred(CALLEE, "acme-solar", "dnc-internal") {
        assert!(began.elapsed().as_secs() < 10, "still only held");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let decided = server.get("/v1/holds?state=opted-out").ok();
    assert_eq!(decided["items"][0]["decided_by"], "time", "{decided:#}");
}

#[test]
fn only_a_new_consent_undoes_an_opt_out_and_the_decision_names_both() {
    let world = World::new();
    let server = world.serve(&["--clock", "2026-11-23T17:00:00Z"]);
    server.furnish(&world);
    let decide = || {
        let asked = json!({"to": CALLEE, "seller": "acme-solar", "purpose": "telemarketing",
                           "dry_run": true});
        server.post("/v1/decisions", &asked).ok()
    };
    assert_eq!(decide()["verdict"], "allow");
    let said = json!({"from": CALLEE, "text": "STOP"});
    server.post("/v1/hooks/sms?seller=acme-solar", &said).ok();
    assert_eq!(decide()["verdict"], "deny");
    // An import with the number, and with an old consent, says so and changes nothing.
    let csv = format!("phone,name\n{CALLEE},Jo\n+12125550199,Al\n");
    let path = "/v1/leads:import?seller=acme-solar";
    let report = server
        .as_key(&server.key, "POST", path, csv.as_bytes())
        .ok();
    let kept = &report["import"];
    assert_eq!(
        (&kept["opted_out"], &kept["opted_out_lines"]),
        (&json!(1), &json!([2])),
        "{report:#}"
    );
    server.post("/v1/consents", &consent(CALLEE)).ok();
    assert_eq!(decide()["verdict"], "deny", "older than the opt-out");
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut anew = consent(CALLEE);
    anew["granted_at"] = server.get("/ready").ok()["clock"]["now"].clone();
    let anew = server.post("/v1/consents", &anew).ok();
    let decision = decide();
    assert_eq!(decision["verdict"], "allow", "{decision:#}");
    let shown = server.get(&format!("/v1/numbers/{CALLEE}")).ok();
    let entry = shown["suppressions"][0]["id"].as_str().unwrap();
    let lifted = decision["exemptions"].to_string();
    assert!(lifted.contains(entry), "{entry} in {lifted}");
    assert!(lifted.contains(anew["id"].as_str().unwrap()), "{lifted}");
}

#[test]
fn from_2027_on_one_opt_out_binds_every_seller() {
    let world = World::new();
    for (clock, all) in [
        ("2027-01-30T12:00:00Z", false),
        ("2027-01-31T00:00:00Z", true),
    ] {
        let server = world.serve(&["--clock", clock]);
        let number = if all { "+12125550161" } else { "+12125550162" };
        let said = json!({"number": number, "seller": "acme-solar", "channel": "mail"});
        server.post("/v1/revocations", &said).ok();
        assert_eq!(
            server.is_barred(number, "other", "dnc-internal"),
            all,
            "{clock}"
        );
        assert!(server.is_barred(number, "acme-solar", "dnc-internal"));
    }
}

#[test]
fn an_opt_out_for_a_misspelt_seller_is_not_lost() {
    let (_world, server) = world();
    let said = json!({"number": "+12125550171", "seller": "acme-sloar", "channel": "letter",
                      "said": "no more calls"});
    let receipt = server.post("/v1/revocations", &said).ok();
    let warning = &receipt["warning"];
    assert_eq!(warning["code"], "seller-unknown", "{receipt:#}");
    assert_eq!(warning["alike"], json!(["acme-solar"]));
    assert!(server.is_barred("+12125550171", "acme-solar", "held"));
    assert!(!server.is_barred("+12125550171", "other", "held"));
    let hold = &server.get("/v1/holds").ok()["items"][0];
    assert_eq!(
        (&hold["id"], &hold["said"]),
        (&warning["holds"][0], &said["said"])
    );
    assert_eq!(hold["heard"]["recogniser"], "seller-alike");
    // Kept under the name as it was given, and like nobody's: said, and nobody else is barred.
    let stranger = json!({"number": "+12125550172", "seller": "brand-new", "channel": "letter"});
    let receipt = server.post("/v1/revocations", &stranger).ok();
    assert_eq!(receipt["warning"]["holds"], json!([]), "{receipt:#}");
    let mut brand_new = seller();
    brand_new["name"] = json!("Brand New Inc");
    server.put("/v1/sellers/brand-new", &brand_new).ok();
    assert!(server.is_barred("+12125550172", "brand-new", "dnc-internal"));
    assert!(!server.is_barred("+12125550172", "acme-solar", "held"));
    assert_eq!(
        server.post("/v1/revocations", &stranger).ok()["warning"],
        Value::Null
    );
    // The same by a hook, and a file is refused by its line.
    let path = "/v1/hooks/email?seller=Acme%20Solar%20LLC";
    let mail = json!({"number": "+12125550173", "text": "unsubscribe"});
    let effect = server.post(path, &mail).ok();
    assert_eq!(
        effect["warnings"][0]["alike"],
        json!(["acme-solar"]),
        "{effect:#}"
    );
    assert!(server.is_barred("+12125550173", "acme-solar", "held"));
    let file = b"+12125550174,acme-solar\n+12125550175,acme-solr\n";
    let refused = server.as_key(&server.key, "POST", "/v1/opt-outs:import", file);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(refused.problem(), (422, "seller-unknown".to_owned()));
    assert!(
        detail.contains("line 2") && detail.contains("acme-solar may be meant"),
        "{detail}"
    );
    let metrics = server.get("/metrics").text;
    assert!(
        metrics.contains("ringfence_converse_strangers_total{held=\"true\"} 2"),
        "{metrics}"
    );
}

/// State and detail of what the doctor finds under one name.
fn findings(world: &World, check: &str) -> Vec<(String, String)> {
    let output = world.run(&["doctor", "--json"]);
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let of = all.iter().filter(|finding| finding["check"] == check);
    of.map(|finding| (text(finding, "state"), text(finding, "detail")))
        .collect()
}

#[test]
fn the_doctor_lists_opt_outs_for_sellers_that_are_not_on_file() {
    let (world, server) = world();
    let findings = || findings(&world, "opt-outs");
    assert!(findings().is_empty());
    let said = |number: &str, seller: &str| {
        let body = json!({"number": number, "seller": seller, "channel": "letter"});
        server.post("/v1/revocations", &body).ok()
    };
    for number in [
        "+12125550171",
        "+12125550172",
        "+12125550173",
        "+12125550174",
    ] {
        said(number, "brand-new");
    }
    let hold = said("+12125550175", "acme-sloar")["warning"]["holds"][0].clone();
    said("+12125550175", "acme-sloar");
    let late = said("+12125550176", "late-arival");
    assert_eq!(late["warning"]["alike"], json!([]));
    let mut arrival = seller();
    arrival["name"] = json!("Late Arrival Inc");
    server.put("/v1/sellers/late-arrival", &arrival).ok();

    let listed = findings();
    assert_eq!(listed.len(), 3, "{listed:#?}");
    let (state, detail) = &listed[0];
    assert!(state == "note" && detail.starts_with("1 number(s) opted out of `acme-sloar`"));
    assert!(
        detail.contains("`acme-solar` may have been meant: 1 wait(s)"),
        "{detail}"
    );
    let (state, detail) = &listed[1];
    assert!(state == "note" && detail.starts_with("4 number(s) opted out of `brand-new`"));
    assert!(
        detail.contains(", ...)") && detail.contains("PUT /v1/sellers/brand-new"),
        "{detail}"
    );
    assert!(
        listed.iter().all(|(_, detail)| !detail.contains("55501")),
        "masked: {listed:#?}"
    );
    // Nothing bars this one for the seller that was probably meant: that is a fault.
    let (state, detail) = &listed[2];
    assert!(
        state == "missing" && detail.contains("1 may still be called for it"),
        "{detail}"
    );

    // Deciding and recording settle it; a seller that is put on file is bound, and listed no more.
    let path = format!("/v1/holds/{}:release", hold.as_str().unwrap());
    server.post(&path, &json!({"note": "meant another"})).ok();
    for open in server.get("/v1/holds").ok()["items"].as_array().unwrap() {
        let path = format!("/v1/holds/{}:release", open["id"].as_str().unwrap());
        server.post(&path, &json!({"note": "meant another"})).ok();
    }
    said("+12125550176", "late-arrival");
    let mut brand_new = seller();
    brand_new["name"] = json!("Brand New Inc");
    server.put("/v1/sellers/brand-new", &brand_new).ok();
    let listed = findings();
    assert_eq!(listed.len(), 2, "{listed:#?}");
    for (state, detail) in &listed {
        assert!(
            state == "note" && detail.contains("has been decided for each"),
            "{detail}"
        );
    }
}
