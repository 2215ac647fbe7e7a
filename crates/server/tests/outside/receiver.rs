//! A receiver of what the server posts, over http or https: it takes it, and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One post.
#[derive(Debug, Clone)]
pub struct Post {
    pub head: String,
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Post {
    pub fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A certification authority of this test alone.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Its certificate, as a file holds it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// What a server needs that calls itself `name`.
    fn server(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.unwrap())
    }
}

/// How a receiver answers.
#[derive(Clone)]
struct Manner {
    /// The first posts; every further one is answered 204, or 200 with `says`.
    statuses: Vec<u16>,
    says: String,
}

/// Listens until the test ends.
pub struct Receiver {
    pub url: String,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Receiver {
    /// Answers the first posts with `statuses`, every further one with 204.
    pub fn start(statuses: &[u16]) -> Self {
        let manner = Manner {
            statuses: statuses.to_vec(),
            says: String::new(),
        };
        Self::listen(None, manner)
    }

    /// Over https, with a certificate that `authority` made out to `name`; answers each post with `says`.
    pub fn secure(authority: &Authority, name: &str, says: &str) -> Self {
        let manner = Manner {
            statuses: Vec::new(),
            says: says.to_owned(),
        };
        Self::listen(Some(authority.server(name)), manner)
    }

    fn listen(tls: Option<Arc<ServerConfig>>, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/in", listener.local_addr().unwrap());
        let posts = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&posts);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                match &tls {
                    None => take(stream, &kept, &manner),
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        take(StreamOwned::new(connection, stream), &kept, &manner);
                    }
                }
            }
        });
        Self { url, posts }
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    /// The posts, once there are so many.
    pub fn wait(&self, count: usize, limit: Duration) -> Vec<Post> {
        let began = Instant::now();
        loop {
            let posts = self.posts();
            if posts.len() >= count {
                return posts;
            }
            assert!(began.elapsed() < limit, "only {} posts", posts.len());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Takes one post, if one comes: a client that trusts nobody here sends none.
fn take(stream: impl Read + Write, kept: &Mutex<Vec<Post>>, manner: &Manner) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(n) = line.to_lowercase().strip_prefix("content-length: ") {
            length = n.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    if head.is_empty() || reader.read_exact(&mut body).is_err() {
        return;
    }
    let mut posts = kept.lock().unwrap();
    let plain = if manner.says.is_empty() { 204 } else { 200 };
    let status = manner.statuses.get(posts.len()).copied().unwrap_or(plain);
    posts.push(Post {
        head: head.replace("\r\n", "\n"),
        body,
        at: Instant::now(),
    });
    let more = match status {
        302 => "location: http://127.0.0.1:9/\r\n",
        _ => "",
    };
    let (says, length) = (&manner.says, manner.says.len());
    let answer = format!("HTTP/1.1 {status} X\r\n{more}content-length: {length}\r\n\r\n{says}");
    let stream = reader.get_mut();
    let _ = stream.write_all(answer.as_bytes());
    let _ = stream.flush();
}
