//! `resource`: requests that a view made.

table! {
    /// One row a request: documents, scripts, images, fetches and so on.
    resource;
    /// URL, scrubbed.
    resource_url: Text, dd: "resource.url", dk: "resource_url";
    /// Host of the URL.
    resource_url_host: Keyword, dk: "resource_url_host";
    /// Path of the URL.
    resource_url_path: Text, dk: "resource_url_path";
    /// Path of the URL with ids replaced by `?`.
    resource_url_path_group: Keyword, dk: "resource_url_path_group";
    /// Query of the URL, scrubbed.
    resource_url_query: Text, dk: "resource_url_query";
    /// document, xhr, fetch, css, js, image, font, media, beacon, native, other.
    resource_type: Keyword, dd: "resource.type", dk: "resource_type";
    /// HTTP method.
    resource_method: Keyword, dd: "resource.method", dk: "resource_method";
    /// Network protocol, as `h2`.
    resource_protocol: Keyword, dd: "resource.protocol", dk: "resource_http_protocol";
    /// cache, navigational-prefetch or other.
    resource_delivery_type: Keyword, dd: "resource.delivery_type", dk: "resource_delivery_type";
    /// blocking or non-blocking.
    resource_render_blocking_status: Keyword, dd: "resource.render_blocking_status", dk: "resource_render_blocking_status";
    /// HTTP status; 0 when it failed or was aborted.
    resource_status: Int32, facet, dd: "resource.status_code", dk: "resource_status";
    /// 2xx, 3xx, 4xx, 5xx, or 0 for a failure.
    resource_status_group: Keyword, dk: "resource_status_group";
    /// Whole duration.
    resource_duration: Nanos, dd: "resource.duration", dk: "duration";
    /// Size after decoding.
    resource_size: Bytes, dd: "resource.size", dk: "resource_size";
    /// Size of the encoded body.
    resource_encoded_size: Bytes, dd: "resource.encoded_body_size", dk: "resource_encode_size";
    /// Size of the decoded body.
    resource_decoded_size: Bytes, dd: "resource.decoded_body_size", dk: "resource_decode_size";
    /// Bytes that crossed the network; 0 from the cache.
    resource_transfer_size: Bytes, dd: "resource.transfer_size", dk: "resource_transfer_size";
    /// Size of the request's body.
    resource_request_size: Bytes, dd: "resource.request.encoded_body_size", dk: "resource_request_size";
    /// Redirects.
    resource_redirect: Nanos, dd: "resource.redirect.duration", dk: "resource_redirect";
    /// Service worker start.
    resource_worker: Nanos, dd: "resource.worker.duration";
    /// Name look-up.
    resource_dns: Nanos, dd: "resource.dns.duration", dk: "resource_dns";
    /// Connection.
    resource_connect: Nanos, dd: "resource.connect.duration", dk: "resource_tcp";
    /// TLS handshake.
    resource_ssl: Nanos, dd: "resource.ssl.duration", dk: "resource_ssl";
    /// Request sent until the first byte came.
    resource_first_byte: Nanos, dd: "resource.first_byte.duration", dk: "resource_ttfb", dk: "resource_first_byte";
    /// First byte until the last.
    resource_download: Nanos, dd: "resource.download.duration", dk: "resource_trans";
    /// Begin of redirects, from the resource's begin.
    resource_redirect_start: Nanos, dd: "resource.redirect.start";
    /// Begin of the service worker, from the resource's begin.
    resource_worker_start: Nanos, dd: "resource.worker.start";
    /// Begin of the name look-up, from the resource's begin.
    resource_dns_start: Nanos, dd: "resource.dns.start";
    /// Begin of the connection, from the resource's begin.
    resource_connect_start: Nanos, dd: "resource.connect.start";
    /// Begin of the TLS handshake, from the resource's begin.
    resource_ssl_start: Nanos, dd: "resource.ssl.start";
    /// Request sent, from the resource's begin.
    resource_first_byte_start: Nanos, dd: "resource.first_byte.start";
    /// First byte, from the resource's begin.
    resource_download_start: Nanos, dd: "resource.download.start";
    /// Who serves it.
    resource_provider_name: Keyword, dd: "resource.provider.name", dk: "provider_name";
    /// Domain of who serves it.
    resource_provider_domain: Keyword, dd: "resource.provider.domain";
    /// cdn, ad, analytics and so on.
    resource_provider_type: Keyword, dd: "resource.provider.type", dk: "provider_type";
    /// Captured headers of the request (JSON).
    resource_request_header: Json, dd: "resource.request.headers", dk: "request_header";
    /// Captured headers of the response (JSON).
    resource_response_header: Json, dd: "resource.response.headers", dk: "response_header";
    /// Name of the GraphQL operation.
    resource_graphql_operation: Keyword, dd: "resource.graphql.operationName";
    /// query, mutation or subscription.
    resource_graphql_type: Keyword, dd: "resource.graphql.operationType";
    /// The connection was reused.
    resource_connection_reused: Bool, dk: "resource_connection_reuse";
    /// Address of the server.
    resource_host_ip: Text, dk: "resource_host_ip";
    /// Content type of the response.
    resource_content_type: Keyword, dk: "response_content_type";
    /// Content encoding of the response.
    resource_content_encoding: Keyword, dk: "response_content_encoding";
    /// Connection header of the response.
    resource_response_connection: Keyword, dk: "response_connection";
    /// Load, as mini-programs measure it.
    resource_load: Nanos, dk: "resource_load";
    /// active, passive, hidden or frozen when it began.
    page_state: Keyword;
}
