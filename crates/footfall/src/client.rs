//! A small blocking HTTP client for the commands that speak to a running server.
//!
//! Problem documents (RFC 9457) become errors that say what happened and what to do; an address where nothing listens becomes an
//! error that says how to start a server.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args as ClapArgs;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::http::{Request, Response};
use ureq::{Agent, BodyReader};

/// Longest answer that is read, bytes.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer: above the server's own limit for a query.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// Where the server is and who asks.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Connection {
    /// Address of the running server.
    #[arg(
        long,
        env = "FOOTFALL_SERVER",
        default_value = "http://127.0.0.1:7340",
        value_name = "URL"
    )]
    pub(crate) server: String,
    /// API key of the server.
    #[arg(
        long,
        env = "FOOTFALL_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub(crate) api_key: Option<String>,
}

/// A client of one server. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    server: String,
    api_key: Option<String>,
}

/// What a server answered, whatever the status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// A client for the server of these options; nothing is sent yet.
    ///
    /// # Errors
    /// When the address is not one of a server.
    pub(crate) fn connect(connection: &Connection) -> anyhow::Result<Self> {
        let server = connection.server.trim_end_matches('/');
        if !server.starts_with("http://") && !server.starts_with("https://") {
            bail!("the server's address {server:?} has to begin with http:// or https://");
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(ANSWER_TIMEOUT))
            .max_idle_connections_per_host(16)
            .user_agent(concat!("footfall/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self {
            agent,
            server: server.to_owned(),
            api_key: connection.api_key.clone(),
        })
    }

    /// POSTs JSON to the API and returns the body of a good answer.
    ///
    /// # Errors
    /// When the server cannot be reached or answers with a problem.
    pub(crate) fn post_json(&self, path: &str, body: &Value) -> anyhow::Result<Vec<u8>> {
        self.post(path, "application/json", body.to_string().as_bytes())
    }

    /// POSTs to the API and returns the body of a good answer.
    ///
    /// # Errors
    /// When the server cannot be reached or answers with a problem.
    pub(crate) fn post(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let mut request =
            Request::post(format!("{}{path}", self.server)).header("content-type", content_type);
        if let Some(key) = &self.api_key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let answer = self.answer(self.agent.run(request.body(body)?))?;
        if (200..300).contains(&answer.status) {
            Ok(answer.body)
        } else {
            Err(problem(answer.status, &answer.body))
        }
    }

    /// GETs from the API and gives the body of a good answer to read, however long that takes. Reading fails if the server breaks off.
    ///
    /// # Errors
    /// When the server cannot be reached or answers with a problem.
    pub(crate) fn read<'a>(
        &self,
        path: &str,
        query: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> anyhow::Result<BodyReader<'static>> {
        let query = query.map(|(name, value)| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        });
        let query = query.collect::<Vec<_>>().join("&");
        let mut request = Request::get(format!("{}{path}?{query}", self.server));
        if let Some(key) = &self.api_key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let agent = &self.agent;
        let request = agent
            .configure_request(request.body(())?)
            .timeout_global(None)
            .timeout_per_read(Some(ANSWER_TIMEOUT))
            .build();
        let mut response = agent
            .run(request)
            .map_err(|error| self.unreachable(error))?;
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            let body = response.body_mut().read_to_vec();
            return Err(problem(status, &body.unwrap_or_default()));
        }
        Ok(response.into_body().into_reader())
    }

    /// Sends a request as a client in the field does: no API key, any answer is an answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) fn send(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let mut request = Request::post(format!("{}{path}", self.server));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.answer(self.agent.run(request.body(body)?))
    }

    fn answer(&self, sent: Result<Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Answer> {
        let mut response = sent.map_err(|error| self.unreachable(error))?;
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .with_context(|| format!("the answer of {} broke off", self.server))?;
        Ok(Answer {
            status: response.status().as_u16(),
            body,
        })
    }

    fn unreachable(&self, error: ureq::Error) -> anyhow::Error {
        let refused = matches!(&error, ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused)
            || matches!(&error, ureq::Error::ConnectionFailed);
        if refused {
            let server = &self.server;
            return anyhow!(
                "nothing listens at {server}. Start a server with `footfall serve`, or name another one with --server URL"
            );
        }
        anyhow::Error::new(error).context(format!("could not reach {}", self.server))
    }
}

/// The error for an answer that is not a good one.
fn problem(status: u16, body: &[u8]) -> anyhow::Error {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| document[name].as_str().filter(|text| !text.is_empty());
    let Some(detail) = text("detail").or(text("title")) else {
        let start = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        return anyhow!("the server answered {status}: {}", start.trim());
    };
    let mut message = match text("code") {
        Some(code) => format!("{status} {code}: {detail}"),
        None => format!("{status}: {detail}"),
    };
    if let Some(help) = text("help") {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    anyhow!(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_becomes_detail_and_help() {
        let body = br#"{"type":"about:blank","status":400,"code":"sql_syntax","detail":"no column `foo`","help":"Did you mean `fps_min`?"}"#;
        assert_eq!(
            problem(400, body).to_string(),
            "400 sql_syntax: no column `foo`\nhelp: Did you mean `fps_min`?"
        );
    }

    #[test]
    fn another_answer_is_shown_by_its_first_words() {
        assert_eq!(
            problem(502, b"Bad Gateway\n").to_string(),
            "the server answered 502: Bad Gateway"
        );
    }

    #[test]
    fn a_closed_port_is_explained_with_the_way_out() {
        // Bound and dropped: nothing listens there now.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let connection = Connection {
            server: format!("http://127.0.0.1:{port}/"),
            api_key: None,
        };
        let error = Client::connect(&connection)
            .unwrap()
            .post_json("/api/v1/query", &Value::Null)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("nothing listens at http://127.0.0.1:{port}."))
                && error.contains("footfall serve"),
            "{error}"
        );
    }

    #[test]
    fn an_address_needs_its_scheme() {
        let connection = Connection {
            server: "localhost:7340".to_owned(),
            api_key: None,
        };
        assert!(Client::connect(&connection).is_err());
    }
}
