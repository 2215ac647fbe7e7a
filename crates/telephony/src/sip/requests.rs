//! What a far side asks for during a call: hold, resume, a sign of life.

use rsipstack::dialog::dialog::TransactionHandle;
use rsipstack::sip::{Header, Method, Request, StatusCode};

use super::sdp::{self, FarSide};

/// Answers a re-INVITE or an UPDATE; what it says about the far side's media, if it says anything.
pub(super) async fn answer_update(
    request: &Request,
    handle: &TransactionHandle,
    describe: impl FnOnce(Option<&FarSide>) -> String,
) -> Option<FarSide> {
    if request.body.is_empty() {
        // A re-INVITE without an offer asks for ours; an UPDATE without one is a sign of life.
        let body = (request.method == Method::Invite).then(|| describe(None).into_bytes());
        let headers = body.is_some().then(content_type);
        reply(handle, StatusCode::OK, headers, body).await;
        return None;
    }
    let Some(theirs) = sdp::read(&request.body) else {
        reply(handle, StatusCode::NotAcceptableHere, None, None).await;
        return None;
    };
    let body = describe(Some(&theirs)).into_bytes();
    reply(handle, StatusCode::OK, Some(content_type()), Some(body)).await;
    Some(theirs)
}

/// Answers anything else without a body.
pub(super) async fn answer_plainly(handle: &TransactionHandle, status: StatusCode) {
    reply(handle, status, None, None).await;
}

/// The key in an INFO with `application/dtmf-relay`, which some carriers send instead of telephone events.
pub(super) fn key_of_info(request: &Request) -> Option<char> {
    let body = std::str::from_utf8(&request.body).ok()?;
    let value = body
        .lines()
        .find_map(|line| line.trim().strip_prefix("Signal="))?;
    let key = value.trim().chars().next()?.to_ascii_uppercase();
    matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(key)
}

fn content_type() -> Vec<Header> {
    vec![Header::ContentType("application/sdp".into())]
}

async fn reply(
    handle: &TransactionHandle,
    status: StatusCode,
    headers: Option<Vec<Header>>,
    body: Option<Vec<u8>>,
) {
    if handle.respond(status, headers, body).await.is_err() {
        tracing::debug!("the transaction was over before it was answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_by_info() {
        for (body, want) in [
            ("Signal=9\r\nDuration=160\r\n", Some('9')),
            ("Signal= *\r\n", Some('*')),
            ("Signal=flash\r\n", None),
            ("Duration=160\r\n", None),
            ("", None),
        ] {
            let request = Request {
                method: Method::Info,
                uri: rsipstack::sip::Uri::default(),
                version: rsipstack::sip::Version::V2,
                headers: rsipstack::sip::Headers::default(),
                body: body.into(),
            };
            assert_eq!(key_of_info(&request), want, "{body}");
        }
    }
}
