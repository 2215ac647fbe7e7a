//! A receiver of webhooks: it takes what is posted, and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

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

/// Listens until the test ends.
pub struct Receiver {
    pub url: String,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Receiver {
    /// Answers the first posts with `statuses`, every further one with 204.
    pub fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let posts = Arc::new(Mutex::new(Vec::new()));
        let (kept, statuses) = (Arc::clone(&posts), statuses.to_vec());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
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
                reader.read_exact(&mut body).unwrap();
                let mut posts = kept.lock().unwrap();
                let status = statuses.get(posts.len()).copied().unwrap_or(204);
                posts.push(Post {
                    head: head.replace("\r\n", "\n"),
                    body,
                    at: Instant::now(),
                });
                let more = match status {
                    302 => "location: http://127.0.0.1:9/\r\n",
                    _ => "",
                };
                let answer = format!("HTTP/1.1 {status} X\r\n{more}content-length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
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
