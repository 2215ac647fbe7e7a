//! A session on real sockets, ticked by hand.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use jiff::Timestamp;
use ringfence_core::call::Input;
use tokio::sync::mpsc;

use super::keypad;
use super::ports::PortRange;
use super::rtp::{RtpPacket, TELEPHONE_EVENT};
use super::session::{Remote, Session, SessionParts, StreamStart};

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// A key from this socket, a new press each time.
fn press(socket: &UdpSocket, to: std::net::SocketAddr, key: char, at: u32) {
    let packet = RtpPacket {
        marker: true,
        payload_type: TELEPHONE_EVENT,
        seq: 1,
        timestamp: at,
        ssrc: u32::from(socket.local_addr().unwrap().port()),
        payload: &keypad::event(key, false, 160).unwrap(),
    };
    socket.send_to(&packet.write(), to).unwrap();
}

#[test]
fn behind_a_nat_the_callee_is_heard_and_an_earlier_calls_stream_is_not() {
    let (announced, natted, stray) = (socket(), socket(), socket());
    let range = PortRange::new([127, 0, 0, 1].into(), 39_030, 39_033);
    let sockets = range.bind().unwrap();
    let ours = sockets.local;
    // Before the answer: thrown away, and remembered.
    press(&stray, ours, '9', 0);
    let (_commands, from_call) = sync_channel(1);
    let (to_call, mut events) = mpsc::channel(64);
    let mut session = Session::new(SessionParts {
        sockets,
        remote: Remote {
            to: announced.local_addr().unwrap(),
            telephone_event: None,
        },
        clock: Arc::new(|| Timestamp::UNIX_EPOCH),
        commands: from_call,
        events: to_call,
        stream: StreamStart {
            ssrc: 7,
            seq: 0,
            timestamp: 0,
        },
        stall_ms_max: 1_000,
        any_source: false,
    });
    let mut keys = Vec::new();
    for tick in 1..=60 {
        press(&stray, ours, '9', tick * 160);
        if tick == 30 {
            press(&natted, ours, '5', 1);
        }
        assert!(session.tick(Instant::now()));
        while let Ok(event) = events.try_recv() {
            if let Input::Key(key) = event {
                keys.push((tick, key));
            }
        }
    }
    assert_eq!(keys, [(30, '5')]);
    let heard = |socket: &UdpSocket| socket.recv(&mut [0; 1_500]).is_ok();
    assert!(
        heard(&announced),
        "until the callee was heard from elsewhere"
    );
    assert!(heard(&natted), "and from then on there");
    assert!(!heard(&stray), "nobody else hears us");
}
