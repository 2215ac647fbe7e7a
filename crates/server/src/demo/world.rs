//! The demo's world: sellers, lists and earlier events, from `examples/demo-world.toml`, put into the store as an
//! operator would put them.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ringfence_core::gate::EmergencyArea;
use ringfence_core::lead::{PhoneNumber, StateCode};
use ringfence_core::seller::{CallerId, Registration, San, Seller};
use ringfence_core::suppression::Reassigned;
use ringfence_store::Store;
use ringfence_store::list::{InternalRow, ListImport, ListKind, ListRows, ReassignedRow};
use ringfence_store::seller::{Prompt, PromptKind};
use ringfence_store::suppression::{OptOutScope, Revocation};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

const WORLD: &str = include_str!("../../../../examples/demo-world.toml");

/// The recorded prompts of the demo and their words.
const PROMPTS: &[(PromptKind, &[u8], &str)] = &[
    (
        PromptKind::Disclosure,
        include_bytes!("../../../../examples/prompts/disclosure.wav"),
        include_str!("../../../../examples/prompts/disclosure.txt"),
    ),
    (
        PromptKind::Message,
        include_bytes!("../../../../examples/prompts/message.wav"),
        include_str!("../../../../examples/prompts/message.txt"),
    ),
    (
        PromptKind::Acknowledgement,
        include_bytes!("../../../../examples/prompts/acknowledgement.wav"),
        include_str!("../../../../examples/prompts/acknowledgement.txt"),
    ),
    (
        PromptKind::Farewell,
        include_bytes!("../../../../examples/prompts/farewell.wav"),
        include_str!("../../../../examples/prompts/farewell.txt"),
    ),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Where the clock starts with the built-in leads.
    pub clock: Timestamp,
    #[serde(rename = "seller")]
    pub sellers: Vec<WorldSeller>,
    #[serde(rename = "list")]
    lists: Vec<WorldList>,
    #[serde(rename = "revocation")]
    revocations: Vec<WorldRevocation>,
    #[serde(rename = "emergency_area")]
    areas: Vec<WorldArea>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSeller {
    pub id: String,
    pub name: String,
    callback_number: PhoneNumber,
    toll_free_opt_out: Option<PhoneNumber>,
    caller_id: PhoneNumber,
    #[serde(default)]
    caller_id_lapsed: bool,
    san: String,
    prompts: bool,
    registered_in: Vec<StateCode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldList {
    kind: String,
    name: Option<String>,
    obtained_days_ago: i64,
    area_codes: Option<BTreeSet<u16>>,
    answer: Option<Reassigned>,
    numbers: Vec<PhoneNumber>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldRevocation {
    days_ago: i64,
    seller: String,
    channel: String,
    said: String,
    numbers: Vec<PhoneNumber>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldArea {
    id: String,
    states: Vec<StateCode>,
    zips: Vec<String>,
    source: String,
}

impl World {
    /// The built-in world.
    pub fn load() -> Result<Self> {
        toml::from_str(WORLD).context("examples/demo-world.toml")
    }

    /// The seller that leads are called for unless they say otherwise.
    pub fn main_seller(&self) -> Result<&WorldSeller> {
        self.sellers
            .first()
            .context("the demo's world has no seller")
    }

    /// Puts all of it into the store.
    pub fn put(&self, store: &dyn Store, now: Timestamp) -> Result<()> {
        for seller in &self.sellers {
            store.put_seller(&seller.id, seller.profile(now)?, now)?;
            for (kind, wav, words) in PROMPTS.iter().filter(|_| seller.prompts) {
                store.put_prompt(&seller.id, *kind, prompt(wav, words)?, now)?;
            }
        }
        for list in &self.lists {
            store.import_list(list.import(now)?, now)?;
        }
        for revocation in &self.revocations {
            for number in &revocation.numbers {
                store.revoke(revocation.of(*number, now)?, now)?;
            }
        }
        for area in &self.areas {
            let area = EmergencyArea {
                id: area.id.clone(),
                states: area.states.clone(),
                zips: area.zips.clone(),
                from: days_before(now, 2)?,
                to: None,
                source: area.source.clone(),
            };
            store.put_emergency_area(area, now)?;
        }
        Ok(())
    }
}

impl WorldSeller {
    fn profile(&self, now: Timestamp) -> Result<Seller> {
        let today = TimeZone::UTC.to_datetime(now).date();
        let year_on = today.checked_add(jiff::Span::new().years(1))?;
        let lapsed = today.checked_sub(jiff::Span::new().days(10))?;
        let registered = |state: &StateCode| Registration {
            state: *state,
            number: Some(format!("{state}-DEMO-1")),
            expires_on: Some(year_on),
            exempt_because: None,
        };
        Ok(Seller {
            name: self.name.clone(),
            callback_number: Some(self.callback_number),
            toll_free_opt_out: self.toll_free_opt_out,
            caller_ids: vec![CallerId {
                number: self.caller_id,
                authorised_from: today.checked_sub(jiff::Span::new().years(1))?,
                authorised_to: self.caller_id_lapsed.then_some(lapsed),
                proof: Some("invented for the demo".into()),
            }],
            registrations: self.registered_in.iter().map(registered).collect(),
            san: Some(San {
                number: self.san.clone(),
                expires_on: year_on,
            }),
        })
    }
}

impl WorldList {
    fn import(&self, now: Timestamp) -> Result<ListImport> {
        let kind = ListKind::parse(&self.kind)
            .with_context(|| format!("no such kind of list: {}", self.kind))?;
        let obtained_at = days_before(now, self.obtained_days_ago)?;
        let text: Vec<String> = self.numbers.iter().map(|number| number.e164()).collect();
        Ok(ListImport {
            kind,
            name: self.name.clone(),
            sellers: BTreeSet::new(),
            obtained_at,
            published_at: None,
            effective_at: None,
            expires_at: None,
            area_codes: self.area_codes.clone(),
            source_sha256: format!("{:x}", Sha256::digest(text.join("\n"))),
            rows: self.rows(kind, obtained_at),
        })
    }

    fn rows(&self, kind: ListKind, obtained_at: Timestamp) -> ListRows {
        let numbers = self.numbers.iter();
        match kind {
            ListKind::Internal => ListRows::Internal(
                numbers
                    .map(|number| InternalRow {
                        number: *number,
                        seller: None,
                        at: None,
                    })
                    .collect(),
            ),
            ListKind::Reassigned => ListRows::Reassigned(
                numbers
                    .map(|number| ReassignedRow {
                        number: *number,
                        consent_date: jiff::civil::date(2026, 10, 1),
                        answer: self.answer.unwrap_or(Reassigned::NoData),
                        asked_at: Some(obtained_at),
                    })
                    .collect(),
            ),
            _ => ListRows::Numbers(numbers.filter_map(|number| number.nanp()).collect()),
        }
    }
}

impl WorldRevocation {
    fn of(&self, number: PhoneNumber, now: Timestamp) -> Result<Revocation> {
        Ok(Revocation {
            number,
            seller: Some(self.seller.clone()),
            channel: self.channel.clone(),
            said: Some(self.said.clone()),
            at: days_before(now, self.days_ago)?,
            scope: OptOutScope::Seller,
            call: None,
            heard: None,
            by: None,
        })
    }
}

fn prompt(wav: &[u8], words: &str) -> Result<Prompt> {
    let playable = ringfence_telephony::Prompt::from_wav(wav, words)?;
    Ok(Prompt {
        wav: wav.to_vec(),
        words: words.trim().to_owned(),
        sha256: format!("{:x}", Sha256::digest(wav)),
        duration_ms: u64::from(playable.length_ms()),
    })
}

fn days_before(now: Timestamp, days: i64) -> Result<Timestamp> {
    Ok(now.checked_sub(SignedDuration::from_hours(24 * days))?)
}
