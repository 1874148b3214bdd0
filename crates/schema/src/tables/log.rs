//! `log`: lines of the logs SDKs.

table! {
    /// One row a log line.
    log;
    /// ok, debug, info, notice, warn, error, critical, alert, emerg.
    status: Keyword, dd: "status", dk: "status";
    /// The line.
    message: Text, dd: "message", dk: "message";
    /// Name of the logger.
    logger: Keyword, dd: "logger.name";
    /// Where it came from: logger, console, network, source, report, agent.
    error_source: Keyword, dd: "origin";
    /// Type of the error.
    error_type: Keyword, dd: "error.kind";
    /// Message of the error.
    error_message: Text, dd: "error.message";
    /// Stack as sent.
    error_stack: Text, dd: "error.stack";
    /// handled or unhandled.
    error_handling: Keyword, dd: "error.handling";
    /// What caused it (JSON).
    error_causes: Json, dd: "error.causes";
    /// Fingerprint the application gave.
    error_fingerprint: Text, dd: "error.fingerprint";
    /// Hash of the raw grouping key.
    error_group: Keyword, no_facet;
    /// Hash of the stack.
    error_stack_hash: Keyword, no_facet;
    /// URL of the request.
    http_url: Text, dd: "http.url";
    /// Method of the request.
    http_method: Keyword, dd: "http.method";
    /// Status of the request.
    http_status: Int32, dd: "http.status_code";
}
