//! The page for people who decide: its forms as a browser sends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::server::{Reply, Server, World, seller};

const FORM: &str = "application/x-www-form-urlencoded";

/// A browser that was given a key, as far as a page without a script needs one.
struct Browser<'a> {
    server: &'a Server,
    basic: String,
}

impl<'a> Browser<'a> {
    fn new(server: &'a Server, key: &str) -> Self {
        let basic = format!("Basic {}", STANDARD.encode(format!("me:{key}")));
        Self { server, basic }
    }

    fn get(&self, path: &str) -> Reply {
        let headers = [("authorization", self.basic.as_str())];
        self.server.send("GET", path, &headers, b"")
    }

    fn submit(&self, path: &str, fields: &str) -> Reply {
        let headers = [
            ("authorization", self.basic.as_str()),
            ("content-type", FORM),
        ];
        let reply = self.server.send("POST", path, &headers, fields.as_bytes());
        match reply.status {
            303 => self.get(reply.header("location")),
            _ => reply,
        }
    }

    /// What each form of the page carries.
    fn form(&self) -> String {
        let page = self.get("/review").text;
        let (_, rest) = page.split_once("name=\"form\" value=\"").unwrap();
        format!("form={}", rest.split_once('"').unwrap().0)
    }
}

fn world() -> (World, Server) {
    let world = World::new();
    let server = world.serve(&[]);
    server.put("/v1/sellers/acme-solar", &seller()).ok();
    (world, server)
}

/// The id of the only key of a role.
fn key_id(world: &World, role: &str) -> String {
    let keys = world.done(&["keys", "list", "--json"]);
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let key = keys.as_array().unwrap().iter().find(|k| k["role"] == role);
    key.unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn those_due_first_come_first_and_every_page_is_reached() {
    let (world, server) = world();
    let mut other = seller();
    other["caller_ids"][0]["number"] = json!("+12125550177");
    server.put("/v1/sellers/other", &other).ok();
    let bring = |last: u32, seller: &str| {
        let number = format!("+121255501{last}");
        let words = json!({"from": number, "text": "i'm not interested"});
        let path = format!("/v1/hooks/voicemail?seller={seller}");
        let effect = server.post(&path, &words).ok();
        effect["holds"][0].as_str().unwrap().to_owned()
    };
    let holds: Vec<String> = (63..68).map(|last| bring(last, "acme-solar")).collect();
    bring(68, "other");
    let key = world.key(&["--role", "compliance", "--seller", "acme-solar"]);
    let browser = Browser::new(&server, &key);
    let form = browser.form();
    let shown = |page: &Reply| -> Vec<usize> {
        let place = |id: &String| page.text.find(&format!("/holds/{id}"));
        let mut all: Vec<_> = holds
            .iter()
            .enumerate()
            .filter_map(|(n, id)| Some((place(id)?, n)))
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(_, n)| n).collect()
    };
    let next = |page: &Reply| {
        let (_, rest) = page.text.split_once("rel=\"next\" href=\"")?;
        Some(rest.split_once('"')?.0.replace("&amp;", "&"))
    };
    let first = browser.get("/review?limit=2");
    assert_eq!(shown(&first), [0, 1], "the oldest first: {}", first.text);
    assert!(
        first.text.contains("5 wait for a decision"),
        "{}",
        first.text
    );
    assert!(first.text.contains("in 9 days") || first.text.contains("in 10 days"));
    let second = browser.get(&next(&first).unwrap());
    assert_eq!(shown(&second), [2, 3]);
    let third = browser.get(&next(&second).unwrap());
    assert_eq!((shown(&third), next(&third)), (vec![4], None));
    assert!(third.text.contains("From the first"));

    // A decision on the second page leads back to it.
    let (_, rest) = second.text.split_once("action=\"").unwrap();
    let action = rest.split_once('"').unwrap().0.replace("&amp;", "&");
    assert!(
        action.contains("after=") && action.contains("limit=2"),
        "{action}"
    );
    let again = browser.submit(&action, &format!("{form}&decision=release&note=the+offer"));
    assert!(again.text.contains("Decided."), "{}", again.text);
    assert_eq!(shown(&again), [3, 4], "the next one moves up");
    assert!(again.text.contains("4 wait"));
    let wrong = browser.submit(&action, &format!("{form}&decision=release&note="));
    assert_eq!(
        (wrong.status, shown(&wrong)),
        (422, vec![3, 4]),
        "the same page"
    );

    // Nothing that a link brings gets into the page; a limit or a cursor of another list is refused.
    let odd = browser.get("/review?limit=2&after=%22%3E%3Cscript%3E").text;
    assert!(!odd.contains("<script>"), "{odd}");
    for (path, status) in [("/review?after=hold_1", 422), ("/review?limit=0", 422)] {
        assert_eq!(browser.get(path).status, status, "{path}");
    }
}

#[test]
fn a_person_takes_an_opt_out_down() {
    let (world, server) = world();
    let key = world.key(&["--role", "operator", "--seller", "acme-solar"]);
    let browser = Browser::new(&server, &key);
    let form = browser.form();
    let page = browser.get("/review");
    assert!(page.text.contains("Acme Solar LLC"), "{}", page.text);
    assert!(
        !page.text.contains("every seller</option>"),
        "not this key's"
    );
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    assert!(!page.text.contains("<script") && !page.text.contains(&key));

    let fields = format!(
        "{form}&number=%28212%29+555-0161&seller=acme-solar&said=a+letter%2C+%22no+more%22"
    );
    let done = browser.submit("/review/opt-outs", &fields);
    assert_eq!(done.status, 200, "and to the page again: {done:?}");
    assert!(done.text.contains("not called any more"), "{}", done.text);
    let shown = server.get("/v1/numbers/+12125550161").ok();
    assert_eq!(shown["suppressions"][0]["source"], "dashboard", "{shown:#}");
    let told = server.get("/v1/events?type=converse.opt-out").ok();
    assert_eq!(told["items"][0]["data"]["said"], "a letter, \"no more\"");
    assert_eq!(
        told["items"][0]["data"]["by"],
        json!(key_id(&world, "operator"))
    );
    assert!(
        page.text.contains(&key_id(&world, "operator")),
        "says whom it records"
    );
    assert!(server.is_barred("+12125550161", "acme-solar", "dnc-internal"));

    for (fields, status) in [
        (format!("{form}&number=12&seller=acme-solar"), 422),
        (format!("{form}&number=2125550162&seller=other"), 403),
        (format!("{form}&number=2125550162&seller="), 403),
        ("number=2125550162&seller=acme-solar".to_owned(), 422),
        (
            "form=00&number=2125550162&seller=acme-solar".to_owned(),
            422,
        ),
        (
            "form=zz&number=2125550162&seller=acme-solar".to_owned(),
            422,
        ),
    ] {
        let reply = browser.submit("/review/opt-outs", &fields);
        assert_eq!(reply.status, status, "{fields}: {reply:?}");
        assert!(reply.text.contains("role=\"alert\""), "says why: {reply:?}");
    }
    assert!(!server.is_barred("+12125550162", "acme-solar", "dnc-internal"));
}

#[test]
fn a_person_decides_about_unclear_words() {
    let (world, server) = world();
    let bring = |number: &str, text: &str| {
        let words = json!({"from": number, "text": text, "audio": "https://vm.example.com/7"});
        let effect = server
            .post("/v1/hooks/voicemail?seller=acme-solar", &words)
            .ok();
        effect["holds"][0].as_str().unwrap().to_owned()
    };
    let one = bring("+12125550163", "i'm not interested");
    let other = bring("+12125550164", "i'm not interested");
    let browser = Browser::new(&server, &server.key);
    let page = browser.get("/review").text;
    for wanted in [
        "i&#39;m not interested",
        "href=\"https://vm.example.com/7\"",
        &one,
        &other,
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains("2125550163"), "masked: {page}");
    let form = browser.form();
    let decide = |id: &str, fields: &str| {
        browser.submit(&format!("/review/holds/{id}"), &format!("{form}&{fields}"))
    };
    let unsaid = decide(&one, "decision=release&note=+");
    assert_eq!(unsaid.status, 422, "a release says why");
    assert_eq!(
        decide(&one, "decision=release&note=meant+the+offer").status,
        200
    );
    assert_eq!(
        decide(&one, "decision=opt-out&note=").status,
        409,
        "decided"
    );
    assert_eq!(decide(&other, "decision=opt-out&note=").status, 200);
    assert_eq!(decide("hold_0", "decision=opt-out&note=").status, 404);
    let of = |id: &str| server.get(&format!("/v1/holds/{id}")).ok();
    assert_eq!(
        (&of(&one)["state"], &of(&one)["note"]),
        (&json!("released"), &json!("meant the offer"))
    );
    assert_eq!(of(&other)["state"], "opted-out");
    // Who decided is on file, by the key's id and never by the key.
    let id = key_id(&world, "admin");
    assert_eq!(of(&one)["decided_by"], json!(id));
    for kind in [
        "converse.hold-released",
        "converse.hold-opted-out",
        "converse.opt-out",
        "consent.revoked",
    ] {
        let told = server.get(&format!("/v1/events?type={kind}")).ok();
        assert_eq!(
            told["items"][0]["data"]["by"],
            json!(id),
            "{kind}: {told:#}"
        );
        assert!(!told.to_string().contains(&server.key), "{kind}");
    }
    assert!(server.is_barred("+12125550164", "acme-solar", "dnc-internal"));
    assert!(browser.get("/review").text.contains("Nothing waits"));
}

#[test]
fn a_form_is_one_keys_and_readers_are_shown_none() {
    let (world, server) = world();
    let form = Browser::new(&server, &server.key).form();
    // Another key's form is not this one's, and who may only read is shown no form.
    let reader = world.key(&["--role", "read-only"]);
    assert!(
        !Browser::new(&server, &reader)
            .get("/review")
            .text
            .contains("<form")
    );
    let second = world.key(&["--role", "compliance"]);
    let fields = format!("{form}&number=2125550165&seller=acme-solar");
    let crossed = Browser::new(&server, &second).submit("/review/opt-outs", &fields);
    assert_eq!(crossed.status, 422, "{crossed:?}");
}
