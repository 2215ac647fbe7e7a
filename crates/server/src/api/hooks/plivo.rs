//! Plivo's text messages: a form with `From`, `To` and `Text`, signed by the account's auth token.
//!
//! The form: <https://www.plivo.com/docs/sms/api/message/handling-incoming/>. Two signatures are known. For messages Plivo
//! documents the second version, <https://docs.plivo.com/docs/messaging/concepts/signature-validation>, which covers the
//! address and a nonce and not what is said. Of the third, which covers the form, too, it says that all its requests bear it, those
//! to a `message_url` among them, <https://docs.plivo.com/docs/voice/xml/request/validation>; so that decides where it is there.
//! How the third is put together: `utils/signature_v3.py` of `plivo-python` and `utils.go` of `plivo-go`.

use hyper::HeaderMap;
use ring::hmac;

use super::{Message, decoded, header, required};
use crate::api::problem::ApiError;
use crate::api::route;

/// The signatures of the third version: by the token of the account that owns the number, and by that of the main account.
const V3: [&str; 2] = ["x-plivo-signature-v3", "x-plivo-signature-ma-v3"];
const V3_NONCE: &str = "x-plivo-signature-v3-nonce";
/// Those of the second.
const V2: [&str; 2] = ["x-plivo-signature-v2", "x-plivo-signature-ma-v2"];
const V2_NONCE: &str = "x-plivo-signature-v2-nonce";

/// Whether a form is Plivo's.
pub(super) fn is_form(fields: &[(String, String)]) -> bool {
    fields.iter().any(|(name, _)| name == "MessageUUID")
}

/// Whether the headers claim that Plivo signed it.
pub(super) fn claims(headers: &HeaderMap) -> bool {
    V3.iter().chain(&V2).any(|name| headers.contains_key(*name))
}

/// The message in a form; of one with pictures the words are in `Body`.
pub(super) fn read(fields: &[(String, String)]) -> Result<Message, ApiError> {
    let all = |name: &'static str| fields.iter().filter(move |(n, _)| n == name);
    let text = all("Text").chain(all("Body")).next();
    Ok(Message {
        id: all("MessageUUID").next().map(|(_, id)| id.clone()),
        from: international(required(fields, "From")?),
        to: all("To").map(|(_, to)| international(to)).collect(),
        text: match text {
            Some((_, text)) => text.clone(),
            None => required(fields, "Text")?.to_owned(),
        },
        // Plivo knows the usual words itself, and then sends no more messages to the number.
        is_opt_out: all("MessageIntent").any(|(_, intent)| intent == "optout"),
    })
}

/// Plivo leaves the plus away: `12125550123`.
fn international(number: &str) -> String {
    let number = number.trim();
    match number.starts_with('+') {
        true => number.to_owned(),
        false => format!("+{number}"),
    }
}

/// Whether Plivo signed it. `origin`: how Plivo reaches this server, without path; `fields`: sorted.
pub(super) fn is_signed(
    token: &str,
    origin: &str,
    target: &str,
    fields: &[(String, String)],
    headers: &HeaderMap,
) -> bool {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    let fits = |names: [&'static str; 2], signed: &str| {
        let sent = names.into_iter().flat_map(|name| headers.get_all(name));
        let sent = sent.filter_map(|value| value.to_str().ok());
        sent.flat_map(|value| value.split(','))
            .filter_map(|one| decoded(one.trim()))
            .any(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
    };
    if V3.iter().any(|name| headers.contains_key(*name)) {
        let mut signed = format!("{origin}{path}");
        push_v3(&mut signed, query, fields);
        let nonce = header(headers, V3_NONCE);
        return !nonce.is_empty() && fits(V3, &format!("{signed}.{nonce}"));
    }
    let nonce = header(headers, V2_NONCE);
    !nonce.is_empty() && fits(V2, &format!("{origin}{path}{nonce}"))
}

/// The query, sorted, as `name=value` with `&` between; a full stop; the form, sorted, name and value without anything between.
fn push_v3(signed: &mut String, query: &str, fields: &[(String, String)]) {
    let mut pairs = match query {
        "" => Vec::new(),
        query => route::form(query.as_bytes()),
    };
    pairs.sort();
    if !pairs.is_empty() || !fields.is_empty() {
        signed.push('?');
    }
    let pairs: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
    signed.push_str(&pairs.join("&"));
    if !pairs.is_empty() && !fields.is_empty() {
        signed.push('.');
    }
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::form_fields;
    use super::*;

    fn fits(
        token: &str,
        url: (&str, &str),
        fields: &[(String, String)],
        headers: &[(&'static str, &str)],
    ) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        is_signed(token, url.0, url.1, fields, &map)
    }

    /// From the tests of `plivo-python`, `plivo-node` and `plivo-go`.
    #[test]
    fn the_second_version_as_plivo_makes_it() {
        let good = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=";
        let fits = |token: &str, target: &str, name: &'static str, nonce: &str| {
            let headers = [(name, good), (V2_NONCE, nonce)];
            fits(token, ("https://answer.url", target), &[], &headers)
        };
        assert!(fits("my_auth_token", "", V2[0], "12345"));
        assert!(fits("my_auth_token", "?seller=a", V2[1], "12345"));
        assert!(!fits("my_auth_tokens", "", V2[0], "12345"));
        assert!(!fits("my_auth_token", "/else", V2[0], "12345"));
        assert!(!fits("my_auth_token", "", V2[0], "12346"));
        assert!(!fits("my_auth_token", "", V3[0], "12345"));
    }

    /// The two of `utils_test.go` of `plivo-go` that are POSTs.
    #[test]
    fn the_third_version_as_plivo_makes_it() {
        let id = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36";
        let to = "PlivoSignature382029104058171078704104@";
        let mut fields: Vec<(String, String)> = [
            ("Direction", "outbound".to_owned()),
            ("From", "19792014278".to_owned()),
            ("ALegUUID", id.to_owned()),
            ("CallStatus", "in-progress".to_owned()),
            ("BillRate", "0.002".to_owned()),
            ("ParentAuthID", "MANWVLYTK4ZWU1YTY4QA".to_owned()),
            ("To", format!("sip:{to}phone-qa.voice.plivodev.com")),
            ("ALegRequestUUID", id.to_owned()),
            ("CallUUID", id.to_owned()),
            ("RequestUUID", id.to_owned()),
            (
                "SIP-H-To",
                format!("<sip:{to}52.9.11.55;transport=udp>;tag=1"),
            ),
            ("SessionStart", "2020-04-08 11:34:33.238707".to_owned()),
            ("Event", "StartApp".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        fields.sort();
        let origin = "https://plivobin.non-prod.plivops.com";
        let path = "/api/v1/validate_signature03.xml";
        let with_query = format!("{path}/?c=d&a=b");
        let token = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4";
        let nonce = (V3_NONCE, "31627761595286130198");
        let (plain, queried) = (
            "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=",
            "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=",
        );
        assert!(fits(
            token,
            (origin, path),
            &fields,
            &[(V3[0], plain), nonce]
        ));
        let both = format!("bm90aGluZw==,{queried}");
        let headers = [(V3[1], both.as_str()), nonce];
        assert!(fits(token, (origin, &with_query), &fields, &headers));
        assert!(!fits(token, (origin, path), &fields, &headers));
        assert!(!fits(
            token,
            (origin, path),
            &fields[1..],
            &[(V3[0], plain), nonce]
        ));
        assert!(!fits(
            "other",
            (origin, path),
            &fields,
            &[(V3[0], plain), nonce]
        ));
        assert!(!fits(token, (origin, path), &fields, &[(V3[0], plain)]));
        assert!(!fits(token, (origin, path), &fields, &[nonce]));
    }

    #[test]
    fn forms_are_read() {
        let body = b"From=12125550123&To=%2B12125550100&Text=Stop+now&Type=sms&MessageUUID=1&MessageIntent=optout";
        let fields = form_fields(body);
        assert!(is_form(&fields));
        let message = read(&fields).unwrap();
        assert_eq!(message.from, "+12125550123");
        assert_eq!(message.to, ["+12125550100"]);
        assert_eq!(message.text, "Stop now");
        assert!(message.is_opt_out);
        let picture = form_fields(b"From=1&Body=look&MessageUUID=1&MessageIntent=");
        let message = read(&picture).unwrap();
        assert_eq!((message.text.as_str(), message.is_opt_out), ("look", false));
        assert!(read(&form_fields(b"From=1&MessageUUID=1")).is_err());
    }
}
