//! `telemetry`: what SDKs say about themselves; never counted as traffic.

table! {
    /// One row a telemetry event.
    telemetry;
    /// log, configuration or usage.
    telemetry_type: Keyword, dd: "telemetry.type";
    /// debug or error.
    telemetry_status: Keyword, dd: "telemetry.status";
    /// Message.
    telemetry_message: Text, dd: "telemetry.message";
    /// Kind of the error.
    telemetry_error_kind: Keyword, dd: "telemetry.error.kind";
    /// Stack of the error.
    telemetry_error_stack: Text, dd: "telemetry.error.stack";
    /// How the SDK is set up (JSON).
    telemetry_configuration: Json, dd: "telemetry.configuration";
    /// What the application uses (JSON).
    telemetry_usage: Json, dd: "telemetry.usage";
}
