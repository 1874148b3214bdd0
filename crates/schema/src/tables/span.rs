//! `span`: spans of OTLP, Faro and Sentry clients.

table! {
    /// One row a span.
    span;
    /// Name.
    span_name: Text, facet;
    /// client, server, internal, producer, consumer.
    span_kind: Keyword;
    /// Span that started it.
    parent_span_id: Text;
    /// Duration.
    span_duration: Nanos;
    /// unset, ok, error.
    span_status: Keyword;
    /// The other side.
    peer_service: Keyword;
}
