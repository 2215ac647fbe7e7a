//! Twilio's text messages: a form with `From`, `To` and `Body`, signed by `X-Twilio-Signature`.

use hyper::HeaderMap;
use ring::hmac;

use super::{Message, decoded, header, required};
use crate::api::problem::ApiError;

/// What Twilio signs its messages with.
pub(super) const SIGNATURE: &str = "x-twilio-signature";

/// The message in a form.
pub(super) fn read(fields: &[(String, String)]) -> Result<Message, ApiError> {
    let to = fields.iter().filter(|(name, _)| name == "To");
    let id = fields.iter().find(|(name, _)| name == "MessageSid");
    Ok(Message {
        id: id.map(|(_, id)| id.clone()),
        from: required(fields, "From")?.to_owned(),
        to: to.map(|(_, to)| to.clone()).collect(),
        text: required(fields, "Body")?.to_owned(),
        is_opt_out: false,
    })
}

/// Whether Twilio signed it: HMAC-SHA1 over the address as Twilio knows it and every field, sorted, name and value.
pub(super) fn is_signed(
    token: &str,
    url: &str,
    fields: &[(String, String)],
    headers: &HeaderMap,
) -> bool {
    let mut signed = url.to_owned();
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    decoded(header(headers, SIGNATURE))
        .is_some_and(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::form_fields;
    use super::*;

    /// Made with Twilio's own library.
    #[test]
    fn twilios_signature() {
        let url = "https://gate.example/v1/twilio/status";
        let body = b"To=%2B13125550143&CallSid=CAtest&CallStatus=completed&From=%2B12125550100&AccountSid=ACtest";
        let fields = form_fields(body);
        let fits = |token: &str, url: &str, fields: &[(String, String)], signature: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(SIGNATURE, signature.parse().unwrap());
            is_signed(token, url, fields, &headers)
        };
        let signature = "hTLLGS1iJHCtTbhHdsDDuO2OWIs=";
        assert!(fits("auth-token", url, &fields, signature));
        assert!(!fits("other", url, &fields, signature));
        assert!(!fits(
            "auth-token",
            "https://else.example/",
            &fields,
            signature
        ));
        assert!(!fits("auth-token", url, &fields[1..], signature));
        assert!(!fits("auth-token", url, &fields, "not base64"));
        assert_eq!(form_fields(b"Body=+5+%2B6")[0].1, " 5 +6");
    }
}
