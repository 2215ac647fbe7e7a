//! Laying the layers over each other, and complaining about all that is wrong in one go.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::schema::{Kind, SETTINGS, TRUNK, WEBHOOK, kind_of};
use super::{Config, DEFAULTS};
use crate::api::telnyx_key;
use crate::post::Target;
use crate::webhooks::Secret;

/// Settings given on the command line; they win.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--db`
    pub db: Option<String>,
    /// `serve --listen`
    pub listen: Option<String>,
    /// `serve --clock`
    pub clock: Option<String>,
}

/// All that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} error(s)", self.0.len())?;
        self.0.iter().try_for_each(|e| write!(f, "\n  {e}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// A value with where it was written.
struct Setting {
    value: Value,
    origin: String,
}

#[derive(Default)]
struct Layers {
    settings: BTreeMap<(String, String), Setting>,
    trunks: Vec<(BTreeMap<String, Setting>, String)>,
    webhooks: Vec<(BTreeMap<String, Setting>, String)>,
    errors: Vec<String>,
}

/// Reads every layer.
///
/// # Errors
/// [`ConfigErrors`] with every complaint, each with its file and line or the variable's name.
pub fn load(
    file: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
    flags: &Flags,
) -> Result<Config, ConfigErrors> {
    let mut layers = Layers::default();
    layers.file(DEFAULTS, "the built-in defaults");
    if let Some(path) = file {
        match std::fs::read_to_string(path) {
            Ok(text) => layers.file(&text, &path.display().to_string()),
            Err(e) => layers.errors.push(format!("{}: {e}", path.display())),
        }
    }
    layers.environment(env);
    layers.flag("store", "url", flags.db.as_ref(), "--db");
    layers.flag("server", "listen", flags.listen.as_ref(), "--listen");
    layers.flag("clock", "start", flags.clock.as_ref(), "--clock");
    layers.finish(file.and_then(Path::parent))
}

impl Layers {
    fn file(&mut self, text: &str, name: &str) {
        let at = |offset: usize| {
            let line = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
            format!("{name}:{line}")
        };
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(e) => {
                let place = e.span().map_or_else(|| name.to_owned(), |s| at(s.start));
                self.errors.push(format!("{place}: {}", e.message()));
                return;
            }
        };
        for (section, value) in table {
            let place = at(section.span().start);
            let section = section.into_inner().into_owned();
            match value.into_inner() {
                DeValue::Array(items) if section == "trunks" => {
                    self.trunks.clear();
                    for item in items {
                        let place = at(item.span().start);
                        let keys = ("trunks", TRUNK, &["id", "address"][..]);
                        let trunk = self.table(item.into_inner(), place, keys, &at);
                        self.trunks.extend(trunk);
                    }
                }
                DeValue::Array(items) if section == "webhooks" => {
                    self.webhooks.clear();
                    for item in items {
                        let place = at(item.span().start);
                        let keys = ("webhooks", WEBHOOK, &["url"][..]);
                        let webhook = self.table(item.into_inner(), place, keys, &at);
                        self.webhooks.extend(webhook);
                    }
                }
                DeValue::Table(keys) if SETTINGS.iter().any(|(s, _, _)| *s == section) => {
                    for (key, value) in keys {
                        let place = at(key.span().start);
                        self.set(&section, key.get_ref(), plain(value.into_inner()), place);
                    }
                }
                _ => self
                    .errors
                    .push(format!("{place}: unknown section `{section}`")),
            }
        }
    }

    /// One table of an array: its name, the keys it may have, and those it needs.
    fn table(
        &mut self,
        item: DeValue<'_>,
        place: String,
        (name, known, needed): (&str, &[(&str, Kind)], &[&str]),
        at: &dyn Fn(usize) -> String,
    ) -> Option<(BTreeMap<String, Setting>, String)> {
        let DeValue::Table(keys) = item else {
            self.errors
                .push(format!("{place}: `{name}` holds tables: [[{name}]]"));
            return None;
        };
        let mut table = BTreeMap::new();
        for (key, value) in keys {
            let origin = at(key.span().start);
            let key = key.into_inner().into_owned();
            let value = plain(value.into_inner());
            match known.iter().find(|(k, _)| *k == key) {
                None => self
                    .errors
                    .push(format!("{origin}: unknown key `{key}` in [[{name}]]")),
                Some((_, kind)) => {
                    if let Some(complaint) = kind.complaint(&value) {
                        self.errors.push(format!("{origin}: `{key}` {complaint}"));
                    }
                    table.insert(key, Setting { value, origin });
                }
            }
        }
        for needed in needed {
            if !table.contains_key(*needed) {
                let one = name.trim_end_matches('s');
                self.errors
                    .push(format!("{place}: a {one} needs `{needed}`"));
            }
        }
        Some((table, place))
    }

    fn set(&mut self, section: &str, key: &str, value: Value, origin: String) {
        match kind_of(section, key) {
            None => self
                .errors
                .push(format!("{origin}: unknown key `{key}` in [{section}]")),
            Some(kind) => {
                if let Some(complaint) = kind.complaint(&value) {
                    self.errors
                        .push(format!("{origin}: `{section}.{key}` {complaint}"));
                }
                let setting = Setting { value, origin };
                self.settings
                    .insert((section.to_owned(), key.to_owned()), setting);
            }
        }
    }

    fn environment(&mut self, env: impl Iterator<Item = (String, String)>) {
        for (name, text) in env {
            let Some(rest) = name.strip_prefix("RINGFENCE__") else {
                continue;
            };
            let rest = rest.to_lowercase();
            let Some((section, key)) = rest.split_once("__") else {
                self.errors
                    .push(format!("{name}: not RINGFENCE__SECTION__KEY"));
                continue;
            };
            let value = kind_of(section, key)
                .map_or_else(|| Value::String(text.clone()), |kind| kind.read(&text));
            self.set(section, key, value, name);
        }
    }

    fn flag(&mut self, section: &str, key: &str, text: Option<&String>, origin: &str) {
        if let Some(text) = text {
            self.set(section, key, Value::String(text.clone()), origin.to_owned());
        }
    }

    fn finish(mut self, folder: Option<&Path>) -> Result<Config, ConfigErrors> {
        self.check_trunks(folder);
        self.check_webhooks(folder);
        self.check_hooks(folder);
        self.place_files(folder);
        self.check_ports();
        if !self.errors.is_empty() {
            return Err(ConfigErrors(self.errors));
        }
        let mut root = toml::Table::new();
        for ((section, key), setting) in self.settings {
            if let Value::Table(table) = root
                .entry(section)
                .or_insert_with(|| Value::Table(toml::Table::new()))
            {
                table.insert(key, setting.value);
            }
        }
        let trunks = self
            .trunks
            .into_iter()
            .map(|(trunk, _)| Value::Table(trunk.into_iter().map(|(k, s)| (k, s.value)).collect()));
        root.insert("trunks".into(), Value::Array(trunks.collect()));
        let webhooks = self.webhooks.into_iter().map(|(webhook, _)| {
            Value::Table(webhook.into_iter().map(|(k, s)| (k, s.value)).collect())
        });
        root.insert("webhooks".into(), Value::Array(webhooks.collect()));
        root.try_into()
            .map_err(|e: toml::de::Error| ConfigErrors(vec![e.message().to_owned()]))
    }

    fn check_trunks(&mut self, folder: Option<&Path>) {
        let mut seen: Vec<String> = Vec::new();
        for (trunk, place) in &mut self.trunks {
            let text = |key: &str| {
                trunk
                    .get(key)
                    .and_then(|s| s.value.as_str())
                    .unwrap_or_default()
                    .to_owned()
            };
            let (id, password, path) = (text("id"), text("password"), text("password_file"));
            let username = text("username");
            if seen.contains(&id) {
                self.errors
                    .push(format!("{place}: two trunks are called `{id}`"));
            }
            seen.push(id);
            if !path.is_empty() {
                let path = beside(folder, &path);
                match std::fs::read_to_string(&path) {
                    _ if !password.is_empty() => self
                        .errors
                        .push(format!("{place}: `password` or `password_file`, not both")),
                    Ok(secret) => {
                        let value = Value::String(secret.trim_end().to_owned());
                        let origin = path.display().to_string();
                        trunk.insert("password".into(), Setting { value, origin });
                    }
                    Err(e) => self.errors.push(format!("{place}: `password_file`: {e}")),
                }
            } else if !username.is_empty() && password.is_empty() {
                self.errors.push(format!(
                    "{place}: `username` needs `password` or `password_file`"
                ));
            }
            trunk.remove("password_file");
        }
    }

    /// Each has a secret that can sign and an address that may be told what it is told.
    fn check_webhooks(&mut self, folder: Option<&Path>) {
        for (webhook, place) in &mut self.webhooks {
            let text = |key: &str| {
                let setting = webhook.get(key);
                let text = setting.and_then(|s| s.value.as_str());
                text.unwrap_or_default().to_owned()
            };
            let (url, mut secret, path) = (text("url"), text("secret"), text("secret_file"));
            if !path.is_empty() {
                match std::fs::read_to_string(beside(folder, &path)) {
                    Ok(read) => secret = read.trim_end().to_owned(),
                    Err(e) => self.errors.push(format!("{place}: `secret_file`: {e}")),
                }
            }
            let complaints = [
                Target::parse(&url).err().map(|e| format!("`url` {e}")),
                Secret::parse(&secret)
                    .err()
                    .map(|e| format!("`secret` {e}")),
            ];
            for complaint in complaints.into_iter().flatten() {
                self.errors.push(format!("{place}: {complaint}"));
            }
            let (value, origin) = (Value::String(secret), place.clone());
            webhook.insert("secret".into(), Setting { value, origin });
            webhook.remove("secret_file");
        }
    }

    fn check_hooks(&mut self, folder: Option<&Path>) {
        let key = |name: &str| ("hooks".to_owned(), name.to_owned());
        for token in ["twilio_auth_token", "plivo_auth_token"] {
            let named = format!("{token}_file");
            let Some(Setting { value, origin }) = self.settings.remove(&key(&named)) else {
                continue;
            };
            let path = value.as_str().filter(|path| !path.is_empty());
            match path.map(|path| std::fs::read_to_string(beside(folder, path))) {
                Some(Ok(secret)) => {
                    let value = Value::String(secret.trim_end().to_owned());
                    self.settings.insert(key(token), Setting { value, origin });
                }
                Some(Err(e)) => self.errors.push(format!("{origin}: `hooks.{named}`: {e}")),
                None => {}
            }
        }
        let text = |name: &str| {
            let setting = self.settings.get(&key(name));
            setting.and_then(|s| s.value.as_str()).unwrap_or_default()
        };
        let mut wrong = Vec::new();
        for token in ["twilio_auth_token", "plivo_auth_token"] {
            if !text(token).is_empty() && text("public_url").is_empty() {
                wrong.push(format!("`hooks.{token}` needs `hooks.public_url`"));
            }
        }
        let telnyx = text("telnyx_public_key");
        if !telnyx.is_empty() && telnyx_key(telnyx).is_none() {
            wrong.push("`hooks.telnyx_public_key` is not 32 bytes in base64".to_owned());
        }
        self.errors.extend(wrong);
    }

    /// Files that are read later are named from the configuration's folder, too.
    fn place_files(&mut self, folder: Option<&Path>) {
        for (section, key) in [("https", "ca_file"), ("second_opinion", "api_key_file")] {
            let setting = self.settings.get_mut(&(section.to_owned(), key.to_owned()));
            if let Some(setting) = setting
                && let Some(path) = setting.value.as_str().filter(|path| !path.is_empty())
            {
                setting.value = Value::String(beside(folder, path).display().to_string());
            }
        }
    }

    fn check_ports(&mut self) {
        let port = |key: &str| {
            self.settings
                .get(&("sip".to_owned(), key.to_owned()))
                .map(|s| (s.value.as_integer().unwrap_or_default(), s.origin.clone()))
        };
        if let (Some((low, _)), Some((high, origin))) = (port("rtp_port_min"), port("rtp_port_max"))
            && high < low.saturating_add(1)
        {
            self.errors.push(format!(
                "{origin}: `sip.rtp_port_max` must exceed `sip.rtp_port_min`"
            ));
        }
    }
}

/// A path as it is meant in a file of this folder.
fn beside(folder: Option<&Path>, path: &str) -> PathBuf {
    folder.map_or_else(|| PathBuf::from(path), |f| f.join(path))
}

fn plain(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(s) => Value::String(s.into_owned()),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
            .map_or_else(|_| Value::String(n.to_string()), Value::Integer),
        DeValue::Float(n) => n
            .as_str()
            .parse()
            .map_or_else(|_| Value::String(n.to_string()), Value::Float),
        DeValue::Boolean(b) => Value::Boolean(b),
        DeValue::Datetime(d) => Value::String(d.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| plain(item.into_inner()))
                .collect(),
        ),
        DeValue::Table(keys) => Value::Table(
            keys.into_iter()
                .map(|(k, v)| (k.into_inner().into_owned(), plain(v.into_inner())))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str, env: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load(Some(file.path()), env, &Flags::default()).map_err(|e| {
            let name = file.path().display().to_string();
            e.0.iter().map(|e| e.replace(&name, "FILE")).collect()
        })
    }

    #[test]
    fn the_defaults_hold_every_setting_and_nothing_else() {
        let table: toml::Table = DEFAULTS.parse().unwrap();
        let mut written: Vec<_> = table
            .iter()
            .flat_map(|(s, t)| {
                t.as_table()
                    .unwrap()
                    .keys()
                    .map(move |k| (s.as_str(), k.as_str()))
            })
            .collect();
        let mut known: Vec<_> = SETTINGS.iter().map(|(s, k, _)| (*s, *k)).collect();
        written.sort_unstable();
        known.sort_unstable();
        assert_eq!(written, known);
        for (key, _) in TRUNK.iter().chain(super::super::schema::WEBHOOK) {
            assert!(DEFAULTS.contains(&format!("# {key} = ")), "{key}");
        }
        let config = load(None, std::iter::empty(), &Flags::default()).unwrap();
        assert!(config.trunks.is_empty());
        assert_eq!(config.policy(), ringfence_core::gate::Policy::default());
    }

    #[test]
    fn every_error_is_listed_with_its_place() {
        let errors = load_text(
            "[server]\nlisten = \"nowhere\"\nlisen = 1\n[serve]\n[[trunks]]\nid = \"a\"\nring_seconds = 14\n",
            &[("RINGFENCE__SERVER__CONNECTIONS_MAX", "many"), ("RINGFENCE__X__Y", "1")],
        )
        .unwrap_err();
        for wanted in [
            "FILE:2: `server.listen` must be an address",
            "FILE:3: unknown key `lisen` in [server]",
            "FILE:4: unknown section `serve`",
            "FILE:7: `ring_seconds` must be a whole number from 15 to 120",
            "a trunk needs `address`",
            "RINGFENCE__SERVER__CONNECTIONS_MAX: `server.connections_max` must be a whole number",
            "RINGFENCE__X__Y: unknown key `y` in [x]",
        ] {
            assert!(
                errors.iter().any(|e| e.contains(wanted)),
                "{wanted}: {errors:#?}"
            );
        }
        assert_eq!(errors.len(), 7, "{errors:#?}");
    }

    #[test]
    fn later_layers_win() {
        let text = "[server]\nconnections_max = 7\nshutdown_seconds = 1\n[[trunks]]\nid = \"carrier\"\naddress = \"127.0.0.1:5070\"\ncalls_per_second = 2\n";
        let config = load_text(text, &[("RINGFENCE__SERVER__SHUTDOWN_SECONDS", "2")]).unwrap();
        assert_eq!(config.server.connections_max, 7);
        assert_eq!(config.server.shutdown_seconds, 2);
        assert!(config.outside_trunk().is_none());
        assert!((config.trunks[0].calls_per_second - 2.0).abs() < f64::EPSILON);
        assert_eq!(config.trunks[0].ring_seconds, 30);
        let far = text.replace("127.0.0.1:5070", "sip.example.com");
        assert!(load_text(&far, &[]).unwrap().outside_trunk().is_some());
    }
}
