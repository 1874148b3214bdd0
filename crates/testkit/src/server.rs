//! The real binary as a child process, and a small client for it.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The key every started server gets.
pub const API_KEY: &str = "testkit-api-key-0123456789";
/// A start that takes longer has failed.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Start {
    pub binary: PathBuf,
    pub data_dir: PathBuf,
    /// More environment: settings, failpoints.
    pub env: Vec<(String, String)>,
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    lines: Receiver<String>,
    printed: Vec<String>,
    started: Instant,
    agent: ureq::Agent,
}

/// How long a start took.
#[derive(Clone, Copy, Debug)]
pub struct StartTimes {
    /// Until a connection was answered.
    pub answering: Duration,
    /// Until everything acknowledged could be queried.
    pub ready: Duration,
}

/// A status and a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Start {
    /// A server on this folder with automatic applications.
    #[must_use]
    pub fn new(binary: &Path, data_dir: &Path) -> Self {
        let env = vec![("FOOTFALL_CREATE_APPLICATIONS".to_owned(), "true".to_owned())];
        Self {
            binary: binary.to_owned(),
            data_dir: data_dir.to_owned(),
            env,
        }
    }

    /// With one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the process on a free port of 127.0.0.1 and does not wait for it.
    #[must_use]
    pub fn spawn(&self) -> Server {
        let address = free_address();
        let mut child = Command::new(&self.binary)
            .args(["serve", "--data-dir"])
            .arg(&self.data_dir)
            .args(["--listen", &address.to_string()])
            .env("FOOTFALL_API_KEY", API_KEY)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(self.log_file())
            .spawn()
            .unwrap_or_else(|error| panic!("could not start {}: {error}", self.binary.display()));
        let stdout = child.stdout.take().expect("stdout was piped");
        let (sender, lines) = sync_channel(64);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Server {
            child,
            address,
            lines,
            printed: Vec::new(),
            started: Instant::now(),
            agent,
        }
    }

    /// Starts the process and waits until it is ready.
    #[must_use]
    pub fn ready(&self) -> Server {
        let mut server = self.spawn();
        server.wait_ready();
        server
    }

    fn log_file(&self) -> Stdio {
        std::fs::create_dir_all(&self.data_dir).expect("the data folder can be made");
        let path = self.data_dir.with_extension("stderr");
        let file = std::fs::File::options()
            .append(true)
            .create(true)
            .open(&path);
        file.map_or_else(|_| Stdio::null(), Stdio::from)
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener
        .local_addr()
        .expect("a bound socket has an address")
}

impl Server {
    /// Waits for the line that says so.
    ///
    /// # Panics
    /// When the process ends or is not ready in time.
    pub fn wait_ready(&mut self) -> StartTimes {
        let answering = self.wait_answering();
        loop {
            let left = READY_WITHIN.saturating_sub(self.started.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let is_ready = line.starts_with("ready on http://");
                    self.printed.push(line);
                    if is_ready {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("not ready within {READY_WITHIN:?}"),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended before it was ready: {:?}", self.child.wait())
                }
            }
        }
        StartTimes {
            answering,
            ready: self.started.elapsed(),
        }
    }

    /// Waits until `/healthz` answers; returns the time since the start.
    ///
    /// # Panics
    /// When the process ends or does not answer in time.
    pub fn wait_answering(&mut self) -> Duration {
        loop {
            if self
                .get("/healthz")
                .is_some_and(|answer| answer.status == 200)
            {
                return self.started.elapsed();
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("ended before it answered: {status}");
            }
            assert!(
                self.started.elapsed() < READY_WITHIN,
                "no answer within {READY_WITHIN:?}"
            );
            std::thread::yield_now();
        }
    }

    /// What it printed until it was ready, by line.
    #[must_use]
    pub fn printed(&self) -> &[String] {
        &self.printed
    }

    /// `http://HOST:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process at once and reaps it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for the process to end by itself.
    pub fn wait_end(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("a child can be waited for")
    }

    /// Asks the process to stop and waits; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let _ = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status();
        self.wait_end().code()
    }

    /// GET; nothing when there was no answer.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Answer> {
        let sent = self
            .agent
            .get(format!("{}{path}", self.url()))
            .header("authorization", bearer())
            .call();
        sent.ok().and_then(|mut response| answer_of(&mut response))
    }

    /// POST of any body; nothing when there was no answer.
    #[must_use]
    pub fn post(
        &self,
        path: &str,
        content_type: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.url()))
            .header("content-type", content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
            .send(body)
            .ok()
            .and_then(|mut response| answer_of(&mut response))
    }

    /// DELETE with the API key; nothing when there was no answer.
    #[must_use]
    pub fn delete(&self, path: &str) -> Option<Answer> {
        let sent = self
            .agent
            .delete(format!("{}{path}", self.url()))
            .header("authorization", bearer())
            .call();
        sent.ok().and_then(|mut response| answer_of(&mut response))
    }

    /// POST of JSON with the API key.
    #[must_use]
    pub fn api(&self, path: &str, body: &Value) -> Option<Answer> {
        let key = bearer();
        self.post(
            path,
            "application/json",
            &[("authorization", &key)],
            body.to_string().as_bytes(),
        )
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// When the query is refused.
    #[must_use]
    pub fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        let answer = self
            .api("/api/v1/query", &json!({ "sql": sql }))
            .expect("the server answers");
        assert_eq!(answer.status, 200, "{sql}: {}", answer.body);
        let answer = answer.json();
        let rows = answer["rows"].as_array().expect("an answer has rows");
        rows.iter()
            .map(|row| row.as_array().cloned().unwrap_or_default())
            .collect()
    }

    /// The first value of the first row as a number.
    #[must_use]
    pub fn number(&self, sql: &str) -> i64 {
        let rows = self.rows(sql);
        rows.first()
            .and_then(|row| row.first())
            .and_then(Value::as_i64)
            .unwrap_or_else(|| panic!("{sql}: no number"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn bearer() -> String {
    format!("Bearer {API_KEY}")
}

fn answer_of(response: &mut ureq::http::Response<ureq::Body>) -> Option<Answer> {
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(1 << 30)
        .read_to_vec()
        .ok()?;
    Some(Answer {
        status,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
