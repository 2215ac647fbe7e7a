//! One record to one lead, or to the reason why it is none.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::columns::Field;
use super::layout::Layout;
use super::phone_text::{NumberProblem, is_nothing, read_number};
use super::place_text::{ZipText, is_united_states, read_state, read_time_zone, read_zip};
use super::records::Record;
use super::report::{Campaign, ConsentColumns, ImportOptions, LeadRow, RowError, shown};
use super::value_text::{read_level, read_tick, read_time};
use super::withdrawal::{is_marked, withdraws, withdraws_in_short};
use crate::lead::{PhoneNumber, Place};

/// What a row is.
pub(super) enum Row {
    Lead(Box<LeadRow>),
    DoNotCall(PhoneNumber),
    Test,
}

/// One row being read.
pub(super) struct RowReader<'r> {
    pub(super) layout: &'r Layout,
    pub(super) record: &'r Record,
    pub(super) options: &'r ImportOptions,
    pub(super) warnings: Vec<RowError>,
}

impl RowReader<'_> {
    /// Reads the row.
    ///
    /// # Errors
    /// The one reason why it is refused.
    pub(super) fn read(&mut self) -> Result<Row, RowError> {
        if self.record.quote_unclosed {
            let message = "a quote is opened and not closed; this line is left out".to_owned();
            return Err(self.error(None, "quote-unclosed", message));
        }
        self.check_bounds()?;
        if self.is_test() {
            return Ok(Row::Test);
        }
        let number = self.number()?;
        if self.withdrew() {
            return Ok(Row::DoNotCall(number));
        }
        let received_at = self.time(Field::ReceivedAt).unwrap_or_default();
        let place = self.place();
        let consent = self.consent(received_at);
        let lead = LeadRow {
            line: self.record.line,
            number,
            name: self.name(),
            email: self.text(Field::Email),
            place,
            consent,
            external_id: self.id(Field::ExternalId),
            source: self.text(Field::Source),
            campaign: Campaign {
                campaign_id: self.id(Field::CampaignId),
                campaign_name: self.text(Field::CampaignName),
                ad_id: self.id(Field::AdId),
                ad_name: self.text(Field::AdName),
                form_id: self.id(Field::FormId),
                form_name: self.text(Field::FormName),
            },
            received_at,
            extra: self.extra(),
        };
        Ok(Row::Lead(Box::new(lead)))
    }

    fn cell(&self, at: usize) -> &str {
        self.record.cells.get(at).map_or("", String::as_str)
    }

    /// The first column of `field` that is not empty.
    fn first(&self, field: Field) -> Option<(usize, &str)> {
        let columns = self.layout.columns_of(field).iter();
        let mut filled = columns.map(|at| (*at, self.cell(*at)));
        filled.find(|(_, cell)| !is_nothing(cell))
    }

    fn text(&self, field: Field) -> Option<String> {
        self.first(field).map(|(_, cell)| cell.to_owned())
    }

    /// Without Meta's one- or two-letter prefix.
    fn id(&self, field: Field) -> Option<String> {
        let (_, cell) = self.first(field)?;
        let prefixes = ["l:", "ag:", "as:", "c:", "f:"];
        let bare = prefixes.iter().find_map(|p| cell.strip_prefix(p));
        Some(bare.unwrap_or(cell).to_owned())
    }

    fn error(&self, at: Option<usize>, code: &'static str, message: String) -> RowError {
        let column = at.and_then(|at| self.layout.columns.get(at));
        RowError {
            line: self.record.line,
            column: column.map(|c| c.header.clone()),
            code,
            message,
        }
    }

    fn warn(&mut self, at: Option<usize>, code: &'static str, message: &str) {
        let warning = self.error(at, code, message.to_owned());
        self.warnings.push(warning);
    }

    fn check_bounds(&self) -> Result<(), RowError> {
        let cells = &self.record.cells;
        let max = self.options.columns_max;
        if cells.len() > max {
            let message = format!("the row has more than {max} cells (columns_max)");
            return Err(self.error(None, "row-too-long", message));
        }
        let max = self.options.cell_bytes_max;
        match cells.iter().position(|c| c.len() > max) {
            None => Ok(()),
            Some(at) => {
                let message = format!("a cell has more than {max} bytes (cell_bytes_max)");
                Err(self.error(Some(at), "cell-too-long", message))
            }
        }
    }

    /// Whether the row's own cells say that the person withdrew or must not be called. `estado` is a state or a status.
    fn withdrew(&self) -> bool {
        let any = |field, test: fn(&str) -> bool| {
            let mut columns = self.layout.columns_of(field).iter();
            columns.any(|at| test(self.cell(*at)))
        };
        any(Field::DoNotCall, is_marked)
            || any(Field::Status, withdraws)
            || any(Field::State, withdraws)
            || any(Field::ConsentGiven, withdraws_in_short)
    }

    fn is_test(&self) -> bool {
        let dummy = |cell: &String| {
            let cell = cell.to_lowercase();
            cell.contains("<test lead:") || cell == "test@fb.com" || cell == "test@meta.com"
        };
        let marks = self.layout.columns_of(Field::IsTest);
        let marked = marks
            .iter()
            .any(|at| read_tick(self.cell(*at)) == Some(true));
        marked || self.record.cells.iter().any(dummy)
    }

    fn number(&self) -> Result<PhoneNumber, RowError> {
        let found = self.first(Field::Phone);
        let at = found.map(|(at, _)| at);
        let at = at.or_else(|| self.layout.columns_of(Field::Phone).first().copied());
        let cell = found.map_or("", |(_, cell)| cell);
        read_number(cell).map_err(|problem| {
            let message = match problem {
                NumberProblem::Missing => problem.to_string(),
                _ => format!("{problem} (`{}`)", shown(cell)),
            };
            self.error(at, problem.code(), message)
        })
    }

    fn name(&self) -> Option<String> {
        let whole = self.text(Field::Name);
        let first = self.text(Field::FirstName);
        let last = self.text(Field::LastName);
        whole.or_else(|| match (first, last) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (first, last) => first.or(last),
        })
    }

    fn place(&mut self) -> Place {
        let mut place = Place::default();
        let zone = self.first(Field::TimeZone);
        if let Some((at, zone)) = zone.map(|(at, cell)| (at, read_time_zone(cell))) {
            if zone.is_none() {
                self.warn(Some(at), "time-zone-unknown", "no such time zone; left out");
            }
            place.time_zone = zone;
        }
        let country = self.first(Field::Country);
        if let Some((at, false)) = country.map(|(at, cell)| (at, is_united_states(cell))) {
            let message = "not in the United States; ZIP and state left out";
            self.warn(Some(at), "place-abroad", message);
            return place;
        }
        let zip = self
            .first(Field::Zip)
            .map(|(at, cell)| (at, read_zip(cell)));
        match zip {
            Some((_, ZipText::Zip(zip))) => place.zip = Some(zip),
            Some((at, ZipText::ZeroRestored(zip))) => {
                let message = "leading zeros that a spreadsheet had dropped were restored";
                self.warn(Some(at), "zip-zero-restored", message);
                place.zip = Some(zip);
            }
            Some((at, ZipText::Unreadable)) => {
                let message = "not a ZIP code of the United States; left out";
                self.warn(Some(at), "zip-unreadable", message);
            }
            Some((_, ZipText::Empty)) | None => {}
        }
        let state = self.first(Field::State);
        if let Some((at, state)) = state.map(|(at, cell)| (at, read_state(cell))) {
            if state.is_none() {
                self.warn(Some(at), "state-unknown", "no such state; left out");
            }
            place.state = state;
        }
        place
    }

    /// `Ok(None)`: no such column, or empty. `Err`: there is something in it, and it is no time.
    fn time(&mut self, field: Field) -> Result<Option<Timestamp>, ()> {
        let Some((at, cell)) = self.first(field) else {
            return Ok(None);
        };
        match read_time(cell, &self.options.zone) {
            Ok(time) => Ok(Some(time)),
            Err(problem) => {
                self.warn(Some(at), problem.code(), &problem.to_string());
                Err(())
            }
        }
    }

    /// The consent that the row's own cells give. Every doubt is a no: an open tick box, an unreadable time, a level
    /// nobody knows, cells beyond the header (then columns may have slid).
    fn consent(&mut self, received_at: Option<Timestamp>) -> Option<ConsentColumns> {
        let (ticked, inline) = self.tick()?;
        let implied = ticked || self.options.form_implies_consent;
        let given = self.options.consent_text.clone().filter(|_| implied);
        let text = self.text(Field::ConsentText).or(inline).or(given)?;
        let beyond = self.record.cells.iter().skip(self.layout.columns.len());
        if beyond.into_iter().any(|c| !c.is_empty()) {
            let message = "more cells than columns, so that they may have slid; no consent is read";
            self.warn(None, "row-ragged", message);
            return None;
        }
        let level = self.first(Field::ConsentLevel);
        let level = match level.map(|(at, cell)| (at, read_level(cell))) {
            Some((at, None)) => {
                let message = "no such consent level; no consent is read";
                self.warn(Some(at), "consent-level-unknown", message);
                return None;
            }
            Some((_, level)) => level,
            None => None,
        };
        let granted_at = self.time(Field::ConsentAt).ok()?.or(received_at);
        let Some(granted_at) = granted_at else {
            let message = "nothing says when the consent was given; no consent is read";
            self.warn(None, "consent-undated", message);
            return None;
        };
        let expires_at = self.time(Field::ExpiresAt).ok()?;
        Some(ConsentColumns {
            granted_at,
            text,
            level,
            channel: self.text(Field::ConsentChannel),
            seller: self.text(Field::ConsentSeller),
            ip: self.text(Field::ConsentIp),
            user_agent: self.text(Field::ConsentUserAgent),
            page_url: self.text(Field::ConsentPage),
            certificate_url: self.text(Field::ConsentCertificate),
            purposes: self.text(Field::ConsentPurposes),
            artificial_voice: self.flag(Field::ArtificialVoice, false),
            double_opt_in: self.flag(Field::DoubleOptIn, true),
            confirmed_at: self.time(Field::ConfirmedAt).unwrap_or_default(),
            expires_at,
        })
    }

    /// A yes or no column; `strict` is what an unclear cell counts as.
    fn flag(&self, field: Field, strict: bool) -> Option<bool> {
        let columns = self.layout.columns_of(field).iter();
        let mut filled = columns.map(|at| self.cell(*at)).filter(|c| !c.is_empty());
        Some(read_tick(filled.next()?).unwrap_or(strict))
    }

    /// Whether the consent columns say yes (false: there are none), and the words that one of them holds itself.
    /// None: one says no, or nothing that can be read.
    fn tick(&mut self) -> Option<(bool, Option<String>)> {
        let (mut ticked, mut words) = (false, None);
        for at in self.layout.columns_of(Field::ConsentGiven).to_vec() {
            let cell = self.cell(at).to_owned();
            // Some forms write the ticked sentence itself into the column, or a level, instead of a yes.
            let head: Vec<&str> = cell.split_whitespace().take(6).collect();
            let sentence = cell.split_whitespace().count() >= 8;
            let refuses = head.iter().any(|w| {
                let word = w.to_lowercase().replace('\u{2019}', "'");
                matches!(
                    word.as_str(),
                    "not" | "don't" | "dont" | "no" | "never" | "decline"
                )
            });
            let agrees = sentence && !refuses && matches!(head.first(), Some(&("I" | "By")));
            match read_tick(&cell) {
                Some(true) if sentence => words = Some(cell),
                Some(true) => {}
                Some(false) => return None,
                None if agrees => words = Some(cell),
                None if read_level(&cell).is_some() => {}
                None => {
                    let message = "neither a yes nor a no; no consent is read";
                    self.warn(Some(at), "consent-unclear", message);
                    return None;
                }
            }
            ticked = true;
        }
        Some((ticked, words))
    }

    fn extra(&self) -> BTreeMap<String, String> {
        let columns = self.layout.columns.iter().zip(&self.record.cells);
        let own = columns
            .filter(|(c, cell)| matches!(c.field, None | Some(Field::Status)) && !cell.is_empty());
        own.map(|(c, cell)| (c.header.clone(), cell.clone()))
            .collect()
    }
}
