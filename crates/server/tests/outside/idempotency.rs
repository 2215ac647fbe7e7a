//! The same POST again is answered as the first time, and never done twice.

use serde_json::json;

use crate::server::{Server, World};

fn suppress(server: &Server, key: &str, number: &str) -> crate::server::Reply {
    let body = json!({"number": number, "seller": null, "reason": "asked", "source": "test"});
    let bearer = format!("Bearer {}", server.key);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    server.send(
        "POST",
        "/v1/suppressions",
        &headers,
        body.to_string().as_bytes(),
    )
}

fn entries(server: &Server, number: &str) -> usize {
    let known = server.get(&format!("/v1/numbers/{number}")).ok();
    known["suppressions"].as_array().unwrap().len()
}

#[test]
fn the_first_answer_again() {
    let world = World::new();
    let server = world.serve(&[]);
    let first = suppress(&server, "k1", "+12125550111");
    assert_eq!(
        (first.status, first.header("idempotent-replayed")),
        (201, "")
    );
    let again = suppress(&server, "k1", "+12125550111");
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (201, "true")
    );
    assert_eq!(first.text, again.text);
    assert_eq!(entries(&server, "+12125550111"), 1);
    let other = suppress(&server, "k1", "+12125550112");
    assert_eq!(other.problem(), (409, "idempotency-conflict".into()));
    let refused = suppress(&server, "k2", "+12121550112");
    assert_eq!(refused.status, 422);
    let refused = suppress(&server, "k2", "+12121550112");
    assert_eq!(refused.problem().0, 422);
    assert_eq!(refused.header("idempotent-replayed"), "true");
    assert_eq!(suppress(&server, "", "+12125550111").problem().0, 400);
}

#[test]
fn duplicates_at_the_same_moment_are_done_once() {
    let world = World::new();
    let server = world.serve(&[]);
    let replies: Vec<_> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| suppress(&server, "same", "+12125550113")))
            .collect();
        tasks.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let fresh = replies
        .iter()
        .filter(|r| r.header("idempotent-replayed").is_empty())
        .count();
    assert_eq!(fresh, 1);
    assert!(
        replies
            .iter()
            .all(|r| r.status == 201 && r.text == replies[0].text)
    );
    assert_eq!(entries(&server, "+12125550113"), 1);
}
