//! SIP messages, as little as a callee needs; its own code, so that the line is not tested against its own stack.

use std::fmt::Write as _;

/// A request, or a response to one of ours (then `method` is empty).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) method: String,
    pub(super) uri: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Message {
    pub(super) fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, uri) = (first.next()?, first.next()?);
        let method = if method == "SIP/2.0" { "" } else { method };
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self {
            method: method.to_owned(),
            uri: uri.to_owned(),
            headers,
            body: body.to_owned(),
        })
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    pub(super) fn call_id(&self) -> String {
        self.header("call-id").to_owned()
    }

    /// The number that the request is for: the user part of its URI.
    pub(super) fn number(&self) -> String {
        let user = self.uri.strip_prefix("sip:").unwrap_or(&self.uri);
        user.split(['@', ';']).next().unwrap_or_default().to_owned()
    }

    /// A response to it. `tag` goes into To unless there is one.
    pub(super) fn respond(&self, status: u16, tag: &str, extra: &str, body: &str) -> String {
        let mut out = format!("SIP/2.0 {status} {}\r\n", phrase(status));
        for (name, value) in &self.headers {
            if name == "via" {
                let _ = write!(out, "Via: {value}\r\n");
            }
        }
        let to = self.header("to");
        let tagged = match to.contains(";tag=") || status == 100 {
            true => to.to_owned(),
            false => format!("{to};tag={tag}"),
        };
        let _ = write!(
            out,
            "From: {}\r\nTo: {tagged}\r\nCall-ID: {}\r\nCSeq: {}\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            self.header("from"),
            self.header("call-id"),
            self.header("cseq"),
            body.len()
        );
        out
    }

    /// The address in Contact, for requests of ours.
    pub(super) fn contact_uri(&self) -> String {
        let contact = self.header("contact");
        let uri = contact.split('<').nth(1).unwrap_or(contact);
        uri.split('>').next().unwrap_or_default().to_owned()
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Other",
    }
}
