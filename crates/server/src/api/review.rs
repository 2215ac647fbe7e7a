//! The page at `/review`, for people who decide: what was unclear, with the words, and a form for opt-outs that reach you by
//! letter, at the door, or on the phone. Plain forms, no script; the key is asked for by the browser and never in a URL.

use std::fmt::Write;
use std::sync::LazyLock;

use hyper::StatusCode;
use jiff::Timestamp;
use ring::hmac;
use ringfence_core::id::Id;
use ringfence_core::lead::import::read_number;
use ringfence_store::PageRequest;
use ringfence_store::hold::HoldRecord;
use ringfence_store::key::Role;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::ApiError;
use super::request::{Answer, Payload, Request};
use super::{holds, opt_outs, page, route};
use crate::app::App;

/// Where the page is.
const PATH: &str = "/review";

/// The channel of what is taken down here.
const CHANNEL: &str = "dashboard";

/// INVARIANT (bounded): words that are taken down.
const WORDS_CHARS_MAX: usize = 4_000;

/// Signs forms for as long as this process lives: a browser sends the key along with a form of any site, and only a page of
/// ours holds this.
static FORMS: LazyLock<Option<hmac::Key>> = LazyLock::new(|| {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
});

/// A form of the page.
#[derive(Deserialize, JsonSchema)]
pub struct Sent<T> {
    /// From the page that it stood on.
    form: String,
    #[serde(flatten)]
    fields: T,
}

/// An opt-out as the form sends it.
#[derive(Deserialize, JsonSchema)]
pub struct OptOutForm {
    /// As people write it.
    number: String,
    /// Empty: every seller.
    #[serde(default)]
    seller: String,
    /// What was said or written.
    #[serde(default)]
    said: String,
}

/// A decision as the form sends it.
#[derive(Deserialize, JsonSchema)]
pub struct DecisionForm {
    /// `release` or `opt-out`.
    decision: String,
    /// Why; a release needs one.
    #[serde(default)]
    note: String,
}

/// The page.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    render(app, &request, StatusCode::OK, None)
}

/// Takes an opt-out down.
pub fn opt_out(app: &App, request: Request) -> Result<Answer, ApiError> {
    let taken = take_down(app, &request);
    after(app, &request, taken, "opt-out")
}

/// Decides about a hold.
pub fn decide(app: &App, request: Request) -> Result<Answer, ApiError> {
    let decided = decided(app, &request);
    after(app, &request, decided, "decided")
}

/// To the page again, where it was, so that loading it anew sends nothing twice; or the page, with what was wrong.
fn after(
    app: &App,
    request: &Request,
    done: Result<(), ApiError>,
    what: &str,
) -> Result<Answer, ApiError> {
    match done {
        Ok(()) => Ok(Answer {
            status: StatusCode::SEE_OTHER,
            media_type: HTML,
            body: Payload::Elsewhere(Place::of(request).address(PATH, Some(what))),
        }),
        Err(error) if error.status.is_client_error() => {
            render(app, request, error.status, Some(&error.detail))
        }
        Err(error) => Err(error),
    }
}

const HTML: &str = "text/html; charset=utf-8";

/// Which page of the list is shown, as it stands in links, forms and redirects: nothing in it that a link cannot hold.
#[derive(Clone, Copy)]
struct Place<'a> {
    after: Option<&'a str>,
    limit: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(request: &'a Request) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let given = |name| request.query(name).filter(|text| text.chars().all(plain));
        Self {
            after: given("after"),
            limit: given("limit"),
        }
    }

    /// Behind `path`, and behind what was done there.
    fn address(self, path: &str, done: Option<&str>) -> String {
        let pairs = [("done", done), ("after", self.after), ("limit", self.limit)];
        let pairs = pairs
            .into_iter()
            .filter_map(|(n, v)| Some(format!("{n}={}", v?)));
        let query: Vec<String> = pairs.collect();
        match query.as_slice() {
            [] => path.to_owned(),
            pairs => format!("{path}?{}", pairs.join("&")),
        }
    }

    /// The same in an attribute.
    fn link(self, path: &str) -> String {
        page::escape(&self.address(path, None))
    }
}

fn take_down(app: &App, request: &Request) -> Result<(), ApiError> {
    let form: OptOutForm = read(request)?;
    let number = read_number(&form.number)
        .map_err(|problem| ApiError::field("number", problem.to_string()))?;
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let said: String = form.said.chars().take(WORDS_CHARS_MAX).collect();
    let sent = opt_outs::RevocationSent {
        number: number.e164(),
        seller: given(&form.seller),
        channel: CHANNEL.to_owned(),
        said: given(&said),
        at: None,
    };
    opt_outs::record(app, request, sent).map(drop)
}

fn decided(app: &App, request: &Request) -> Result<(), ApiError> {
    let form: DecisionForm = read(request)?;
    let note = Some(form.note.trim().to_owned()).filter(|note| !note.is_empty());
    match form.decision.as_str() {
        "release" => holds::decide_release(app, request, note).map(drop),
        "opt-out" => holds::decide_opt_out(app, request, note).map(drop),
        _ => Err(ApiError::field("decision", "release or opt-out")),
    }
}

/// The form, if it is one of our page.
fn read<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    let fields = route::form(&request.body).into_iter();
    let fields = fields.map(|(name, value)| (name, Value::String(value)));
    let sent: Sent<T> = serde_json::from_value(Value::Object(fields.collect()))
        .map_err(|error| ApiError::field("body", error.to_string()))?;
    if is_ours(&request.caller.id, &sent.form) {
        return Ok(sent.fields);
    }
    let detail = "this form is not of a page that we sent you, or we were started anew since: nothing was recorded";
    Err(ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "form-stale",
        detail,
    ))
}

fn sign(caller: &Id) -> String {
    let tag = FORMS
        .as_ref()
        .map(|key| hmac::sign(key, caller.as_str().as_bytes()));
    tag.map(|tag| crate::lists::hex(tag.as_ref()))
        .unwrap_or_default()
}

fn is_ours(caller: &Id, sent: &str) -> bool {
    let Some(key) = FORMS.as_ref() else {
        return false;
    };
    let bytes: Option<Vec<u8>> = (0..sent.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(sent.get(at..at + 2)?, 16).ok())
        .collect();
    bytes.is_some_and(|tag| hmac::verify(key, caller.as_str().as_bytes(), &tag).is_ok())
}

fn render(
    app: &App,
    request: &Request,
    status: StatusCode,
    wrong: Option<&str>,
) -> Result<Answer, ApiError> {
    let mut body = String::from("<p><a href=\"/\">What runs</a></p>");
    if app.clock.is_test() {
        body.push_str(page::TEST_CLOCK);
    }
    if let Some(wrong) = wrong {
        let _ = write!(
            body,
            "<p class=\"note stop\" role=\"alert\">{}</p>",
            page::escape(wrong)
        );
    }
    let done = match request.query("done") {
        Some("opt-out") => "Recorded: the number is not called any more.",
        Some("decided") => "Decided.",
        _ => "",
    };
    if !done.is_empty() && wrong.is_none() {
        let _ = write!(body, "<p class=\"note\" role=\"status\">{done}</p>");
    }
    let form = may_decide(request.caller.role).then(|| sign(&request.caller.id));
    if form.is_some() {
        let id = page::escape(request.caller.id.as_str());
        let _ = write!(
            body,
            "<p>What you decide is recorded as decided by <code>{id}</code>.</p>"
        );
    }
    open_holds(app, request, form.as_deref(), &mut body)?;
    if let Some(form) = &form {
        new_opt_out(app, request, form, &mut body)?;
    }
    let html = page::document("Review", None, &body);
    Ok(Answer::text(status, HTML, html))
}

fn may_decide(role: Role) -> bool {
    matches!(role, Role::Admin | Role::Operator | Role::Compliance)
}

/// Those that become opt-outs first come first: a decision that comes too late is made by time.
fn open_holds(
    app: &App,
    request: &Request,
    form: Option<&str>,
    body: &mut String,
) -> Result<(), ApiError> {
    body.push_str("<h2>Unclear words: were they an opt-out?</h2>");
    let (place, mine) = (Place::of(request), request.caller.sellers.as_slice());
    let asked = PageRequest {
        cursor: place.after.map(str::to_owned),
        limit: request.limit()?,
    };
    let count = app.store.open_hold_count(mine, request.now)?;
    let open = app.store.open_holds(mine, &asked)?;
    match count.open {
        0 => body.push_str("<p>Nothing waits for a decision.</p>"),
        waiting => {
            let _ = write!(
                body,
                "<p>{waiting} wait for a decision, those due first at the top"
            );
            if count.overdue > 0 {
                let _ = write!(body, "; <strong>{} overdue</strong>", count.overdue);
            }
            body.push_str(".</p>");
        }
    }
    for hold in &open.items {
        card(hold, form, place, request.now, body);
    }
    let mut links = Vec::new();
    if place.after.is_some() {
        let first = Place {
            after: None,
            ..place
        }
        .link(PATH);
        links.push(format!("<a href=\"{first}\">From the first</a>"));
    }
    if let Some(cursor) = &open.next_cursor {
        let next = Place {
            after: Some(cursor),
            ..place
        };
        let next = next.link(PATH);
        links.push(format!("<a rel=\"next\" href=\"{next}\">The next ones</a>"));
    }
    if !links.is_empty() {
        let _ = write!(body, "<nav><p>{}</p></nav>", links.join(" "));
    }
    Ok(())
}

/// How long there is to decide, for people.
fn time_left(due_at: Timestamp, now: Timestamp) -> String {
    let hours = due_at.duration_since(now).as_hours();
    match hours {
        _ if due_at <= now => {
            format!("<strong>Overdue since {due_at}.</strong>")
        }
        0..48 => format!("Undecided it is an opt-out from {due_at} on, in {hours} hour(s)."),
        _ => format!(
            "Undecided it is an opt-out from {due_at} on, in {} days.",
            hours / 24
        ),
    }
}

/// One hold: the number is masked, for the decision is about the words.
fn card(
    hold: &HoldRecord,
    form: Option<&str>,
    place: Place<'_>,
    now: Timestamp,
    body: &mut String,
) {
    let (draft, escape) = (&hold.draft, page::escape);
    let seller = draft.seller.as_deref().unwrap_or("every seller");
    let _ = write!(
        body,
        "<article><blockquote>{}</blockquote><p>{} to {} by {}, {}. {}</p>",
        escape(&draft.said),
        draft.number,
        escape(seller),
        escape(&draft.channel),
        draft.at,
        time_left(draft.due_at, now),
    );
    let _ = write!(
        body,
        "<p>Understood by {} with {:.2}: {}</p>",
        escape(&draft.heard.recogniser),
        draft.heard.score,
        escape(&draft.heard.because),
    );
    if let Some(context) = &draft.heard.context {
        let _ = write!(body, "<p>The agent had said: {}</p>", escape(context));
    }
    if let Some(audio) = &draft.heard.audio {
        let named = escape(audio);
        // A link to https only: whoever brought the words chose this text.
        let _ = match audio.starts_with("https://") {
            true => write!(
                body,
                "<p>Audio: <a href=\"{named}\" rel=\"noreferrer noopener\" target=\"_blank\">{named}</a></p>"
            ),
            false => write!(body, "<p>Audio: {named}</p>"),
        };
    }
    if let Some(form) = form {
        let action = place.link(&format!("{PATH}/holds/{}", hold.id));
        let _ = write!(
            body,
            "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"form\" value=\"{form}\">\
             <label>Why <input name=\"note\" maxlength=\"500\" required></label> \
             <button name=\"decision\" value=\"opt-out\" formnovalidate>It was an opt-out</button> \
             <button name=\"decision\" value=\"release\">It was none</button></form>"
        );
    }
    body.push_str("</article>");
}

fn new_opt_out(
    app: &App,
    request: &Request,
    form: &str,
    body: &mut String,
) -> Result<(), ApiError> {
    let mut sellers = String::new();
    if request.caller.sellers.is_empty() {
        sellers.push_str("<option value=\"\">every seller</option>");
    }
    let page = PageRequest::first(PageRequest::LIMIT_MAX);
    for seller in app.store.sellers(&page)?.items {
        if request.caller.sees(Some(&seller.id)) {
            let (id, name) = (page::escape(&seller.id), page::escape(&seller.profile.name));
            let _ = write!(sellers, "<option value=\"{id}\">{name} ({id})</option>");
        }
    }
    let _ = write!(
        body,
        "<h2>Somebody asks not to be called</h2><form method=\"post\" action=\"{PATH}/opt-outs\">\
         <input type=\"hidden\" name=\"form\" value=\"{form}\">\
         <p><label>Number <input name=\"number\" type=\"tel\" autocomplete=\"off\" maxlength=\"40\" required></label></p>\
         <p><label>By whom <select name=\"seller\">{sellers}</select></label></p>\
         <p><label>What was said or written <textarea name=\"said\" rows=\"3\" maxlength=\"4000\"></textarea></label></p>\
         <p><button>Record the opt-out</button></p></form>"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::time_left;

    #[test]
    fn what_is_overdue_is_said_and_the_rest_counted() {
        let now = "2026-11-21T15:00:00Z".parse().unwrap();
        for (due_at, wanted) in [
            ("2026-11-21T15:00:00Z", "<strong>Overdue since"),
            ("2026-11-11T15:00:00Z", "<strong>Overdue since"),
            ("2026-11-21T15:59:00Z", "in 0 hour(s)."),
            ("2026-11-23T14:59:00Z", "in 47 hour(s)."),
            ("2026-11-23T15:00:00Z", "in 2 days."),
            ("2026-12-01T14:00:00Z", "in 9 days."),
        ] {
            let said = time_left(due_at.parse().unwrap(), now);
            assert!(said.contains(wanted), "{due_at}: {said}");
        }
    }
}
