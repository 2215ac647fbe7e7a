//! Telnyx's text messages: a JSON event `message.received`, signed by Ed25519.
//!
//! The event: <https://developers.telnyx.com/api-reference/callbacks/inbound-message>. The signature, of
//! `<telnyx-timestamp>|<body>` by the account's key, and the five minutes: "Receiving Webhooks for Messaging" there, and
//! `src/lib/webhooks.ts` of Telnyx's own library for Node.

use hyper::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;

use super::{Message, decoded, header};

/// The signature, base64.
pub(super) const SIGNATURE: &str = "telnyx-signature-ed25519";
/// When it was made, in seconds since 1970.
const TIMESTAMP: &str = "telnyx-timestamp";
/// A signature that is older, or as much ahead of our clock, is not taken: somebody may be playing it again.
const AGE_MAX: SignedDuration = SignedDuration::from_mins(5);

/// An event as Telnyx sends it; it holds much more.
#[derive(Deserialize)]
pub(super) struct Event {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    id: Option<String>,
    event_type: String,
    /// Of other events it has other fields.
    payload: serde_json::Value,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    id: Option<String>,
    from: Party,
    to: Recipients,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Party {
    phone_number: String,
}

/// One number or several: test data of Telnyx's older libraries have one as plain text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Recipients {
    Several(Vec<Party>),
    One(String),
}

/// The message in an event; none: the event is of another kind, such as the receipt of a message that you sent.
///
/// # Errors
/// When a received message lacks what it is read by.
pub(super) fn read(event: Event) -> Result<Option<Message>, serde_json::Error> {
    if event.data.event_type != "message.received" {
        return Ok(None);
    }
    let payload: Payload = serde_json::from_value(event.data.payload)?;
    Ok(Some(Message {
        id: payload.id.or(event.data.id),
        from: payload.from.phone_number,
        to: match payload.to {
            Recipients::Several(parties) => parties.into_iter().map(|p| p.phone_number).collect(),
            Recipients::One(number) => vec![number],
        },
        text: payload.text.unwrap_or_default(),
        is_opt_out: false,
    }))
}

/// The public key that a setting holds, if it is one.
pub fn public_key(base64: &str) -> Option<Vec<u8>> {
    decoded(base64).filter(|key| key.len() == 32)
}

/// Whether Telnyx signed it, and not too long ago.
pub(super) fn is_signed(key: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
    let timestamp = header(headers, TIMESTAMP);
    let (Some(key), Some(signature)) = (public_key(key), decoded(header(headers, SIGNATURE)))
    else {
        return false;
    };
    let mut signed = timestamp.as_bytes().to_vec();
    signed.push(b'|');
    signed.extend_from_slice(body);
    let at = timestamp.parse().ok().map(Timestamp::from_second);
    let fresh = |at: Timestamp| at.duration_since(now).unsigned_abs() <= AGE_MAX.unsigned_abs();
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&signed, &signature)
        .is_ok()
        && at.and_then(Result::ok).is_some_and(fresh)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    /// The example of Telnyx's documentation, shortened, with numbers that nobody has.
    const EVENT: &str = r#"{"data": {"record_type": "event", "id": "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c",
        "event_type": "message.received", "occurred_at": "2019-01-23T18:10:02.574Z", "payload": {
        "record_type": "message", "direction": "inbound", "type": "SMS", "from": {"phone_number": "+12125550123",
        "carrier": "T-MOBILE USA, INC.", "line_type": "Wireless"}, "to": [{"phone_number": "+12125550100",
        "status": "delivered", "carrier": "TELNYX LLC", "line_type": "VoIP"}], "cc": [], "text": "Hello, World!",
        "media": [], "parts": 1}}, "meta": {"attempt": 1}}"#;

    #[test]
    fn an_event_is_read_and_others_are_not() {
        let message = read(serde_json::from_str(EVENT).unwrap()).unwrap().unwrap();
        assert_eq!(message.from, "+12125550123");
        assert_eq!(message.to, ["+12125550100"]);
        assert_eq!(message.text, "Hello, World!");
        let sent = EVENT.replace("message.received", "message.finalized");
        assert!(
            read(serde_json::from_str(&sent).unwrap())
                .unwrap()
                .is_none()
        );
        let plain = r#"{"data": {"event_type": "message.received",
            "payload": {"from": {"phone_number": "+1"}, "to": "+2", "text": null}}}"#;
        let message = read(serde_json::from_str(plain).unwrap()).unwrap().unwrap();
        assert_eq!(
            (message.to, message.text),
            (vec!["+2".into()], String::new())
        );
        let nobody = r#"{"data": {"event_type": "message.received", "payload": {}}}"#;
        assert!(read(serde_json::from_str(nobody).unwrap()).is_err());
    }

    #[test]
    fn a_signature_is_of_time_and_body_and_grows_old() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let key = STANDARD.encode(pair.public_key().as_ref());
        let now: Timestamp = "2026-11-21T15:00:00Z".parse().unwrap();
        let fits = |key: &str, stated: &str, signed: &str, body: &str, off: i64| {
            let signature = STANDARD.encode(pair.sign(signed.as_bytes()));
            let mut headers = HeaderMap::new();
            headers.insert(SIGNATURE, signature.parse().unwrap());
            headers.insert(TIMESTAMP, stated.parse().unwrap());
            let at = now.checked_add(SignedDuration::from_secs(off)).unwrap();
            is_signed(key, &headers, body.as_bytes(), at)
        };
        let at = now.as_second().to_string();
        let signed = format!("{at}|{{}}");
        assert!(fits(&key, &at, &signed, "{}", 0));
        assert!(fits(&key, &at, &signed, "{}", 300));
        assert!(fits(&key, &at, &signed, "{}", -300));
        assert!(!fits(&key, &at, &signed, "{}", 301));
        assert!(!fits(&key, &at, &signed, "{}", -301));
        assert!(!fits(&key, &at, &signed, "{ }", 0));
        let later = (now.as_second() + 1).to_string();
        assert!(!fits(&key, &later, &signed, "{}", 0));
        assert!(!fits(&key, "soon", "soon|{}", "{}", 0));
        let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
        let other = STANDARD.encode(other.public_key().as_ref());
        assert!(!fits(&other, &at, &signed, "{}", 0));
        assert!(!fits("no key", &at, &signed, "{}", 0));
    }
}
