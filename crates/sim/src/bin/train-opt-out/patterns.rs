//! Sentences from patterns: `corpus/opt_out/patterns/*.txt` expanded by chance into as many wordings
//! as are asked for. They are learned from beside the corpus, and never measured on.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

use ringfence_core::converse::opt_out::Verdict;

use crate::corpus::Line;
use crate::dice::Dice;

/// Names within names: deeper ones are empty.
const DEPTH_MAX: u32 = 12;

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Named(String),
    Any(Vec<Vec<Part>>),
}

#[derive(Debug)]
struct Pattern {
    label: Verdict,
    category: String,
    context: Option<Vec<Part>>,
    text: Vec<Part>,
}

/// The patterns of a folder.
#[derive(Debug)]
pub struct Patterns {
    names: BTreeMap<String, Vec<Vec<Part>>>,
    patterns: Vec<Pattern>,
}

/// Reads the patterns of a folder, in the order of file names.
pub fn read(folder: &Path) -> Result<Patterns, Box<dyn Error>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let mut patterns = Patterns {
        names: BTreeMap::new(),
        patterns: Vec::new(),
    };
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        patterns
            .add(&text)
            .map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(patterns)
}

impl Patterns {
    fn add(&mut self, text: &str) -> Result<(), String> {
        let mut head = None;
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(rest) = line.strip_prefix("> ") {
                let (label, category) = rest.split_once(' ').ok_or("no category")?;
                head = Some((verdict(label)?, category.to_owned()));
            } else if let Some((name, words)) = named(line) {
                let any = words.split(" | ").map(|w| parse(w.trim())).collect();
                self.names.insert(name.to_owned(), any);
            } else {
                let (label, category) = head.clone().ok_or("a pattern before its label")?;
                let (context, text) = match line.strip_prefix("<< ") {
                    Some(rest) => context_of(rest).ok_or("a context without an end")?,
                    None => (None, parse(line)),
                };
                self.patterns.push(Pattern {
                    label,
                    category,
                    context,
                    text,
                });
            }
        }
        Ok(())
    }

    /// Up to `each` sentences of every pattern, fewer where it has fewer.
    pub fn draw(&self, each: usize, dice: &mut Dice) -> Vec<Line> {
        let mut seen = BTreeSet::new();
        let mut lines = Vec::new();
        for pattern in &self.patterns {
            for _ in 0..each {
                let mut context = String::new();
                if let Some(parts) = &pattern.context {
                    self.say(parts, dice, 0, &mut context);
                }
                let mut text = String::new();
                self.say(&pattern.text, dice, 0, &mut text);
                let (text, context) = (tidy(&text), tidy(&context));
                if !text.is_empty() && seen.insert((text.clone(), context.clone())) {
                    lines.push(Line {
                        group: String::new(),
                        text,
                        label: pattern.label,
                        category: pattern.category.clone(),
                        context: (!context.is_empty()).then_some(context),
                    });
                }
            }
        }
        lines
    }

    fn say(&self, parts: &[Part], dice: &mut Dice, depth: u32, out: &mut String) {
        if depth > DEPTH_MAX {
            return;
        }
        for part in parts {
            let any = match part {
                Part::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Part::Named(name) => self.names.get(name),
                Part::Any(any) => Some(any),
            };
            if let Some(chosen) = any.and_then(|any| dice.any(any)) {
                self.say(chosen, dice, depth + 1, out);
            }
        }
    }
}

fn verdict(label: &str) -> Result<Verdict, String> {
    match label {
        "opt_out" => Ok(Verdict::OptOut),
        "not_opt_out" => Ok(Verdict::NotOptOut),
        "ambiguous" => Ok(Verdict::Ambiguous),
        other => Err(format!("unknown label {other}")),
    }
}

fn named(line: &str) -> Option<(&str, &str)> {
    let (name, words) = line.split_once(" = ")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.chars().all(plain).then_some((name, words))
}

type Contexted = (Option<Vec<Part>>, Vec<Part>);

/// The agent's line, `(one.|another?)` or up to its full stop, then what is said.
fn context_of(rest: &str) -> Option<Contexted> {
    let end = if rest.starts_with('(') {
        rest.find(')')?
    } else {
        rest.find(['?', '.'])?
    };
    let (context, text) = rest.split_at_checked(end + 1)?;
    Some((Some(parse(context)), parse(text.trim())))
}

fn parse(text: &str) -> Vec<Part> {
    let mut chars = text.chars().peekable();
    sequence(&mut chars)
}

fn sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    while let Some(next) = chars.peek().copied() {
        if next == '|' || next == ')' {
            break;
        }
        chars.next();
        let part = match next {
            '{' => Part::Named(chars.by_ref().take_while(|c| *c != '}').collect()),
            '(' => Part::Any(alternatives(chars)),
            '_' => continue,
            other => {
                plain.push(other);
                continue;
            }
        };
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(part);
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

fn alternatives(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Vec<Vec<Part>> {
    let mut any = Vec::new();
    loop {
        any.push(sequence(chars));
        if chars.next() != Some('|') {
            return any;
        }
    }
}

/// One space between words; "i 'd" is "i would".
fn tidy(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| if word == "'d" { "would" } else { word })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_names_and_contexts() {
        let mut patterns = Patterns {
            names: BTreeMap::new(),
            patterns: Vec::new(),
        };
        let text = "# a\nme = me | us\n> opt_out direct\n(stop|quit) calling {me}\n\
                    > not_opt_out survey\n<< (Is it?|Was it?) (yes|no|_)";
        patterns.add(text).unwrap();
        let lines = patterns.draw(50, &mut Dice::new(1));
        let said: BTreeSet<_> = lines.iter().map(|l| l.text.as_str()).collect();
        let want = [
            "no",
            "quit calling me",
            "quit calling us",
            "stop calling me",
            "stop calling us",
            "yes",
        ];
        assert_eq!(said.into_iter().collect::<Vec<_>>(), want);
        let asked = lines.iter().find(|l| l.text == "yes").unwrap();
        assert!(asked.context.as_deref().unwrap().ends_with('?'));
        assert!(patterns.add("> maybe x").is_err());
    }

    #[test]
    fn every_name_of_the_corpus_is_known() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/opt_out/patterns");
        let patterns = read(&folder).unwrap();
        fn check(patterns: &Patterns, parts: &[Part]) {
            for part in parts {
                match part {
                    Part::Named(name) => assert!(patterns.names.contains_key(name), "{name}"),
                    Part::Any(any) => any.iter().for_each(|p| check(patterns, p)),
                    Part::Text(text) => assert!(!text.contains(['{', '}', '(', ')']), "{text}"),
                }
            }
        }
        for pattern in &patterns.patterns {
            check(&patterns, &pattern.text);
        }
        for any in patterns.names.values().flatten() {
            check(&patterns, any);
        }
        assert!(patterns.patterns.len() > 300);
    }
}
