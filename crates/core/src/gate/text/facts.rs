//! Facts as text.

use std::cell::RefCell;

use serde::Serialize;

use super::super::{
    Attempt, CallRequest, CampaignFacts, Facts, Policy, SourceFailure, Suppressions,
};
use super::{Written, field, object};
use crate::consent::Consent;
use crate::lead::Place;
use crate::suppression::{InternalEntry, ListAnswer};

object!(CallRequest {
    to,
    seller,
    purpose,
    caller_id,
    place,
    lead,
    campaign
});
object!(Place {
    zip,
    state,
    time_zone
});
object!(Policy {
    closing_margin_seconds,
    national_hit_always_denies,
    reassigned_required
});
object!(Consent {
    id,
    seller,
    level,
    purposes,
    granted_at,
    artificial_voice,
    double_opt_in,
    confirmed_at,
    expires_at,
    text_sha256,
    missing,
});
object!(InternalEntry {
    id,
    seller,
    revocation,
    at,
    reason
});
object!(ListAnswer {
    version,
    name,
    obtained_at,
    effective_at,
    expires_at,
    listed
});
object!(CampaignFacts {
    attempts_max,
    attempts
});
object!(SourceFailure { source, detail });

impl Written for Attempt {
    fn write(&self, out: &mut String) {
        let Self {
            id,
            at,
            campaign,
            conversed,
        } = self;
        field(out, "{\"id\":", id);
        field(out, ",\"at\":", at);
        field(out, ",\"campaign\":", campaign);
        out.push_str(if *conversed {
            ",\"conversed\":true}"
        } else {
            "}"
        });
    }
}

/// What was written last, and its text.
struct Last<T> {
    value: Option<T>,
    text: String,
}

impl<T: Clone + PartialEq + Written> Last<T> {
    const fn new() -> Self {
        Self {
            value: None,
            text: String::new(),
        }
    }

    fn write(&mut self, value: &T, out: &mut String) {
        if self.value.as_ref() != Some(value) {
            self.text.clear();
            value.write(&mut self.text);
            self.value = Some(value.clone());
        }
        out.push_str(&self.text);
    }
}

thread_local! {
    static STATES: RefCell<Last<Vec<ListAnswer>>> = const { RefCell::new(Last::new()) };
}

impl Facts {
    /// The facts as they are recorded and hashed: JSON as `serde_json` writes it, but for the seller's part, most of it and
    /// seldom changed, in whose place stands the SHA-256 of its own JSON; `null` where no seller is known.
    ///
    /// # Errors
    /// Those of `serde_json`.
    pub fn recorded_json(&self, seller_sha256: Option<&str>) -> serde_json::Result<String> {
        // Taken apart by name, so that a field that is added is not forgotten here.
        let Self {
            request,
            policy,
            seller: _,
            consents,
            suppressions,
            attempts,
            campaign,
            emergency_areas,
            overrides,
            relationships,
            stops,
            failures,
            holds,
        } = self;
        let mut text = String::with_capacity(4 << 10);
        let out = &mut text;
        field(out, "{\"request\":", request);
        field(out, ",\"policy\":", policy);
        out.push_str(",\"seller\":");
        match seller_sha256 {
            Some(hash) => hash.write(out),
            None => out.push_str("null"),
        }
        field(out, ",\"consents\":", consents);
        write_suppressions(suppressions, out)?;
        field(out, ",\"attempts\":", attempts);
        field(out, ",\"campaign\":", campaign);
        rare(out, ",\"emergency_areas\":", emergency_areas)?;
        rare(out, ",\"overrides\":", overrides)?;
        rare(out, ",\"relationships\":", relationships)?;
        rare(out, ",\"stops\":", stops)?;
        field(out, ",\"failures\":", failures);
        if !holds.is_empty() {
            rare(out, ",\"holds\":", holds)?;
        }
        out.push('}');
        Ok(text)
    }
}

fn write_suppressions(suppressions: &Suppressions, out: &mut String) -> serde_json::Result<()> {
    let Suppressions {
        internal,
        national,
        states,
        litigator,
        reassigned,
    } = suppressions;
    field(out, ",\"suppressions\":{\"internal\":", internal);
    field(out, ",\"national\":", national);
    out.push_str(",\"states\":");
    STATES.with_borrow_mut(|last| last.write(states, out));
    field(out, ",\"litigator\":", litigator);
    rare(out, ",\"reassigned\":", reassigned)?;
    out.push('}');
    Ok(())
}

/// What few calls have any of.
fn rare<T: Serialize>(out: &mut String, key: &str, values: &[T]) -> serde_json::Result<()> {
    out.push_str(key);
    if values.is_empty() {
        out.push_str("[]");
    } else {
        out.push_str(&serde_json::to_string(values)?);
    }
    Ok(())
}
