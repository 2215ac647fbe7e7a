//! kill -9 at any instant loses nothing that was acknowledged.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::contract::{at, gate, number, reservation, revocation, seller};
use ringfence_core::id::Id;
use ringfence_store::dial::AttemptState;
use ringfence_store::suppression::Revocation;
use ringfence_store::{SqliteStore, Store};

const DATABASE: &str = "RINGFENCE_CRASH_TEST_DATABASE";

/// What the child does: it reserves, redeems and opts out on several threads and says what was acknowledged, until
/// killed. Run as a test by itself it has nothing to do.
#[test]
fn child() {
    let Some(path) = std::env::var_os(DATABASE) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path), at(0)).unwrap();
    store.put_seller("acme", seller(), at(0)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for n in 0.. {
                    let to = format!("+1212555{:04}", thread * 2500 + n % 2500);
                    let reserved = store.reserve(reservation(&to), gate(), at(1)).unwrap();
                    say("decided", reserved.decision_id.as_str());
                    if let Some(permit) = reserved.permit {
                        store.redeem(&permit.token, at(2)).unwrap();
                        say("redeemed", permit.attempt.as_str());
                    }
                    let said = Revocation {
                        number: number(&to),
                        ..revocation(1)
                    };
                    store.revoke(said, at(3)).unwrap();
                    say("opted-out", &to);
                }
            });
        }
    });
}

fn say(what: &str, which: &str) {
    // One write a line: the process may end between any two.
    let line = format!("\n@ {what} {which}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    for round in 0..3 {
        let acknowledged = run_and_kill(&path, 60 + 40 * round);
        check(&path, &acknowledged);
    }
}

fn run_and_kill(path: &Path, lines: usize) -> Vec<(String, String)> {
    let mut child = crate::child("crash::child", DATABASE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut take = |line: String| {
        let mut words = line.split_whitespace().skip(1).map(str::to_owned);
        if let (true, Some(what), Some(which)) = (line.starts_with('@'), words.next(), words.next())
        {
            acknowledged.push((what, which));
        }
    };
    for _ in 0..lines * 2 {
        take(output.next().expect("the child goes on").unwrap());
    }
    std::thread::sleep(Duration::from_millis(3));
    child.kill().unwrap();
    child.wait().unwrap();
    // What it managed to say before it died was acknowledged, too; a torn last line was not said.
    let rest: Vec<String> = output.map_while(Result::ok).collect();
    rest.into_iter().for_each(take);
    acknowledged.retain(|(what, which)| what != "opted-out" || which.len() == 12);
    assert!(acknowledged.len() >= lines / 2);
    acknowledged
}

fn check(path: &Path, acknowledged: &[(String, String)]) {
    let store = SqliteStore::open(path, at(0)).unwrap();
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
    let whole_id = |which: &str| which.len() == 30;
    for (what, which) in acknowledged {
        match what.as_str() {
            "decided" if whole_id(which) => {
                store.decision(&Id::from(which.as_str())).unwrap();
            }
            "redeemed" if whole_id(which) => {
                let attempt = store.attempt(&Id::from(which.as_str())).unwrap();
                assert!(matches!(
                    attempt.state,
                    AttemptState::Dialing | AttemptState::Settled
                ));
            }
            "opted-out" => {
                assert!(
                    !store.suppressions_of(number(which)).unwrap().is_empty(),
                    "{which}"
                );
            }
            _ => {}
        }
    }
    let recovery = store.recover(at(100)).unwrap();
    for orphan in &recovery.orphans {
        assert_eq!(orphan.state, AttemptState::Settled);
    }
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}
