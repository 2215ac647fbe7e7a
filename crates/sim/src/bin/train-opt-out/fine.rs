//! What kind of saying it is, learned beside what it means: the hidden layer then has to tell a
//! quoted request from a made one, and an hour from for ever. Only the trainer has this part.

use ringfence_core::converse::opt_out::training::{HIDDEN, exp};

use crate::corpus::Line;

/// Kinds that there is room for.
const KINDS: usize = 64;

/// How much the kind counts beside the reading.
const COUNTS: f32 = 0.5;

/// A kind's number.
pub type Kind = usize;

/// The kinds of a corpus, each a label with a category, in order.
#[derive(Debug)]
pub struct Kinds(Vec<(String, String)>);

impl Kinds {
    /// The kinds of these lines; more than there is room for are not learned.
    pub fn of(lines: &[Line]) -> Self {
        let mut names: Vec<_> = lines.iter().map(name).collect();
        names.sort_unstable();
        names.dedup();
        names.truncate(KINDS);
        Self(names)
    }

    /// The kind of a line, if it is one of these.
    pub fn number_of(&self, line: &Line) -> Option<Kind> {
        self.0.binary_search(&name(line)).ok()
    }
}

fn name(line: &Line) -> (String, String) {
    (format!("{:?}", line.label), line.category.clone())
}

/// From the hidden layer to the kinds; the last row is their bias.
type Rows = Vec<[f32; KINDS]>;

/// The layer that tells kinds apart, while it is learned.
#[derive(Debug)]
pub struct Fine {
    rows: Rows,
    slopes: Rows,
    first: Rows,
    second: Rows,
}

impl Fine {
    /// Nothing learned yet.
    pub fn new() -> Self {
        let zero = || vec![[0.0; KINDS]; HIDDEN + 1];
        Self {
            rows: zero(),
            slopes: zero(),
            first: zero(),
            second: zero(),
        }
    }

    /// Adds the slopes of one utterance and answers what should change in its hidden layer.
    pub fn see(&mut self, hidden: &[f32; HIDDEN], kind: Kind, counts: f32) -> [f32; HIDDEN] {
        let mut wrong = self.chances(hidden);
        if let Some(right) = wrong.get_mut(kind) {
            *right -= 1.0;
        }
        let wrong = wrong.map(|w| w * COUNTS * counts);
        let mut below = [0.0; HIDDEN];
        let values = hidden.iter().copied().chain([1.0]);
        let mut places = below.iter_mut();
        for ((row, slopes), value) in self.rows.iter().zip(&mut self.slopes).zip(values) {
            let mut sum = 0.0;
            for ((slope, weight), wrong) in slopes.iter_mut().zip(row).zip(&wrong) {
                *slope += value * wrong;
                sum += weight * wrong;
            }
            if let Some(place) = places.next() {
                *place = sum;
            }
        }
        below
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a chance, from 0 to 1, need not be exact"
    )]
    fn chances(&self, hidden: &[f32; HIDDEN]) -> [f32; KINDS] {
        let mut logits = self.rows.last().copied().unwrap_or([0.0; KINDS]);
        for (row, value) in self.rows.iter().zip(hidden) {
            for (logit, weight) in logits.iter_mut().zip(row) {
                *logit += weight * value;
            }
        }
        let top = logits.iter().fold(f32::MIN, |top, l| top.max(*l));
        let raised = logits.map(|l| exp(f64::from(l - top)) as f32);
        let sum = raised.iter().sum::<f32>();
        raised.map(|r| r / sum)
    }

    /// Numbers, slopes and both moments, for a step.
    pub fn parts(&mut self) -> [&mut [f32]; 4] {
        [
            self.rows.as_flattened_mut(),
            self.slopes.as_flattened_mut(),
            self.first.as_flattened_mut(),
            self.second.as_flattened_mut(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_should_change_lowers_the_loss() {
        let mut fine = Fine::new();
        let hidden = [0.5; HIDDEN];
        for step in 0..20 {
            let before = fine.chances(&hidden)[3];
            fine.see(&hidden, 3, 1.0);
            let [rows, slopes, ..] = fine.parts();
            for (number, slope) in rows.iter_mut().zip(slopes) {
                *number -= 0.05 * *slope;
                *slope = 0.0;
            }
            assert!(fine.chances(&hidden)[3] > before, "{step}");
        }
        // A higher value of the hidden layer now speaks for this kind.
        assert!(fine.see(&hidden, 3, 1.0).iter().all(|slope| *slope < 0.0));
    }
}
