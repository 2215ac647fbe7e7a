//! A server of our own, and a client for it.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_ringfence");

/// A folder with a database in it.
pub struct World {
    pub folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    pub fn db(&self) -> String {
        format!("sqlite://{}", self.path("ringfence.db").display())
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, "")
    }

    pub fn run_with(&self, args: &[&str], input: &str) -> Output {
        self.run_bytes(args, input.as_bytes())
    }

    pub fn run_bytes(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new(PROGRAM)
            .args(["--db", &self.db()])
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {out}{err}");
        out
    }

    /// A command that must be refused as a wrong use; nothing is printed as a result.
    pub fn refused(&self, args: &[&str]) {
        let output = self.run(args);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
        assert!(output.stdout.is_empty() && !err.is_empty(), "{args:?}");
    }

    pub fn key(&self, args: &[&str]) -> String {
        let mut all = vec!["keys", "create"];
        all.extend(args);
        self.done(&all).trim().to_owned()
    }

    pub fn serve(&self, args: &[&str]) -> Server {
        let key = self.key(&["--role", "admin"]);
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--db", &self.db()])
            .args(args)
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_default()
            .to_owned();
        assert!(base.starts_with("http://127.0.0.1:"), "{line:?}");
        Server { child, base, key }
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server; it ends with the test.
pub struct Server {
    pub child: Child,
    pub base: String,
    pub key: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|v| v.to_str().unwrap())
            .unwrap_or_default()
    }

    /// The problem's code; every error is a problem.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let body = self.json();
        assert_eq!(body["status"], self.status);
        assert!(body["detail"].is_string() && body["title"].is_string());
        (self.status, body["code"].as_str().unwrap().to_owned())
    }

    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()
    }
}

impl Server {
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = agent.run(request.body(body.to_vec()).unwrap()).unwrap();
        Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.body_mut().read_to_string().unwrap(),
        }
    }

    pub fn as_key(&self, key: &str, method: &str, path: &str, body: &[u8]) -> Reply {
        let bearer = format!("Bearer {key}");
        self.send(method, path, &[("authorization", &bearer)], body)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.as_key(&self.key, "GET", path, b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.as_key(&self.key, "POST", path, body.to_string().as_bytes())
    }

    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.as_key(&self.key, "PUT", path, body.to_string().as_bytes())
    }

    /// Puts a prompt of the seller that [`Server::furnish`] makes.
    pub fn prompt(&self, kind: &str, words: &str, wav: &[u8]) {
        let words = words.replace(' ', "%20");
        let path = format!("/v1/sellers/acme-solar/prompts/{kind}?text={words}");
        let reply = self.as_key(&self.key, "PUT", &path, wav);
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// The codes of every reason that stands against a call now.
    pub fn reasons(&self, number: &str, seller: &str) -> Vec<String> {
        let asked = json!({"to": number, "seller": seller, "dry_run": true});
        let decision = self.post("/v1/decisions", &asked).ok();
        let reasons = decision["reasons"].as_array().unwrap().clone();
        let code = |reason: &Value| reason["code"].as_str().unwrap().to_owned();
        reasons.iter().map(code).collect()
    }

    /// Whether this reason is among them.
    pub fn is_barred(&self, number: &str, seller: &str, code: &str) -> bool {
        self.reasons(number, seller).iter().any(|c| c == code)
    }

    /// A seller that may call New York, with a consent of +12125550123 and a fresh national list on file.
    pub fn furnish(&self, world: &World) {
        self.put("/v1/sellers/acme-solar", &seller()).ok();
        let list = world.write("212.txt", "212,5550199\n");
        let obtained = "2026-11-20T00:00:00Z";
        let kind = [
            "lists",
            "import",
            "--kind",
            "ftc-full",
            "--obtained-at",
            obtained,
        ];
        world.done(&[&kind[..], &[list.as_str()]].concat());
        self.prompt("disclosure", "This is an AI for Acme Solar LLC", &wav());
        self.post("/v1/consents", &consent("+12125550123")).ok();
    }
}

pub fn seller() -> Value {
    json!({"name": "Acme Solar LLC", "callback_number": "+12125550100",
           "toll_free_opt_out": "+18005550100",
           "caller_ids": [{"number": "+12125550100", "authorised_from": "2026-01-01",
                           "authorised_to": null, "proof": "carrier letter 42"}],
           "registrations": [{"state": "NY", "exempt_because": "counsel memo 2026-03"}],
           "san": {"number": "10000000-00001", "expires_on": "2027-03-31"}})
}

pub fn consent(number: &str) -> Value {
    json!({"number": number, "seller": "acme-solar", "level": "express-written",
           "purposes": ["telemarketing"], "channel": "web-form",
           "granted_at": "2026-11-20T18:00:00Z",
           "text": "By submitting this form I agree that Acme Solar LLC may call me at the number I provide with \
                    marketing and telemarketing calls using an artificial or prerecorded voice. Agreeing is not a \
                    condition of any purchase.",
           "proof": {}, "artificial_voice": true, "double_opt_in": false, "expires_at": null})
}

/// Half a second of sound.
pub fn wav() -> Vec<u8> {
    tone(500)
}

/// A prompt that can be heard: a square wave of 400 Hz.
pub fn tone(milliseconds: u32) -> Vec<u8> {
    loud_tone(milliseconds, 4000)
}

/// The same, as loud as one likes.
pub fn loud_tone(milliseconds: u32, amplitude: i16) -> Vec<u8> {
    let length = milliseconds * 16;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8000u32.to_le_bytes());
    bytes.extend(16_000u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(length.to_le_bytes());
    let sample = |n: u32| {
        if (n / 10).is_multiple_of(2) {
            amplitude
        } else {
            -amplitude
        }
    };
    bytes.extend((0..length / 2).flat_map(|n| sample(n).to_le_bytes()));
    bytes
}
