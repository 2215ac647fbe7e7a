//! The lists' answers for a batch: which versions bind is asked once per area code, and a list without a number in an
//! exchange is passed over for all of it.

use jiff::Timestamp;
use ringfence_core::gate::{Facts, SourceFailure};
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::ListAnswer;

use crate::registry::book::{Asked, Book, Bound, Family};

pub(super) struct Lists<'b> {
    book: &'b Book,
    seller: String,
    now: Timestamp,
    area: Option<u16>,
    national: Vec<Bound>,
    /// Those of the states and those of litigators, which bind whatever the area code.
    others: Option<(Vec<Bound>, Vec<Bound>)>,
    hits: u64,
    failures: Vec<SourceFailure>,
    /// Those that concern every call alike.
    shared_failures: Vec<SourceFailure>,
}

/// More lists than this have no bit each.
const LISTS_MAX: usize = 63;

impl<'b> Lists<'b> {
    pub(super) fn new(book: &'b Book, shared: &Facts, now: Timestamp) -> Self {
        Self {
            book,
            seller: shared.request.seller.clone(),
            now,
            area: None,
            national: Vec::new(),
            others: None,
            hits: 0,
            failures: Vec::new(),
            shared_failures: shared.failures.clone(),
        }
    }

    /// Puts the lists' answers about a number; which lists hold it, one bit each, unless there are too many lists for
    /// that or one of them cannot be read.
    pub(super) fn answer(&mut self, number: PhoneNumber, facts: &mut Facts) -> Option<u64> {
        let (Some(area), Some(ten)) = (number.area_code(), number.nanp()) else {
            // No list is asked about a number abroad.
            let into = &mut facts.suppressions;
            into.national = None;
            into.states.clear();
            into.litigator.clear();
            facts.failures.clone_from(&self.shared_failures);
            self.area = None;
            return None;
        };
        let fresh = self.area != Some(area);
        if fresh {
            self.enter(area, number);
        }
        let failed = !self.failures.is_empty();
        let hits = self.hits(ten);
        if fresh || failed || !self.failures.is_empty() || hits != self.hits {
            self.hits = hits;
            self.put(ten, facts);
        }
        let lists = self.lists().count();
        (lists <= LISTS_MAX && self.failures.is_empty()).then_some(hits)
    }

    fn enter(&mut self, area: u16, number: PhoneNumber) {
        let asked = Asked {
            number,
            seller: &self.seller,
            now: self.now,
        };
        self.national = self.book.bound(Family::National, &asked);
        if self.others.is_none() {
            let states = self.book.bound(Family::State, &asked);
            let litigators = self.book.bound(Family::Litigator, &asked);
            self.others = Some((states, litigators));
        }
        self.area = Some(area);
    }

    fn lists(&self) -> impl Iterator<Item = &Bound> {
        let others = self.others.iter();
        let others = others.flat_map(|(states, litigators)| states.iter().chain(litigators));
        self.national.iter().chain(others)
    }

    /// One bit a list: the registry's is the first, whether there is one or not.
    fn hits(&mut self, ten: u64) -> u64 {
        self.failures.clear();
        let mut hits = 0;
        let others = self.others.iter_mut();
        let others = others.flat_map(|(states, litigators)| states.iter_mut().chain(litigators));
        let numbered = self.national.iter_mut().map(|list| (0, list));
        for (bit, list) in numbered.chain((1_usize..).zip(others)) {
            match list.holds(ten) {
                Ok(listed) => hits |= u64::from(listed) << bit.min(LISTS_MAX),
                Err(failure) => self.failures.push(failure),
            }
        }
        hits
    }

    fn put(&mut self, ten: u64, facts: &mut Facts) {
        let mut answer = |list: &mut Bound| ListAnswer {
            listed: list.holds(ten).unwrap_or_default(),
            ..list.answer().clone()
        };
        let into = &mut facts.suppressions;
        into.national = self.national.first_mut().map(&mut answer);
        if let Some((states, litigators)) = &mut self.others {
            into.states = states.iter_mut().map(&mut answer).collect();
            into.litigator = litigators.iter_mut().map(&mut answer).collect();
            into.litigator.retain(|answer| answer.listed);
        }
        facts.failures.clone_from(&self.shared_failures);
        facts.failures.extend(self.failures.iter().cloned());
    }
}
