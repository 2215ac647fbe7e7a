//! From what was wrong back to every number that made it so: the slopes of the network.

use std::array::from_fn;

use ringfence_core::converse::opt_out::training::{
    Dense, GATES, Gru, HIDDEN, POOLED, READINGS, STATE, Step, Trace, Vector, WIDTH,
};

use crate::dice::Dice;

/// Sums of what should change, since the last step.
#[derive(Debug, Clone)]
pub struct Slopes {
    /// One for every number of the dense part.
    pub dense: Dense,
}

impl Default for Slopes {
    fn default() -> Self {
        Self {
            dense: Dense::zero(),
        }
    }
}

/// What should change in the vectors.
#[derive(Debug, Clone)]
pub struct Down {
    /// For each word.
    pub words: Vec<Vector>,
    /// For the agent's line.
    pub context: Vector,
}

/// The dense part before it has learned anything.
pub fn first(dice: &mut Dice) -> Dense {
    let mut dense = Dense::zero();
    for direction in &mut dense.directions {
        fill(&mut direction.input, 0.25, dice);
        fill(&mut direction.state, 0.15, dice);
        for bias in &mut direction.bias {
            // At first the state stays rather than goes.
            for keep in bias.iter_mut().skip(STATE).take(STATE) {
                *keep = 1.0;
            }
        }
    }
    fill(&mut dense.hidden, 0.1, dice);
    fill(&mut dense.top, 0.1, dice);
    dense
}

fn fill<const N: usize>(rows: &mut [[f32; N]], most: f32, dice: &mut Dice) {
    for number in rows.iter_mut().flatten() {
        *number = dice.within(most);
    }
}

/// Adds the slopes of one utterance, and answers those of its vectors.
///
/// `shown` is what each pooled number was multiplied with after it was computed; `hidden` is what
/// should change in the hidden layer for other reasons than the readings.
pub fn go(
    dense: &Dense,
    slopes: &mut Slopes,
    words: &[Vector],
    trace: &Trace,
    wrong: &[f32; READINGS],
    shown: &[f32; POOLED],
    mut hidden: [f32; HIDDEN],
) -> Down {
    through(
        &dense.top,
        &mut slopes.dense.top,
        &trace.hidden,
        wrong,
        &mut hidden,
    );
    for (slope, value) in hidden.iter_mut().zip(&trace.hidden) {
        if *value <= 0.0 {
            *slope = 0.0;
        }
    }
    let mut pooled = [0.0; POOLED];
    through(
        &dense.hidden,
        &mut slopes.dense.hidden,
        &trace.pooled,
        &hidden,
        &mut pooled,
    );
    for (slope, shown) in pooled.iter_mut().zip(shown) {
        *slope *= shown;
    }
    let mut down = Down {
        words: vec![[0.0; WIDTH]; words.len()],
        context: [0.0; WIDTH],
    };
    let (read, rest) = pooled.split_at(4 * STATE);
    for (slope, value) in down.context.iter_mut().zip(rest) {
        *slope = *value;
    }
    let parts = dense.directions.iter().zip(&mut slopes.dense.directions);
    let mut steps = trace.steps.iter().zip(read.chunks_exact(2 * STATE));
    for (backwards, (gru, slopes)) in parts.enumerate() {
        let Some((steps, pooled)) = steps.next() else {
            break;
        };
        let above = above(steps, pooled);
        let order: Vec<usize> = if backwards == 1 {
            (0..words.len()).rev().collect()
        } else {
            (0..words.len()).collect()
        };
        in_time(gru, slopes, steps, &above, words, &order, &mut down.words);
    }
    down
}

/// A layer: its slopes from input and what should change above, and what should change below.
fn through<const N: usize>(
    rows: &[[f32; N]],
    slopes: &mut [[f32; N]],
    input: &[f32],
    above: &[f32; N],
    below: &mut [f32],
) {
    for (slope, value) in slopes.iter_mut().zip(input) {
        add(slope, above, *value);
    }
    for (row, below) in rows.iter().zip(below.iter_mut()) {
        *below += dot(row, above);
    }
    // The bias is the row after the inputs.
    if let Some(bias) = slopes.get_mut(input.len()) {
        add(bias, above, 1.0);
    }
}

fn add<const N: usize>(to: &mut [f32; N], what: &[f32; N], times: f32) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += what * times;
    }
}

/// A sum in eight lanes: fixed order, and quick.
fn dot<const N: usize>(one: &[f32; N], other: &[f32; N]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest: f32 = ones
        .remainder()
        .iter()
        .zip(others.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in ones.zip(others) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// What should change in each step's state because of the greatest and the mean value.
fn above(steps: &[Step], pooled: &[f32]) -> Vec<[f32; STATE]> {
    let (most, mean) = pooled.split_at(STATE);
    let share = 1.0 / ringfence_core::converse::opt_out::training::count(steps.len().max(1));
    let mut above = vec![[0.0; STATE]; steps.len()];
    let mut greatest = [-1.0_f32; STATE];
    for step in steps {
        for (greatest, value) in greatest.iter_mut().zip(&step.after) {
            *greatest = greatest.max(*value);
        }
    }
    let mut open = [true; STATE];
    for (step, above) in steps.iter().zip(&mut above) {
        for ((slope, mean), (most, ((value, greatest), open))) in above.iter_mut().zip(mean).zip(
            most.iter()
                .zip(step.after.iter().zip(&greatest).zip(&mut open)),
        ) {
            *slope = mean * share;
            if *open && value.to_bits() == greatest.to_bits() {
                *slope += most;
                *open = false;
            }
        }
    }
    above
}

/// Back over the steps of one direction, the last first.
fn in_time(
    gru: &Gru,
    slopes: &mut Gru,
    steps: &[Step],
    above: &[[f32; STATE]],
    words: &[Vector],
    order: &[usize],
    down: &mut [Vector],
) {
    let mut later = [0.0; STATE];
    for ((step, above), at) in steps.iter().zip(above).zip(order).rev() {
        let mut state = *above;
        add(&mut state, &later, 1.0);
        let (fed, kept, before) = at_gates(step, &state);
        later = before;
        let (Some(word), Some(down)) = (words.get(*at), down.get_mut(*at)) else {
            continue;
        };
        through(&gru.input, &mut slopes.input, word, &fed, down);
        through(
            &gru.state,
            &mut slopes.state,
            &step.before,
            &kept,
            &mut later,
        );
        for bias in &mut slopes.bias {
            add(bias, &fed, 1.0);
        }
    }
}

/// What should change at the gates (as fed by the word, as kept by the state) and in the state
/// before, from what should change in the state after.
#[expect(
    clippy::indexing_slicing,
    reason = "every array here has STATE numbers, and `at` runs over them"
)]
fn at_gates(step: &Step, state: &[f32; STATE]) -> ([f32; GATES], [f32; GATES], [f32; STATE]) {
    let [r, z, n, recalled] = [&step.reset, &step.keep, &step.candidate, &step.recalled];
    let new: [f32; STATE] = from_fn(|at| state[at] * (1.0 - z[at]) * (1.0 - n[at] * n[at]));
    let reset: [f32; STATE] = from_fn(|at| new[at] * recalled[at] * r[at] * (1.0 - r[at]));
    let keep: [f32; STATE] =
        from_fn(|at| state[at] * (step.before[at] - n[at]) * z[at] * (1.0 - z[at]));
    let old: [f32; STATE] = from_fn(|at| new[at] * r[at]);
    let before = from_fn(|at| state[at] * z[at]);
    (
        beside(&reset, &keep, &new),
        beside(&reset, &keep, &old),
        before,
    )
}

fn beside(one: &[f32; STATE], two: &[f32; STATE], three: &[f32; STATE]) -> [f32; GATES] {
    let mut gates = [0.0; GATES];
    for (place, part) in gates.chunks_exact_mut(STATE).zip([one, two, three]) {
        place.copy_from_slice(part);
    }
    gates
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::converse::opt_out::training::CLUES;

    /// The loss whose slope is `wrong`, linear in the logits.
    fn loss(dense: &Dense, words: &[Vector], wrong: &[f32; READINGS]) -> f64 {
        let trace = dense.read(words, &[0.1; WIDTH], &[0.5; CLUES]);
        let parts = trace.logits.iter().zip(wrong);
        parts.map(|(l, w)| f64::from(*l) * f64::from(*w)).sum()
    }

    #[test]
    fn slopes_are_what_a_small_change_does() {
        let mut dice = Dice::new(7);
        let dense = first(&mut dice);
        let words: Vec<Vector> = (0..5)
            .map(|_| [(); WIDTH].map(|()| dice.within(1.0)))
            .collect();
        let wrong = [0.7, -0.2, -0.5];
        let trace = dense.read(&words, &[0.1; WIDTH], &[0.5; CLUES]);
        let mut slopes = Slopes::default();
        let (shown, more) = ([1.0; POOLED], [0.0; HIDDEN]);
        let down = go(&dense, &mut slopes, &words, &trace, &wrong, &shown, more);
        let all: Vec<f32> = slopes.dense.numbers().copied().collect();
        let small = 1e-2_f32;
        for at in (0..all.len()).step_by(997) {
            let moved = |by: f32| {
                let mut moved = dense.clone();
                *moved.numbers_mut().nth(at).unwrap() += by;
                loss(&moved, &words, &wrong)
            };
            let want = (moved(small) - moved(-small)) / (2.0 * f64::from(small));
            assert!(
                (want - f64::from(all[at])).abs() < 3e-3,
                "{at}: {want} {}",
                all[at]
            );
        }
        for at in 0..words.len() {
            let moved = |by: f32| {
                let mut moved = words.clone();
                moved[at][3] += by;
                loss(&dense, &moved, &wrong)
            };
            let want = (moved(small) - moved(-small)) / (2.0 * f64::from(small));
            let got = f64::from(down.words[at][3]);
            assert!((want - got).abs() < 3e-3, "{at}: {want} {got}");
        }
    }
}
