//! One table of routes: it routes, says who may ask, and is what the OpenAPI document is made from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ringfence_store::gate::{Reservation, Reserved};
use ringfence_store::key::Role;
use serde_json::Value;

use super::problem::ApiError;
use super::request::{Answer, Request};
use crate::app::App;

/// What answers. It may block: it runs on a thread of its own.
pub type Handler = fn(&App, Request) -> Result<Answer, ApiError>;

/// An operation that is a reservation, in two parts: nobody's thread waits for the disk between them. Neither may block.
pub struct Reserving {
    /// What is to be reserved; none: this request is of another kind, and its handler is to be asked.
    pub before: fn(&App, &Request) -> Result<Option<Reservation>, ApiError>,
    /// The answer, once it is durable.
    pub after: fn(&App, &Reserved) -> Result<Answer, ApiError>,
}

/// What a route takes.
#[derive(Clone, Copy)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON of this schema.
    Json(fn() -> Value),
    /// JSON of this schema, or a file of numbers.
    JsonOrFile(fn() -> Value),
    /// A form of our own page, with fields of this schema.
    Form(fn() -> Value),
    /// A recorded prompt.
    Wav,
    /// A file of leads.
    File,
    /// A list of numbers, of any size: kept on disk.
    List,
}

/// One operation.
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// With `{name}` for variable parts; a verb follows a colon.
    pub path: &'static str,
    /// The operation's id: `stage.verb`.
    pub id: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Who may ask beside `admin`; none: everybody, without a key.
    pub roles: Option<&'static [Role]>,
    /// What it takes.
    pub body: Body,
    /// What answers.
    pub handler: Handler,
    /// How it answers without a thread of its own, if it can.
    pub reserving: Option<Reserving>,
}

impl Route {
    /// Whether it is for a browser, which asks its user for the key.
    pub fn is_page(&self) -> bool {
        self.id.starts_with("page.")
    }
}

/// What a path leads to.
pub enum Found {
    /// An operation, and the path's variable parts.
    Route(&'static Route, BTreeMap<&'static str, String>),
    /// The path is known, the method is not; these are.
    Method(String),
    /// Nothing.
    Nothing,
}

/// Looks a request up.
pub fn find(routes: &'static [Route], method: &str, path: &str) -> Found {
    // The connection leaves the body out of an answer to HEAD.
    let serves =
        |route: &Route| route.method == method || (method, route.method) == ("HEAD", "GET");
    // Most paths have no variable part, and those that do are dear to take apart.
    let whole = routes.iter().find(|r| r.path == path && serves(r));
    if let Some(route) = whole
        && !path.contains('{')
    {
        return Found::Route(route, BTreeMap::new());
    }
    let mut allowed = Vec::new();
    for route in routes {
        if let Some(parts) = matches(route.path, path) {
            if serves(route) {
                return Found::Route(route, parts);
            }
            allowed.push(route.method);
        }
    }
    if allowed.is_empty() {
        Found::Nothing
    } else {
        Found::Method(allowed.join(", "))
    }
}

fn matches(pattern: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut parts = BTreeMap::new();
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parts),
            (Some(want), Some(have)) => segment(want, &decoded(have)?, &mut parts)?,
            _ => return None,
        }
    }
}

fn segment(
    want: &'static str,
    have: &str,
    parts: &mut BTreeMap<&'static str, String>,
) -> Option<()> {
    let Some(rest) = want.strip_prefix('{') else {
        return (want == have).then_some(());
    };
    let (name, verb) = rest.split_once('}')?;
    let value = have.strip_suffix(verb)?;
    if value.is_empty() || value.contains(':') {
        return None;
    }
    parts.insert(name, value.to_owned());
    Some(())
}

/// As it came, if nothing in it is encoded: every request is held against many routes.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    match text.contains('%') {
        true => decode(text).map(Cow::Owned),
        false => Some(Cow::Borrowed(text)),
    }
}

/// Undoes percent-encoding; none for what is no text.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b == b'%' {
            let digit = |b: Option<u8>| char::from(b?).to_digit(16);
            let value = digit(rest.next())? * 16 + digit(rest.next())?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(b);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Reads a query as forms send it: `+` is a blank, but for the one that a number in E.164 begins with.
pub fn query(text: &str) -> BTreeMap<String, String> {
    let is_number = |value: &str| {
        value
            .strip_prefix('+')
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let read = |value: &str| match is_number(value) {
        true => Some(value.to_owned()),
        false => decode(&value.replace('+', " ")),
    };
    text.split('&')
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, read(value)?))
        })
        .collect()
}

/// A form's fields in their order, undecodable ones left out; here a `+` is always a blank.
pub fn form(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let plain = |text: &str| decode(&text.replace('+', " "));
    text.split('&')
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((plain(name)?, plain(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_forms_send_it() {
        let read = query("text=This+is%20an+AI%2B&number=+12125550123&flag");
        assert_eq!(read["text"], "This is an AI+");
        assert_eq!(read["number"], "+12125550123");
        assert_eq!(read["flag"], "");
    }

    #[test]
    fn paths_are_told_apart() {
        for (pattern, path, want) in [
            (
                "/v1/campaigns/{id}:start",
                "/v1/campaigns/cmp_1:start",
                Some("cmp_1"),
            ),
            (
                "/v1/campaigns/{id}:start",
                "/v1/campaigns/cmp_1%3Astart",
                Some("cmp_1"),
            ),
            (
                "/v1/campaigns/{id}:start",
                "/v1/campaigns/cmp_1:pause",
                None,
            ),
            ("/v1/campaigns/{id}", "/v1/campaigns/cmp_1:start", None),
            (
                "/v1/numbers/{id}",
                "/v1/numbers/%2B12125550123",
                Some("+12125550123"),
            ),
            (
                "/v1/numbers/{id}",
                "/v1/numbers/+12125550123",
                Some("+12125550123"),
            ),
            ("/v1/numbers/{id}", "/v1/numbers/", None),
            ("/v1/numbers/{id}", "/v1/numbers/1/2", None),
            ("/v1/numbers", "/v1/numbers/1", None),
        ] {
            let found = matches(pattern, path).map(|p| p["id"].clone());
            assert_eq!(found.as_deref(), want, "{path}");
        }
    }
}
