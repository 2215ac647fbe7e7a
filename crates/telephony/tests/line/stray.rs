//! Streams that are not of the call: an earlier call's, still being sent to our port.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ringfence_core::outcome::Outcome;
use ringfence_telephony::TrunkConfig;
use ringfence_telephony::simulated::{Persona, SimulatedCarrier, SimulatedConfig};

use crate::driver::{self, Wish};

/// An RTP packet of somebody who holds down 9.
fn nine(seq: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 101];
    packet.extend(seq.to_be_bytes());
    packet.extend(u32::from(seq / 8).wrapping_mul(1_280).to_be_bytes());
    packet.extend(0x0BAD_CA11_u32.to_be_bytes());
    packet.extend([9, 0x0A, 0, 160]);
    packet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_of_an_earlier_calls_stream_is_no_opt_out() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let config = SimulatedConfig {
        ring: Duration::from_millis(300),
        disclosure_ms: 1_200,
    };
    let listens = Arc::new(|_: &str| Persona::Listens);
    let carrier = SimulatedCarrier::start(listen, config, listens, None)
        .await
        .unwrap();
    let trunk = TrunkConfig::new("carrier", &carrier.local().to_string());
    let (first, last) = driver::ports();
    let line = driver::line(trunk, (first, last)).await;

    // From the carrier's host, at every port that the call may take, from before its INVITE on.
    let over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&over);
    let stray = std::thread::spawn(move || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for seq in 0..6_000 {
            if ended.load(Ordering::Relaxed) {
                return seq;
            }
            for port in (first..last).step_by(2) {
                let _ = socket.send_to(&nine(seq), ("127.0.0.1", port));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        6_000
    });
    let prompts = driver::short_prompts(1_500);
    let report = driver::call(&line, "+12125550123", prompts, Wish::default()).await;
    over.store(true, Ordering::Relaxed);
    assert!(stray.join().unwrap() > 100, "it sent all the while");
    assert!(
        !report.settlement.opt_out,
        "nobody pressed a key: {:?}",
        report.events
    );
    assert_eq!(report.settlement.outcome, Outcome::Answered);
    assert!(
        report.events.contains(&"disclose.completed"),
        "{:?}",
        report.events
    );
}
