//! `sipp` (Debian `sip-tester`) as a callee that knows nothing of us. These tests are
//! `ignored` by plain cargo, and so counted; `scripts/test` runs them where sipp is.

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ringfence_core::call::{Input, Plan, Settlement};
use ringfence_core::disclose::{DisclosureState, Interruption};
use ringfence_core::outcome::{AnsweredBy, Outcome};
use ringfence_telephony::{Dial, DialOrder, Prompts, Transport, TrunkConfig};

use crate::driver::{self, Wish};

/// A running sipp, and where.
struct Sipp {
    child: Child,
    port: u16,
}

impl Sipp {
    fn start(scenario: &str, words: &[(&str, &str)]) -> Self {
        let port = free_port();
        let media = free_port();
        let template = format!("{}/tests/sipp/{scenario}.xml", env!("CARGO_MANIFEST_DIR"));
        let mut text = std::fs::read_to_string(template).unwrap();
        for (name, value) in words {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        let file = format!("{}/{scenario}-{port}.xml", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&file, text).unwrap();
        let spawned = Command::new("sipp")
            .args(["-sf", &file, "-i", "127.0.0.1", "-p", &port.to_string()])
            .args([
                "-mp",
                &media.to_string(),
                "-m",
                "1",
                "-nostdin",
                "-timeout",
                "40",
            ])
            .args(["-timeout_error"])
            .args((scenario == "echo").then_some("-rtp_echo"))
            .args((scenario == "tcp").then_some(["-t", "t1"]).iter().flatten())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match spawned {
            Ok(child) => {
                let sipp = Self { child, port };
                sipp.wait_until_it_listens();
                sipp
            }
            Err(error) => panic!("sipp (Debian: sip-tester): {error}"),
        }
    }

    /// It listens when its port cannot be had any more.
    fn wait_until_it_listens(&self) {
        for _ in 0..200 {
            let address = ("127.0.0.1", self.port);
            if UdpSocket::bind(address).is_err() || TcpListener::bind(address).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("sipp does not listen");
    }

    /// sipp's own verdict on the scenario.
    fn passed(mut self) -> bool {
        for _ in 0..200 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child.kill().unwrap();
        false
    }
}

fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// One call to one scenario.
async fn meet(scenario: &str, words: &[(&str, &str)], wish: Wish) -> Settlement {
    let (user, password) = ("", "");
    meet_as(
        scenario,
        words,
        wish,
        driver::short_prompts(1_000),
        user,
        password,
    )
    .await
}

async fn meet_as(
    scenario: &str,
    words: &[(&str, &str)],
    wish: Wish,
    prompts: Prompts,
    username: &str,
    password: &str,
) -> Settlement {
    let sipp = Sipp::start(scenario, words);
    let trunk = TrunkConfig {
        username: username.into(),
        password: password.into(),
        transport: match scenario {
            "tcp" => Transport::Tcp,
            _ => Transport::Udp,
        },
        ..TrunkConfig::new("carrier", &format!("127.0.0.1:{}", sipp.port))
    };
    let line = driver::line(trunk, driver::ports()).await;
    let report = driver::call(&line, "+12125550123", prompts, wish).await;
    println!(
        "{scenario} {words:?}: {:?} {:?}",
        report.took, report.events
    );
    let passed = tokio::task::spawn_blocking(move || sipp.passed()).await;
    assert!(
        passed.unwrap(),
        "sipp's verdict on {scenario} {words:?}: {:?}",
        report.events
    );
    assert_eq!(line.open_dialogs(), 0, "nothing is left behind");
    report.settlement
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answered_and_ended_by_our_bye() {
    let settled = meet("answer", &[], Wish::default()).await;
    assert_eq!(
        (settled.outcome, settled.sip_status),
        (Outcome::Answered, Some(200))
    );
    assert_eq!(settled.disclosure.state, DisclosureState::Complete);
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_prompt_come_back_is_no_machine() {
    let (wish, prompts) = (Wish::default(), driver::prompts());
    let met = meet_as("echo", &[], wish, prompts, "", "").await;
    let settled = met;
    assert_eq!(settled.outcome, Outcome::Answered);
    assert_eq!(settled.answered_by, Some(AnsweredBy::Unknown));
    assert_eq!(settled.disclosure.state, DisclosureState::Complete);
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals() {
    for (status, outcome) in [
        (486, Outcome::Busy),
        (600, Outcome::Busy),
        (603, Outcome::Declined),
        (607, Outcome::Unwanted),
        (480, Outcome::Unavailable),
        (487, Outcome::Unavailable),
        (404, Outcome::BadNumber),
        (408, Outcome::NoAnswer),
        (503, Outcome::CarrierError),
    ] {
        let text = status.to_string();
        let met = meet("refuse", &[("status", &text)], Wish::default()).await;
        let settled = met;
        assert_eq!(
            (settled.outcome, settled.sip_status),
            (outcome, Some(status))
        );
        assert_eq!(settled.retry_after_s, Some(30));
    }
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ring_limit_cancels() {
    for (scenario, outcome, status) in [
        ("no_answer", Outcome::NoAnswer, 487),
        ("crosses_cancel", Outcome::Abandoned, 200),
    ] {
        let wish = Wish {
            ring: Some(Duration::from_millis(700)),
            ..Wish::default()
        };
        let settled = meet(scenario, &[], wish).await;
        assert_eq!(
            (settled.outcome, settled.sip_status),
            (outcome, Some(status))
        );
    }
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digest_is_answered() {
    for (scenario, user, password, outcome, status) in [
        (
            "digest_401",
            "ringfence",
            "correct horse",
            Outcome::Answered,
            200,
        ),
        (
            "digest_401",
            "ringfence",
            "wrong",
            Outcome::CarrierError,
            403,
        ),
        (
            "digest_407",
            "ringfence",
            "correct horse",
            Outcome::Answered,
            200,
        ),
    ] {
        let prompts = driver::short_prompts(500);
        let met = meet_as(scenario, &[], Wish::default(), prompts, user, password).await;
        let settled = met;
        assert_eq!(
            (settled.outcome, settled.sip_status),
            (outcome, Some(status))
        );
    }
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hold_after_the_disclosure_is_answered() {
    let prompts = Prompts {
        message: Some(driver::short(5_000, 9)),
        ..driver::short_prompts(500)
    };
    let after = [("hold_after", "2000")];
    let met = meet_as("mid_call", &after, Wish::default(), prompts, "", "").await;
    let settled = met;
    assert_eq!(settled.outcome, Outcome::Answered);
    assert_eq!(settled.disclosure.state, DisclosureState::Complete);
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hold_during_the_disclosure_voids_it() {
    let after = [("hold_after", "1200")];
    let prompts = driver::short_prompts(4_000);
    let met = meet_as("hold_early", &after, Wish::default(), prompts, "", "").await;
    let settled = met;
    assert_eq!(settled.outcome, Outcome::Abandoned);
    assert_eq!(settled.disclosure.interrupted_by, Some(Interruption::Hold));
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_refreshed_when_we_are_asked_to() {
    let prompts = Prompts {
        message: Some(driver::short(1_000, 9)),
        ..driver::short_prompts(500)
    };
    let wish = Wish {
        // One refresh a second, and the call ends between the second and the third.
        plan: Plan {
            listen_after_message_ms: 500,
            ..Plan::announcement(true, true)
        },
        ..Wish::default()
    };
    let met = meet_as("session_timer", &[], wish, prompts, "", "").await;
    let settled = met;
    assert_eq!(settled.outcome, Outcome::Answered);
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tcp() {
    let settled = meet("tcp", &[], Wish::default()).await;
    assert_eq!(
        (settled.outcome, settled.sip_status),
        (Outcome::Answered, Some(200))
    );
}

#[ignore = "needs sipp; scripts/test runs it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_its_driver_drops_is_ended() {
    let sipp = Sipp::start("answer", &[]);
    let trunk = TrunkConfig::new("carrier", &format!("127.0.0.1:{}", sipp.port));
    let line = driver::line(trunk, driver::ports()).await;
    let order = DialOrder {
        slot: line.slot("carrier").unwrap(),
        prompts: driver::short_prompts(1_000),
    };
    let mut leg = line
        .dial(driver::permit_until("+12125550123", 5), order)
        .unwrap();
    while leg.events.recv().await.unwrap() != Input::Answered {}
    drop(leg);
    let passed = tokio::task::spawn_blocking(move || sipp.passed()).await;
    assert!(passed.unwrap(), "a BYE came");
}
