//! Words that other systems bring: `sms`, `email`, `voicemail`, `opt-out`.
//!
//! To whom they are said: to the sellers whose caller ID is the number written to; else to `?seller=`; else to every
//! seller. Text messages are read as Twilio, Telnyx and Plivo send them, too.

mod plivo;
mod telnyx;
mod twilio;

use hyper::{HeaderMap, StatusCode};
use ringfence_core::evidence::sha256_hex;
use ringfence_core::lead::PhoneNumber;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::access;
use super::idempotency;
use super::openapi::schema_of;
use super::problem::ApiError;
use super::request::{Answer, Request, number};
use super::route;
use crate::app::App;
use crate::config::HooksConfig;
use crate::hooks::{Brought, Effect, sellers_behind, take};

pub use telnyx::public_key as telnyx_key;

/// The route's id, by which the edge lets signed messages in.
pub const ROUTE: &str = "converse.hook";

/// The channel of text messages.
const SMS: &str = "sms";

/// What Twilio and Plivo read as "no reply": 47 CFR 64.1200(a)(12) allows a confirmation by text and asks for none.
const NO_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";

/// Words as they are sent. Twilio, Telnyx and Plivo send text messages in their own forms instead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsSent {
    /// Who says it, E.164; `number` is taken, too.
    #[serde(alias = "number")]
    from: String,
    /// The number that was written to or called.
    #[serde(default)]
    to: Option<String>,
    /// The words; of an e-mail the whole text, quoted lines are passed over.
    #[serde(default)]
    text: Option<String>,
    /// Where the audio is, of a voicemail.
    #[serde(default)]
    audio: Option<String>,
    /// Of `opt-out`: where it was said.
    #[serde(default)]
    channel: Option<String>,
}

/// The schema of the body.
pub fn schema() -> Value {
    schema_of::<WordsSent>()
}

/// A system that brings text messages in a form of its own, and signs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Courier {
    Twilio,
    Telnyx,
    Plivo,
}

/// A text message as a courier words it.
struct Message {
    /// The courier's own name for it, the same when it is brought again.
    id: Option<String>,
    /// Who wrote it.
    from: String,
    /// The numbers that it was sent to.
    to: Vec<String>,
    text: String,
    /// Whether the courier took it for an opt-out itself.
    is_opt_out: bool,
}

impl Courier {
    fn name(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Telnyx => "telnyx",
            Self::Plivo => "plivo",
        }
    }

    /// The one whose signature the headers bear, if what it is checked with is configured.
    fn claimed(hooks: &HooksConfig, headers: &HeaderMap) -> Option<Self> {
        if headers.contains_key(twilio::SIGNATURE) && !hooks.twilio_auth_token.is_empty() {
            Some(Self::Twilio)
        } else if headers.contains_key(telnyx::SIGNATURE) && !hooks.telnyx_public_key.is_empty() {
            Some(Self::Telnyx)
        } else if plivo::claims(headers) && !hooks.plivo_auth_token.is_empty() {
            Some(Self::Plivo)
        } else {
            None
        }
    }

    /// The one in whose form the body is; none: it is in ours.
    fn by_form(request: &Request, fields: &[(String, String)]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wrapped {
            #[serde(rename = "data")]
            _data: IgnoredAny,
        }
        if is_form(&request.headers) {
            return Some(match plivo::is_form(fields) {
                true => Self::Plivo,
                false => Self::Twilio,
            });
        }
        let wrapped = serde_json::from_slice::<Wrapped>(&request.body);
        wrapped.is_ok().then_some(Self::Telnyx)
    }

    /// Whether it signed what it is said to have signed.
    fn is_signed(self, app: &App, request: &Request, fields: &[(String, String)]) -> bool {
        let (hooks, headers) = (&app.config.hooks, &request.headers);
        let (origin, target) = (hooks.public_url.trim_end_matches('/'), &request.target);
        match self {
            Self::Twilio => {
                let url = format!("{origin}{target}");
                twilio::is_signed(&hooks.twilio_auth_token, &url, fields, headers)
            }
            Self::Telnyx => {
                let key = &hooks.telnyx_public_key;
                telnyx::is_signed(key, headers, &request.body, request.now)
            }
            Self::Plivo => {
                plivo::is_signed(&hooks.plivo_auth_token, origin, target, fields, headers)
            }
        }
    }

    /// The message; none: it brings something else, such as the receipt of a message that you sent.
    fn read(
        self,
        request: &Request,
        fields: &[(String, String)],
    ) -> Result<Option<Message>, ApiError> {
        match self {
            Self::Twilio => twilio::read(fields).map(Some),
            Self::Plivo => plivo::read(fields).map(Some),
            Self::Telnyx => telnyx::read(request.json()?)
                .map_err(|error| ApiError::field("data.payload", error.to_string())),
        }
    }

    /// The effect as it reads "taken", without a reply to whoever wrote.
    fn answer(self, effect: Answer) -> Answer {
        let ok = StatusCode::OK;
        match self {
            _ if effect.status != ok => effect,
            Self::Twilio => Answer::text(ok, "text/xml", NO_REPLY),
            Self::Plivo => Answer::text(ok, "application/xml", NO_REPLY),
            Self::Telnyx => effect,
        }
    }
}

/// Whether a request claims to be signed by a system whose secret is configured; [`bring`] checks the claim.
pub fn claims_signature(app: &App, headers: &HeaderMap) -> bool {
    Courier::claimed(&app.config.hooks, headers).is_some()
}

/// Takes words in.
pub fn bring(app: &App, request: Request) -> Result<Answer, ApiError> {
    let source = request.part("id").to_owned();
    if !matches!(source.as_str(), "sms" | "email" | "voicemail" | "opt-out") {
        return Err(ApiError::not_found("hook"));
    }
    let fields = match is_form(&request.headers) {
        true => form_fields(&request.body),
        false => Vec::new(),
    };
    let courier = match request.caller == access::signer() {
        true => Some(signer(app, &request, &source, &fields)?),
        false => Courier::by_form(&request, &fields),
    };
    let Some(courier) = courier else {
        let brought = our_words(app, &request, &source)?;
        return Answer::ok(&taken(app, &request, &source, brought)?);
    };
    if source != SMS {
        let detail = "only `sms` takes messages of Twilio, Telnyx and Plivo";
        return Err(ApiError::field("body", detail));
    }
    let effect = match courier.read(&request, &fields)? {
        // A picture without a word says nothing that could be read.
        Some(message) if !message.text.trim().is_empty() || message.is_opt_out => {
            taken_once(app, &request, courier, message)?
        }
        _ => Answer::ok(&Effect {
            opt_out: Some(false),
            ..Effect::default()
        })?,
    };
    Ok(courier.answer(effect))
}

/// Takes a message in, once: a courier brings it again until it has an answer, and one that a person has decided about
/// meanwhile would be held anew.
fn taken_once(
    app: &App,
    request: &Request,
    courier: Courier,
    message: Message,
) -> Result<Answer, ApiError> {
    // With its words, so that two that a courier calls the same are not taken for one.
    let words = [message.from.as_str(), &message.text, &message.to.join(" ")].join("\n");
    let id = message.id.clone();
    let brought = their_words(app, request, courier, message)?;
    let take = || Answer::ok(&taken(app, request, SMS, brought)?);
    let Some(id) = id else {
        return take();
    };
    let key = sha256_hex(format!("{id}\n{words}").as_bytes());
    let key = format!("{}:{key}", courier.name());
    let known = idempotency::request_of(key, request.caller.id.clone(), ROUTE, &[]);
    idempotency::once(app, &known, take).answer
}

/// Who signed it.
fn signer(
    app: &App,
    request: &Request,
    source: &str,
    fields: &[(String, String)],
) -> Result<Courier, ApiError> {
    let claimed = Courier::claimed(&app.config.hooks, &request.headers);
    if let Some(courier) = claimed.filter(|courier| courier.is_signed(app, request, fields)) {
        return Ok(courier);
    }
    // With a wrong secret or address, every opt-out by text message is lost: that has to be seen.
    let courier = claimed.map_or("nobody", Courier::name);
    tracing::warn!(
        courier,
        "a message was refused: its signature does not fit, or is too old"
    );
    let labels = format!("source=\"{source}\",verdict=\"refused\"");
    app.metrics.count("ringfence_converse_hooks_total", labels);
    let detail = "the signature does not fit, or is too old";
    Err(access::unauthorized(detail))
}

fn our_words(app: &App, request: &Request, source: &str) -> Result<Brought, ApiError> {
    let sent: WordsSent = request.json()?;
    let text = sent.text.unwrap_or_default();
    if text.trim().is_empty() && source != "opt-out" {
        return Err(ApiError {
            code: "missing-field",
            ..ApiError::field("text", "there are no words to read")
        });
    }
    let to = sent.to.as_deref().map(|to| number("to", to)).transpose()?;
    Ok(Brought {
        number: number("from", &sent.from)?,
        sellers: sellers(app, request, to.as_slice())?,
        channel: sent.channel.unwrap_or_else(|| source.to_owned()),
        text,
        is_opt_out: source == "opt-out",
        audio: sent.audio,
        at: request.now,
        by: request.caller.id.to_string(),
    })
}

fn their_words(
    app: &App,
    request: &Request,
    courier: Courier,
    message: Message,
) -> Result<Brought, ApiError> {
    // A short code is nobody's caller ID; what is written to it is no less an opt-out.
    let to = message.to.iter().map(|to| PhoneNumber::parse(to));
    let to: Vec<PhoneNumber> = to.filter_map(Result::ok).collect();
    Ok(Brought {
        number: number("from", &message.from)?,
        sellers: sellers(app, request, &to)?,
        channel: SMS.to_owned(),
        text: message.text,
        is_opt_out: message.is_opt_out,
        audio: None,
        at: request.now,
        by: match request.caller == access::signer() {
            true => courier.name().to_owned(),
            false => request.caller.id.to_string(),
        },
    })
}

fn taken(app: &App, request: &Request, source: &str, brought: Brought) -> Result<Effect, ApiError> {
    let may = |seller: &str| request.caller.may_for(Some(seller)).is_ok();
    let effect = take(app, &brought, may, request.now)?;
    let verdict = match effect.opt_out {
        Some(true) => "opt-out",
        Some(false) => "other",
        None => "held",
    };
    app.metrics.count(
        "ringfence_converse_hooks_total",
        format!("source=\"{source}\",verdict=\"{verdict}\""),
    );
    Ok(effect)
}

fn sellers(app: &App, request: &Request, to: &[PhoneNumber]) -> Result<Vec<String>, ApiError> {
    let mut sellers = Vec::new();
    for to in to {
        for seller in sellers_behind(app, *to)? {
            if !sellers.contains(&seller) {
                sellers.push(seller);
            }
        }
    }
    if sellers.is_empty() {
        sellers.extend(request.query("seller").map(str::to_owned));
    }
    match sellers.as_slice() {
        [] => request.caller.may_for(None)?,
        named => {
            for seller in named {
                request.caller.may_for(Some(seller))?;
            }
        }
    }
    Ok(sellers)
}

fn is_form(headers: &HeaderMap) -> bool {
    header(headers, "content-type")
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
}

/// A form's fields, sorted: as they are signed.
fn form_fields(body: &[u8]) -> Vec<(String, String)> {
    let mut fields = route::form(body);
    fields.sort();
    fields
}

fn required<'a>(fields: &'a [(String, String)], name: &str) -> Result<&'a str, ApiError> {
    let found = fields.iter().find(|(n, _)| n == name);
    found
        .map(|(_, value)| value.as_str())
        .ok_or_else(|| ApiError {
            code: "missing-field",
            ..ApiError::field(name, format!("missing field `{name}`"))
        })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn decoded(base64: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    STANDARD.decode(base64).ok()
}
