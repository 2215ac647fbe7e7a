//! The plain page at `/`: what runs, who was called, what is stopped. No script, everything
//! escaped.

use std::fmt::Write;

use hyper::StatusCode;
use ringfence_store::PageRequest;
use serde_json::Value;

use super::problem::ApiError;
use super::request::{Answer, Request};
use crate::app::App;

/// Said on every page of a test clock.
pub const TEST_CLOCK: &str =
    "<p class=\"note test\"><strong>Test clock.</strong> Nothing here is evidence.</p>";

/// Campaigns and calls shown.
const ROWS: u32 = 25;

const STYLE: &str = ":root{color-scheme:light dark}form{margin:.6rem 0}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;\
    color:#1b1f24;background:#fff}h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}\
    table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;\
    border-bottom:1px solid #d8dee4;vertical-align:top}th{font-weight:600}code{font-size:.9em}\
    article{padding:.2rem .9rem;border:1px solid #d8dee4;border-radius:.4rem;margin:1rem 0}\
    blockquote{font-size:1.1rem;margin:.6rem 0;white-space:pre-wrap;overflow-wrap:anywhere}\
    input,select,textarea,button{font:inherit}textarea{display:block;width:100%;box-sizing:border-box}\
    .note{padding:.6rem .9rem;border:1px solid;border-radius:.4rem;margin:.6rem 0}\
    .test{background:#fff8c5;border-color:#d4a72c}.stop{background:#ffebe9;border-color:#cf222e}\
    @media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}\
    .test{background:#3b2e00}.stop{background:#490202}}";

/// The page.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    let mut body = String::new();
    if app.clock.is_test() {
        body.push_str(TEST_CLOCK);
    }
    for stop in app.store.stops()? {
        let reason = stop.reason.unwrap_or_default();
        let scope = escape(&stop.scope.to_string());
        let _ = write!(
            body,
            "<p class=\"note stop\"><strong>STOP</strong> ({scope}) since {} {}</p>",
            stop.since,
            escape(&reason)
        );
    }
    let head = app.store.head()?.map_or(0, |h| h.seq);
    let _ = write!(
        body,
        "<p>{} by our clock. {} call(s) under way, {head} entries in the event log, rule pack {}.</p>",
        request.now,
        app.desk.active(),
        escape(&app.rules.version)
    );
    if !app.open_page {
        body.push_str(
            "<p><a href=\"/review\">Decide about unclear words, or record an opt-out</a></p>",
        );
    }
    holds(app, &request, &mut body)?;
    campaigns(app, &request, &mut body)?;
    calls(app, &request, &mut body)?;
    let html = document("Ringfence", Some(5), &body);
    Ok(Answer::text(
        StatusCode::OK,
        "text/html; charset=utf-8",
        html,
    ))
}

/// A whole page; it is loaded anew every so many seconds.
pub fn document(title: &str, refresh_seconds: Option<u32>, body: &str) -> String {
    let refresh = refresh_seconds.map_or_else(String::new, |seconds| {
        format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">")
    });
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         {refresh}<title>{title}</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

/// Words that wait for a person, who decides on the page at `/review`.
fn holds(app: &App, request: &Request, body: &mut String) -> Result<(), ApiError> {
    let mut rows = Vec::new();
    let first = PageRequest::first(ROWS);
    let open = app.store.open_holds(&request.caller.sellers, &first)?;
    for hold in open.items {
        let draft = hold.draft;
        rows.push([
            hold.id.to_string(),
            draft.number.to_string(),
            draft.seller.unwrap_or_else(|| "every seller".to_owned()),
            draft.said,
            format!("{:.2} {}", draft.heard.score, draft.heard.because),
            draft.heard.context.unwrap_or_default(),
            draft.due_at.to_string(),
        ]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let columns = [
        "hold",
        "number",
        "seller",
        "said",
        "score, because",
        "the agent before",
        "an opt-out from",
    ];
    table(body, "Held for review", &columns, &rows);
    Ok(())
}

fn campaigns(app: &App, request: &Request, body: &mut String) -> Result<(), ApiError> {
    let mut rows = Vec::new();
    for campaign in app.store.campaigns(&PageRequest::first(ROWS))?.items {
        if !request.caller.sees(Some(&campaign.plan.seller)) {
            continue;
        }
        let counts = app.store.campaign_counts(&campaign.id)?;
        rows.push([
            campaign.plan.name.clone(),
            campaign.plan.seller.clone(),
            word(&campaign.state),
            tally(counts.states.iter().map(|(k, n)| (word(k), *n))),
            tally(counts.reasons.iter().map(|(k, n)| (k.to_string(), *n))),
            tally(counts.outcomes.iter().map(|(k, n)| (word(k), *n))),
            counts.opt_outs.to_string(),
        ]);
    }
    let columns = [
        "campaign", "seller", "state", "leads", "reasons", "outcomes", "opt-outs",
    ];
    table(body, "Campaigns", &columns, &rows);
    Ok(())
}

fn calls(app: &App, request: &Request, body: &mut String) -> Result<(), ApiError> {
    let mut rows = Vec::new();
    for call in app.store.calls(None, &PageRequest::first(ROWS))?.items {
        if !request.caller.sees(Some(&call.seller)) {
            continue;
        }
        rows.push([
            call.started_at.to_string(),
            // Masked by its `Display`.
            call.to.to_string(),
            call.seller.clone(),
            word(&call.state),
            call.outcome.as_ref().map(word).unwrap_or_default(),
            call.answered_by.as_ref().map(word).unwrap_or_default(),
            if call.opt_out {
                "yes".to_owned()
            } else {
                String::new()
            },
        ]);
    }
    let columns = [
        "started",
        "to",
        "seller",
        "state",
        "outcome",
        "answered by",
        "opt-out",
    ];
    table(body, "Latest calls", &columns, &rows);
    Ok(())
}

fn table(body: &mut String, title: &str, columns: &[&str; 7], rows: &[[String; 7]]) {
    let _ = write!(body, "<h2>{title}</h2>");
    if rows.is_empty() {
        body.push_str("<p>None yet.</p>");
        return;
    }
    body.push_str("<table><thead><tr>");
    for column in columns {
        let _ = write!(body, "<th>{column}</th>");
    }
    body.push_str("</tr></thead><tbody>");
    for row in rows {
        body.push_str("<tr>");
        for cell in row {
            let _ = write!(body, "<td>{}</td>", escape(cell));
        }
        body.push_str("</tr>");
    }
    body.push_str("</tbody></table>");
}

fn tally(counts: impl Iterator<Item = (String, u64)>) -> String {
    let parts: Vec<String> = counts.map(|(what, n)| format!("{what} {n}")).collect();
    parts.join(", ")
}

/// A stored enum's own word.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Text that stays text in a page.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_gets_out_of_its_cell() {
        let text = super::escape("<script>alert(\"x\")&'");
        assert_eq!(text, "&lt;script&gt;alert(&quot;x&quot;)&amp;&#39;");
    }
}
