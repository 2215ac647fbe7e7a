//! Which column is which, by the names that dialers, carriers and spreadsheets give them.

use ringfence_core::lead::import::read_number;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Whom to ring, or who was rung.
    Number,
    /// Where the callee says they are.
    Zip,
    /// Where the callee says they are.
    State,
    /// When the call began.
    Time,
    /// The seller's id.
    Seller,
    /// What the call is for.
    Purpose,
    /// The number presented.
    CallerId,
    /// Which way the call went.
    Direction,
}

/// The names of each, the surest first; compared without case, blanks and punctuation.
const NAMES: &[(Column, &[&str])] = &[
    (
        Column::Number,
        &[
            "to",
            "number",
            "phone_number_dialed",
            "number_dialed",
            "destination_number",
            "called_number",
            "phone_number",
            "phone",
            "callee",
            "callee_number",
            "called",
            "called_party",
            "dialed_number",
            "destination",
            "dst",
            "telephone",
            "mobile",
            "cell",
            "msisdn",
            "customer_number",
            "to_number",
        ],
    ),
    (
        Column::Zip,
        &[
            "zip",
            "zip_code",
            "zipcode",
            "postal_code",
            "postcode",
            "postal",
        ],
    ),
    (
        Column::State,
        &[
            "state",
            "state_code",
            "region",
            "province",
            "state_province",
        ],
    ),
    (
        Column::Time,
        &[
            "time",
            "start_time",
            "call_date",
            "calldate",
            "start_stamp",
            "started_at",
            "start",
            "at",
            "timestamp",
            "date_time",
            "datetime",
            "call_time",
            "date_created",
            "start_epoch",
            "created_at",
            "date",
        ],
    ),
    (Column::Seller, &["seller", "seller_id", "brand", "client"]),
    (Column::Purpose, &["purpose", "call_purpose"]),
    (
        Column::CallerId,
        &[
            "caller_id",
            "caller_id_number",
            "from",
            "from_number",
            "outbound_cid",
            "callerid",
            "cid",
            "cli",
            "src",
            "source",
            "ani",
        ],
    ),
    (Column::Direction, &["direction", "call_direction"]),
];

impl Column {
    /// Its names, for people.
    pub fn names(self) -> String {
        let of = NAMES.iter().find(|(column, _)| *column == self);
        let names = of.map(|(_, names)| *names).unwrap_or_default();
        format!("for the {} (such as {})", self.word(), names.join(", "))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Number => "number called",
            Self::Zip => "ZIP code",
            Self::State => "state",
            Self::Time => "time of the call",
            Self::Seller => "seller",
            Self::Purpose => "purpose",
            Self::CallerId => "caller ID",
            Self::Direction => "direction",
        }
    }
}

/// Each column's place, by the surest of its names that is there.
pub fn find(names: &[String]) -> Vec<(Column, usize)> {
    let plain: Vec<String> = names.iter().map(|name| plain(name)).collect();
    NAMES
        .iter()
        .filter_map(|(column, known)| {
            let at = known
                .iter()
                .find_map(|name| plain.iter().position(|have| have == &name.replace('_', "")))?;
            Some((*column, at))
        })
        .collect()
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether a cell is a number and no name.
pub fn is_number(cell: &str) -> bool {
    read_number(cell).is_ok()
}
