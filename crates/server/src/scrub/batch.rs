//! Whom to ask about, small enough for ten million.

use std::collections::HashMap;

use ringfence_core::id::Id;
use ringfence_core::lead::import::{ZipText, read_number, read_state, read_zip};
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_store::scrub::Callee;

use crate::sheet::{Column, Row, Sheet, SheetError};

/// The rows of a scrub.
#[derive(Debug, Default)]
pub struct Batch {
    callees: Vec<Callee>,
    /// Row, text and place of what is no number.
    unreadable: Vec<(u32, String, u32)>,
    places: Vec<Place>,
    known: HashMap<Place2, u32>,
    /// The leads by row, or none.
    leads: Vec<Id>,
    sorted: bool,
}

/// A place as a key.
type Place2 = (Option<String>, Option<String>, Option<String>);

impl Batch {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.callees.len() + self.unreadable.len()
    }

    /// Adds a row with this text as the number; the answer to what is none is `number-invalid`.
    pub fn add(&mut self, to: &str, place: Place) {
        match PhoneNumber::parse(to) {
            Ok(number) => self.add_number(number, place),
            Err(_) => {
                let (row, place) = (self.next_row(), self.place_id(place));
                self.unreadable.push((row, to.to_owned(), place));
            }
        }
    }

    /// Adds a row with this number.
    pub fn add_number(&mut self, number: PhoneNumber, place: Place) {
        let (row, place) = (self.next_row(), self.place_id(place));
        self.sorted = false;
        self.callees.push(Callee { number, place, row });
    }

    /// Adds a lead's row; all rows have leads, or none has.
    pub fn add_lead(&mut self, lead: Id, number: PhoneNumber, place: Place) {
        self.leads.push(lead);
        self.add_number(number, place);
    }

    fn next_row(&self) -> u32 {
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    fn place_id(&mut self, place: Place) -> u32 {
        if place == Place::default() && !self.places.is_empty() {
            return 0;
        }
        if self.places.is_empty() {
            self.places.push(Place::default());
            self.known.insert(Place2::default(), 0);
        }
        let key = (
            place.zip.clone(),
            place.state.map(|state| state.as_str().to_owned()),
            place.time_zone.clone(),
        );
        let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let id = *self.known.entry(key).or_insert(next);
        if id == next {
            self.places.push(place);
        }
        id
    }

    /// Puts the numbers in their order.
    pub fn sort(&mut self) {
        if !self.sorted {
            self.callees
                .sort_unstable_by_key(|callee| (callee.number, callee.row));
            self.sorted = true;
        }
    }

    /// The numbers, after [`Batch::sort`] in their order.
    pub fn callees(&self) -> &[Callee] {
        &self.callees
    }

    /// What is no number: row, text, place.
    pub fn unreadable(&self) -> &[(u32, String, u32)] {
        &self.unreadable
    }

    /// Every place.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// One place.
    pub fn place(&self, id: u32) -> Place {
        let at = usize::try_from(id).ok().and_then(|id| self.places.get(id));
        at.cloned().unwrap_or_default()
    }

    /// The leads in the order of the numbers.
    pub fn leads_in_order(&self) -> Vec<Id> {
        self.callees
            .iter()
            .filter_map(|callee| self.leads.get(usize::try_from(callee.row).ok()?))
            .cloned()
            .collect()
    }

    /// Every row's number as it was given, in the order of the rows.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = vec![String::new(); self.len()];
        let numbers = self.callees.iter().map(|c| (c.row, c.number.e164()));
        let others = self
            .unreadable
            .iter()
            .map(|(row, text, _)| (*row, text.clone()));
        for (row, text) in numbers.chain(others) {
            let at = usize::try_from(row).unwrap_or(usize::MAX);
            if let Some(slot) = texts.get_mut(at) {
                *slot = text;
            }
        }
        texts
    }

    /// The lead of a row.
    pub fn lead(&self, row: usize) -> Option<&Id> {
        self.leads.get(row)
    }

    /// The rows of a table with a column of numbers, and columns of ZIP codes and states if it has any; at most `most`.
    /// A place that cannot be read is kept as one that no table knows, which the gate answers with the strictest hours.
    ///
    /// # Errors
    /// [`SheetError`] for what is no such table; none of its rows is a reason for one. `Ok(None)` for more than `most`.
    pub fn of_sheet(bytes: &[u8], most: usize) -> Result<Option<Self>, SheetError> {
        let sheet = open_sheet(bytes)?;
        let mut batch = Self::default();
        sheet.each(|row| {
            if batch.len() >= most {
                batch.sorted = true;
                return false;
            }
            let place = place_of(&row);
            let text = row.get(Column::Number).unwrap_or_default();
            match read_plain(&text) {
                Some(number) if !row.broken => batch.add_number(number, place),
                Some(_) => batch.add_text("", place),
                None => batch.add_text(&text, place),
            }
            true
        });
        let over = std::mem::take(&mut batch.sorted);
        Ok((!over).then_some(batch))
    }

    fn add_text(&mut self, text: &str, place: Place) {
        let (row, place) = (self.next_row(), self.place_id(place));
        self.unreadable.push((row, text.to_owned(), place));
    }
}

/// A ZIP code that no table knows: the gate answers it with the strictest hours.
const ZIP_UNKNOWN: &str = "00000";

/// Where a row says that its callee is.
pub fn place_of(row: &Row<'_, '_>) -> Place {
    let mut zip = row.get(Column::Zip).and_then(|text| match read_zip(&text) {
        ZipText::Zip(zip) | ZipText::ZeroRestored(zip) => Some(zip),
        ZipText::Empty => None,
        ZipText::Unreadable => Some(ZIP_UNKNOWN.to_owned()),
    });
    let stated = row.get(Column::State);
    let state = stated.as_deref().and_then(read_state);
    if stated.is_some() && state.is_none() {
        zip = Some(ZIP_UNKNOWN.to_owned());
    }
    Place {
        zip,
        state,
        time_zone: None,
    }
}

/// The table of a scrub.
pub fn open_sheet(bytes: &[u8]) -> Result<Sheet<'_>, SheetError> {
    let order = [Column::Number, Column::Zip, Column::State];
    Sheet::open(bytes, &[Column::Number], &order)
}

/// A number as tables write it: the common forms without a detour.
fn read_plain(text: &str) -> Option<PhoneNumber> {
    let digits = text.strip_prefix("+1").unwrap_or(text);
    let ten = match digits.len() {
        11 if !text.starts_with('+') => digits.strip_prefix('1'),
        10 => Some(digits),
        _ => None,
    };
    if let Some(ten) = ten
        && ten.bytes().all(|b| b.is_ascii_digit())
    {
        return PhoneNumber::from_nanp(ten.parse().ok()?).ok();
    }
    read_number(text).ok()
}
