//! Finer senses of words for the learned model: `senses.txt` read once into sorted tables. Unlike
//! `lexicon.txt` a word may have several.

use std::sync::LazyLock;

/// Senses of one word that count.
pub const SENSES_MAX: usize = 4;

/// The tables of `senses.txt`.
#[derive(Debug)]
pub struct Senses {
    exact: Vec<(&'static str, u8)>,
    stems: Vec<(&'static str, u8)>,
    stem_bytes_max: usize,
}

static SENSES: LazyLock<Senses> = LazyLock::new(|| Senses::read(include_str!("senses.txt")));

/// The senses of this build.
pub fn senses() -> &'static Senses {
    &SENSES
}

impl Senses {
    fn read(text: &'static str) -> Self {
        let (mut exact, mut stems) = (Vec::new(), Vec::new());
        let lines = text.lines().filter(|l| !l.starts_with('#'));
        for (sense, line) in (0..u8::MAX).zip(lines) {
            for word in line.split_whitespace().skip(1) {
                match word.strip_suffix('*') {
                    Some(stem) => stems.push((stem, sense)),
                    None => exact.push((word, sense)),
                }
            }
        }
        for table in [&mut exact, &mut stems] {
            table.sort_unstable();
            table.dedup();
        }
        let stem_bytes_max = stems.iter().map(|(stem, _)| stem.len()).max().unwrap_or(0);
        Self {
            exact,
            stems,
            stem_bytes_max,
        }
    }

    /// The senses of a word: those it is listed with, then those of its longest listed stem.
    pub fn of(&self, word: &str) -> impl Iterator<Item = u8> {
        let listed = run(&self.exact, word);
        let stem = (2..=word.len().min(self.stem_bytes_max))
            .rev()
            .filter_map(|end| word.get(..end))
            .map(|stem| run(&self.stems, stem))
            .find(|found| !found.is_empty())
            .unwrap_or_default();
        let more = stem
            .iter()
            .filter(|(_, s)| listed.iter().all(|(_, l)| l != s));
        listed.iter().chain(more).take(SENSES_MAX).map(|(_, s)| *s)
    }
}

fn run<'a>(table: &'a [(&'static str, u8)], word: &str) -> &'a [(&'static str, u8)] {
    let from = table.partition_point(|(w, _)| *w < word);
    let rest = table.get(from..).unwrap_or_default();
    let count = rest.iter().take_while(|(w, _)| *w == word).count();
    rest.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_words_then_the_longest_stem_four_at_most() {
        let names: Vec<&str> = include_str!("senses.txt")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| l.split_whitespace().next())
            .collect();
        let of = |word: &str| -> Vec<&str> {
            let found: Vec<_> = senses().of(word).collect();
            found.into_iter().map(|s| names[usize::from(s)]).collect()
        };
        assert!(of("calling").contains(&"ring_act"));
        assert!(of("scratch").contains(&"take_act"));
        assert!(of("borreme").contains(&"remove_act"));
        assert!(of("qqq").is_empty());
        assert!(of("order").len() <= SENSES_MAX);
        assert!(names.len() < 200, "the network has room for 200");
        for (word, _) in senses().exact.iter().chain(&senses().stems) {
            assert!(word.chars().all(|c| c.is_ascii_lowercase()), "{word}");
        }
    }
}
