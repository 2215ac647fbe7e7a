//! Every route, as nobody and as everybody. Routes are read from the served OpenAPI document, so a new one is
//! covered the day it appears.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::server::{World, seller};

const ROLES: [&str; 5] = ["admin", "operator", "compliance", "read-only", "ingest"];

#[test]
fn every_route_asks_for_a_key_and_for_the_right_role() {
    let world = World::new();
    let server = world.serve(&[]);
    let keys: BTreeMap<&str, String> = ROLES
        .iter()
        .map(|role| (*role, world.key(&["--role", role])))
        .collect();
    let document = server.get("/openapi.json").ok();
    let mut routes = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            routes += 1;
            let real = path.replace("{id}", "x").replace("{kind}", "disclosure");
            let method = method.to_uppercase();
            let nobody = server.send(&method, &real, &[], b"");
            if path == "/health" {
                assert_eq!(nobody.status, 200);
                continue;
            }
            assert_eq!(
                nobody.problem(),
                (401, "unauthorized".into()),
                "{method} {path}"
            );
            assert!(
                !nobody.header("www-authenticate").is_empty(),
                "{method} {path}"
            );
            let wrong = server.as_key("rf_00", &method, &real, b"");
            assert_eq!(wrong.problem().0, 401, "{method} {path}");
            let may: Vec<&str> = operation["x-roles"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            for (role, key) in &keys {
                let reply = server.as_key(key, &method, &real, b"{");
                let forbidden = reply.status == 403;
                assert_eq!(
                    forbidden,
                    !may.contains(role),
                    "{method} {path} as {role}: {reply:?}"
                );
                if forbidden {
                    assert_eq!(reply.problem().1, "role-forbidden");
                }
            }
        }
    }
    assert!(routes > 40, "{routes}");
}

#[test]
fn a_key_for_one_seller_reaches_no_other() {
    let world = World::new();
    let server = world.serve(&[]);
    for id in ["mine", "other"] {
        server.put(&format!("/v1/sellers/{id}"), &seller()).ok();
    }
    let key = world.key(&["--role", "operator", "--seller", "mine"]);
    let asked = |seller: &str| json!({"to": "+12125550123", "seller": seller, "dry_run": true});
    let post =
        |path: &str, body: &Value| server.as_key(&key, "POST", path, body.to_string().as_bytes());
    assert_eq!(post("/v1/decisions", &asked("mine")).status, 200);
    let reply = post("/v1/decisions", &asked("other"));
    assert_eq!(reply.problem(), (403, "seller-forbidden".into()));
    let everybody = json!({"number": "+12125550123", "seller": null, "channel": "mail"});
    assert_eq!(post("/v1/revocations", &everybody).status, 403);
    assert_eq!(post("/v1/stop", &json!({})).status, 403);
    assert_eq!(
        server.as_key(&key, "GET", "/v1/sellers/other", b"").status,
        403
    );
    let seen = server.as_key(&key, "GET", "/v1/sellers", b"").ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_taken_back_opens_nothing() {
    let world = World::new();
    let server = world.serve(&[]);
    let key = world.key(&["--role", "read-only", "--name", "visitor"]);
    assert_eq!(server.as_key(&key, "GET", "/v1/sellers", b"").status, 200);
    let keys: Value = serde_json::from_str(&world.done(&["keys", "list", "--json"])).unwrap();
    let record = keys
        .as_array()
        .unwrap()
        .iter()
        .find(|k| k["name"] == "visitor")
        .unwrap();
    assert!(!keys.to_string().contains(&key));
    world.done(&["keys", "revoke", record["id"].as_str().unwrap()]);
    assert_eq!(server.as_key(&key, "GET", "/v1/sellers", b"").status, 401);
}

#[test]
fn the_page_takes_the_key_as_a_password() {
    use base64::Engine as _;
    let world = World::new();
    let server = world.serve(&[]);
    let nobody = server.send("GET", "/", &[], b"");
    assert!(nobody.header("www-authenticate").starts_with("Basic"));
    let pair = format!("me:{}", server.key);
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    let page = server.send(
        "GET",
        "/",
        &[("authorization", &format!("Basic {basic}"))],
        b"",
    );
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<h1>Ringfence</h1>"));
    // Only the page: a browser's credentials open no API.
    let api = server.send(
        "GET",
        "/v1/sellers",
        &[("authorization", &format!("Basic {basic}"))],
        b"",
    );
    assert_eq!(api.status, 401);
}
