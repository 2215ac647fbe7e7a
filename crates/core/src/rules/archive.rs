//! A pack as one text: what its hash is taken over, what is stored for a replay, and what is compiled in.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::load::load;
use super::pack::RulePack;
use super::places_load::OPERATOR;
use super::problem::{PackError, Problem};

const HEADER: &str = "ringfence rule pack 1\n";

macro_rules! embed {
    ($($name:literal)+) => {
        &[$(($name, include_str!(concat!("../../../../rules/", $name))),)+]
    };
}

/// Every file of `rules/`, compiled in.
pub(super) const EMBEDDED: &[(&str, &str)] = embed! {
    "pack.toml" "federal.toml" "holidays.toml" "policy.toml" "retention.toml" "unknown.toml"
    "places/area_codes.csv" "places/other_countries.csv" "places/zip3.csv" "places/zip5.csv"
    "states/AK.toml" "states/AL.toml" "states/AR.toml" "states/AS.toml" "states/AZ.toml"
    "states/CA.toml" "states/CO.toml" "states/CT.toml" "states/DC.toml" "states/DE.toml"
    "states/FL.toml" "states/GA.toml" "states/GU.toml" "states/HI.toml" "states/IA.toml"
    "states/ID.toml" "states/IL.toml" "states/IN.toml" "states/KS.toml" "states/KY.toml"
    "states/LA.toml" "states/MA.toml" "states/MD.toml" "states/ME.toml" "states/MI.toml"
    "states/MN.toml" "states/MO.toml" "states/MP.toml" "states/MS.toml" "states/MT.toml"
    "states/NC.toml" "states/ND.toml" "states/NE.toml" "states/NH.toml" "states/NJ.toml"
    "states/NM.toml" "states/NV.toml" "states/NY.toml" "states/OH.toml" "states/OK.toml"
    "states/OR.toml" "states/PA.toml" "states/PR.toml" "states/RI.toml" "states/SC.toml"
    "states/SD.toml" "states/TN.toml" "states/TX.toml" "states/UT.toml" "states/VA.toml"
    "states/VI.toml" "states/VT.toml" "states/WA.toml" "states/WI.toml" "states/WV.toml"
    "states/WY.toml"
};

impl RulePack {
    /// The pack that this program was built with.
    ///
    /// # Errors
    /// [`PackError`] if it is not valid; a test holds that it is.
    pub fn embedded() -> Result<Self, PackError> {
        Self::from_sources(EMBEDDED)
    }

    /// Loads a pack from its files, each a name below `rules/` and a text, in any order.
    ///
    /// # Errors
    /// [`PackError`] with every fault found, by file and line.
    pub fn from_sources(sources: &[(&str, &str)]) -> Result<Self, PackError> {
        let mut held: Vec<(String, String)> = sources
            .iter()
            // A checkout that turns line ends must not change the hash.
            .map(|(name, text)| ((*name).to_owned(), text.replace("\r\n", "\n")))
            .collect();
        held.sort();
        let archive = archive(&held);
        let sha256 =
            Sha256::digest(archive.as_bytes())
                .iter()
                .fold(String::new(), |mut hex, byte| {
                    // Writing to a String cannot fail.
                    let _ = write!(hex, "{byte:02x}");
                    hex
                });
        load(Arc::from(held), sha256)
    }

    /// This pack with an operator's own area codes, in the columns of `places/area_codes.csv`: for codes that came into
    /// service after this program was built. They are part of the pack, its hash and its archive. `name` is what the
    /// file is called in faults; a line of column names at the top is passed over.
    ///
    /// # Errors
    /// [`PackError`] with every bad line.
    pub fn with_area_codes(&self, name: &str, text: &str) -> Result<Self, PackError> {
        // A comment in the place of the header keeps the numbers of the lines.
        let text = match text.strip_prefix("code,") {
            Some(rest) => format!("#code,{rest}"),
            None => text.to_owned(),
        };
        let own = self.sources.iter().filter(|(name, _)| name != OPERATOR);
        let mut sources: Vec<(&str, &str)> = own
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        sources.push((OPERATOR, &text));
        Self::from_sources(&sources).map_err(|error| PackError {
            problems: error
                .problems
                .into_iter()
                .map(|problem| match problem.file == OPERATOR {
                    true => Problem {
                        file: name.to_owned(),
                        ..problem
                    },
                    false => problem,
                })
                .collect(),
        })
    }

    /// The pack's files in the order of their names, as they were given.
    #[must_use]
    pub fn sources(&self) -> &[(String, String)] {
        &self.sources
    }

    /// The whole pack as one text. Its SHA-256 is [`RulePack::sha256`](Self), and [`RulePack::from_archive`] gives the
    /// same pack again.
    #[must_use]
    pub fn to_archive(&self) -> String {
        archive(&self.sources)
    }

    /// Loads a pack that [`RulePack::to_archive`] wrote.
    ///
    /// # Errors
    /// [`PackError`] if the text is no archive or holds no valid pack.
    pub fn from_archive(text: &str) -> Result<Self, PackError> {
        let sources = split(text).ok_or_else(|| PackError {
            problems: vec![Problem {
                file: "archive".into(),
                line: 1,
                what: "not an archive of a rule pack, or cut short".into(),
            }],
        })?;
        Self::from_sources(&sources)
    }
}

fn archive(sources: &[(String, String)]) -> String {
    let mut text = String::from(HEADER);
    for (name, content) in sources {
        // Writing to a String cannot fail. The length in bytes lets any content stand in between.
        let _ = writeln!(text, "=== {name} {}", content.len());
        text.push_str(content);
        text.push('\n');
    }
    text
}

fn split(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut rest = text.strip_prefix(HEADER)?;
    let mut sources = Vec::new();
    while !rest.is_empty() {
        let (head, after) = rest.strip_prefix("=== ")?.split_once('\n')?;
        let (name, length) = head.rsplit_once(' ')?;
        let (content, after) = after.split_at_checked(length.parse().ok()?)?;
        sources.push((name, content));
        rest = after.strip_prefix('\n')?;
    }
    Some(sources)
}
