//! What somebody without a trunk may ask of our SIP address.

use std::time::Duration;

use ringfence_telephony::TrunkConfig;
use tokio::net::UdpSocket;

use crate::driver;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_answered_and_never_connected() {
    let trunk = TrunkConfig::new("carrier", "127.0.0.1:5070");
    let line = driver::line(trunk, driver::ports()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let ours = socket.local_addr().unwrap();
    for (n, (method, to_tag, want)) in [
        ("OPTIONS", "", Some("SIP/2.0 200")),
        ("INVITE", "", Some("SIP/2.0 403")),
        ("REGISTER", "", Some("SIP/2.0 405")),
        ("BYE", ";tag=x", Some("SIP/2.0 481")),
        ("ACK", ";tag=x", None),
    ]
    .into_iter()
    .enumerate()
    {
        let request = format!(
            "{method} sip:nobody@{local} SIP/2.0\r\nVia: SIP/2.0/UDP {ours};branch=z9hG4bK{n};rport\r\n\
             From: <sip:stranger@{ours}>;tag=a{n}\r\nTo: <sip:nobody@{local}>{to_tag}\r\nCall-ID: stranger{n}\r\n\
             CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContact: <sip:stranger@{ours}>\r\nContent-Length: 0\r\n\r\n",
            local = line.local(),
        );
        socket
            .send_to(request.as_bytes(), line.local())
            .await
            .unwrap();
        let mut buffer = vec![0; 4_096];
        let answered = loop {
            let wait = Duration::from_millis(800);
            let Ok(got) = tokio::time::timeout(wait, socket.recv(&mut buffer)).await else {
                break None;
            };
            let text = String::from_utf8_lossy(&buffer[..got.unwrap()]).into_owned();
            // An answer to an earlier request may come again.
            if text.contains(&format!("stranger{n}")) && !text.starts_with("SIP/2.0 100") {
                break Some(text);
            }
        };
        match (want, answered) {
            (Some(want), Some(text)) => assert!(text.starts_with(want), "{method}: {text}"),
            (None, None) => {}
            (want, answered) => panic!("{method}: {want:?}, {answered:?}"),
        }
    }
    assert_eq!(line.open_dialogs(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_survived() {
    let trunk = TrunkConfig::new("carrier", "127.0.0.1:5070");
    let line = driver::line(trunk, driver::ports()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let seed = b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n\r\n";
    let mut random = 1_u32;
    for _ in 0..2_000 {
        let mut bytes = seed.to_vec();
        for _ in 0..4 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = usize::try_from(random >> 8).unwrap() % bytes.len();
            bytes[at] = random.to_be_bytes()[0];
        }
        bytes.truncate(usize::try_from(random >> 4).unwrap() % seed.len() + 1);
        socket.send_to(&bytes, line.local()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let probe = format!(
        "OPTIONS sip:a@{local} SIP/2.0\r\nVia: SIP/2.0/UDP {ours};branch=z9hG4bKlast;rport\r\nFrom: <sip:s@a>;tag=1\r\n\
         To: <sip:a@b>\r\nCall-ID: last\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        local = line.local(),
        ours = socket.local_addr().unwrap(),
    );
    socket
        .send_to(probe.as_bytes(), line.local())
        .await
        .unwrap();
    let mut buffer = vec![0; 4_096];
    let answered = async {
        loop {
            let got = socket.recv(&mut buffer).await.unwrap();
            if String::from_utf8_lossy(&buffer[..got]).contains("Call-ID: last") {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(3), answered)
        .await
        .expect("still there");
}
