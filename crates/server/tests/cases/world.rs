//! A world of its own for a case: a database with the set-up made through the command line and HTTP, as the contract says,
//! and the real binary serving it on the test clock.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::book::{Book, Case};
use crate::setup::{Step, fixed};

/// Where the world's clock starts: later than any fact of any case.
const CLOCK: &str = "2029-01-01T00:00:00Z";

/// The binary over one database.
pub struct World {
    dir: TempDir,
    server: Option<Server>,
    key: String,
}

struct Server {
    child: Child,
    url: String,
    agent: ureq::Agent,
}

impl World {
    /// A database that holds what the parts alone make, with the server stopped.
    pub fn of_parts(book: &Book, parts: &[String]) -> Self {
        let mut world = Self::empty();
        world.serve();
        let steps = fixed(book, parts);
        world.ask_all(&steps);
        world.stop();
        world.import_all(&steps);
        world
    }

    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join("ringfence.toml"),
            "[sip]\nlisten = \"127.0.0.1:0\"\n",
        )
        .unwrap();
        let mut world = Self {
            dir,
            server: None,
            key: String::new(),
        };
        let made = world.run(&["keys", "create", "--role", "admin"]);
        assert!(made.status.success(), "{}", said(&made));
        world.key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        world
    }

    /// The same database again, to go on with.
    pub fn copy(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy_all(self.dir.path(), dir.path());
        Self {
            dir,
            server: None,
            key: self.key.clone(),
        }
    }

    /// Makes what is to be made beyond the parts, and serves.
    pub fn make(&mut self, steps: &[Step]) {
        self.import_all(steps);
        self.serve();
        self.ask_all(steps);
    }

    /// The answer to a dry run over HTTP.
    pub fn decide_over_http(&self, case: &Case, at: &str) -> Value {
        let mut body = json!({
            "to": case.text("to"), "seller": case.text("seller"), "purpose": case.text("purpose"),
            "place": case.raw.get("place"), "dry_run": true, "at": at,
        });
        if let Some(caller_id) = case.raw.get("caller_id") {
            body["caller_id"] = caller_id.clone();
        }
        self.request("POST", "/v1/decisions", &body)
    }

    /// The answer to a dry run on the command line.
    pub fn decide_on_command_line(&self, case: &Case, at: &str) -> Value {
        let mut args = vec!["decide", "--json", "--at", at];
        args.extend(["--seller", case.text("seller"), "--to", case.text("to")]);
        args.extend(["--purpose", case.text("purpose")]);
        let place = case.raw.get("place");
        for (key, flag) in [("zip", "--zip"), ("state", "--state")] {
            if let Some(value) = place.and_then(|p| p.get(key)).and_then(Value::as_str) {
                args.extend([flag, value]);
            }
        }
        let output = self.run(&args);
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", said(&output)));
        let code = output.status.code();
        let wanted = if answer["verdict"] == "allow" { 0 } else { 1 };
        assert_eq!(code, Some(wanted), "exit code of {args:?}");
        answer
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command
            .args(["--db", &self.db(), "--config"])
            .arg(self.dir.path().join("ringfence.toml"));
        command.args(args).stdin(Stdio::null()).output().unwrap()
    }

    fn db(&self) -> String {
        format!(
            "sqlite://{}",
            self.dir.path().join("ringfence.db").display()
        )
    }

    fn serve(&mut self) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence"))
            .args(["--db", &self.db(), "--config"])
            .arg(self.dir.path().join("ringfence.toml"))
            .args(["serve", "--listen", "127.0.0.1:0", "--clock", CLOCK])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(self.dir.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let log = || fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{}", log()));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build();
        self.server = Some(Server {
            child,
            url: url.to_owned(),
            agent: agent.into(),
        });
    }

    /// Ends the server in an orderly way.
    fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        let pid = server.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        assert!(server.child.wait().unwrap().success());
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Value {
        let bytes = serde_json::to_vec(body).unwrap();
        self.send(method, path, "application/json", &bytes)
    }

    fn send(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Value {
        let server = self.server.as_ref().unwrap();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", server.url))
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", content_type)
            .body(body)
            .unwrap();
        let mut answer = server.agent.run(request).unwrap();
        let status = answer.status();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(status.is_success(), "{method} {path}: {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn import_all(&self, steps: &[Step]) {
        for step in steps.iter().filter(|s| s.kind == "lists") {
            self.import(step);
        }
    }

    fn import(&self, list: &Step) {
        let file = self.dir.path().join("list.txt");
        let lines: Vec<&str> = list.body["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l.as_str().unwrap())
            .collect();
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        let mut args = vec!["lists".to_owned(), "import".to_owned()];
        for key in [
            "kind",
            "name",
            "obtained_at",
            "published_at",
            "effective_at",
            "expires_at",
            "area_codes",
        ] {
            if let Some(value) = list.body.get(key).and_then(Value::as_str) {
                args.extend([format!("--{}", key.replace('_', "-")), value.to_owned()]);
            }
        }
        for seller in list
            .body
            .get("sellers")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            args.extend(["--seller".to_owned(), seller.as_str().unwrap().to_owned()]);
        }
        args.push(path_text(&file));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = self.run(&args);
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    }

    fn ask_all(&self, steps: &[Step]) {
        let mut consents = serde_json::Map::new();
        for step in steps {
            let answer = self.ask_one(step, &consents);
            if step.kind == "consents" {
                consents.insert(step.text("as").to_owned(), answer["id"].clone());
            }
        }
    }

    fn ask_one(&self, step: &Step, consents: &serde_json::Map<String, Value>) -> Value {
        let (body, text) = (&step.body, |key: &str| step.text(key).to_owned());
        match step.kind {
            "lists" => Value::Null,
            "sellers" => self.request(
                "PUT",
                &format!("/v1/sellers/{}", text("id")),
                &less(body, "id"),
            ),
            "prompts" => {
                let words = escaped(step.text("text"));
                let path = format!("/v1/sellers/{}/prompts/{}", text("seller"), text("kind"));
                self.send(
                    "PUT",
                    &format!("{path}?text={words}"),
                    "audio/wav",
                    &silence(),
                )
            }
            "consents" => self.request("POST", "/v1/consents", &less(body, "as")),
            "confirmations" => {
                let id = consents[step.text("consent")].as_str().unwrap();
                let path = format!("/v1/consents/{id}/confirm");
                self.request("POST", &path, &less(body, "consent"))
            }
            "emergency_areas" => self.request(
                "PUT",
                &format!("/v1/emergency-areas/{}", text("id")),
                &less(body, "id"),
            ),
            "stop" => {
                let pressed = self.request("POST", "/v1/stop", &json!({}));
                if body == "lifted" {
                    return self.request("DELETE", "/v1/stop", &json!({}));
                }
                pressed
            }
            plain => self.request("POST", &format!("/v1/{plain}"), body),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.child.kill();
            let _ = server.child.wait();
        }
    }
}

fn path_text(path: &Path) -> String {
    PathBuf::from(path).into_os_string().into_string().unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{} {}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn less(body: &Value, key: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(key);
    body
}

fn escaped(text: &str) -> String {
    let keep = |b: &u8| b.is_ascii_alphanumeric();
    text.bytes()
        .map(|b| {
            if keep(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// A tenth of a second of silence: 8 kHz, mono, 16 bit.
fn silence() -> Vec<u8> {
    let samples: u32 = 800;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + samples * 2).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    for field in [1_u16, 1] {
        wav.extend(field.to_le_bytes());
    }
    for field in [8000_u32, 16_000] {
        wav.extend(field.to_le_bytes());
    }
    for field in [2_u16, 16] {
        wav.extend(field.to_le_bytes());
    }
    wav.extend(b"data");
    wav.extend((samples * 2).to_le_bytes());
    wav.resize(wav.len() + samples as usize * 2, 0);
    wav
}

/// Copies a folder's files, and those of the folders in it: a list's numbers lie in one.
fn copy_all(from: &Path, into: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = into.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).unwrap();
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
