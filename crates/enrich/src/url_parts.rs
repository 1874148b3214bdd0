//! Host, path, path group and query of the URLs that events carry.
//!
//! URLs come from pages and are hostile, so they are split, not parsed: any text gives parts, and none is refused.
//! - **host**: lower case, without port and login; also of `//host/path` and of what a `blob:` URL wraps. `chrome-extension://id/…`
//!   has the host `id`.
//! - **path**: from the first `/` after the host, still percent-encoded; `/` if there is a host and nothing else. The fragment is
//!   no part of it, as in other RUM products: `https://shop.example/#/cart` has the path `/`.
//! - **query**: between `?` and `#`, without `?`, still percent-encoded.
//! - A text without scheme is a path: relative URLs, page paths of mini-programs (`pages/cart/index`), and the class and route names
//!   that mobile clients send (`com.example.CartActivity`).
//! - `data:`, `javascript:`, `about:`, `mailto:` and their kind have no parts.

use schema::tables::{common, error, resource};
use schema::{ColumnId, Event, Row, TableId};

use crate::path_group::path_group;

/// Parts of a URL; nothing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlParts<'a> {
    pub host: Option<String>,
    pub path: Option<&'a str>,
    pub query: Option<&'a str>,
}

impl<'a> UrlParts<'a> {
    /// Splits any text.
    #[must_use]
    pub fn of(url: &'a str) -> Self {
        let url = url.trim();
        let url = url.split_once('#').map_or(url, |(before, _)| before);
        let (address, query) = url
            .split_once('?')
            .map_or((url, None), |(before, query)| (before, Some(query)));
        let query = query.filter(|query| !query.is_empty());
        let rest = match split_scheme(address) {
            (Some(scheme), inner) if scheme.eq_ignore_ascii_case("blob") => split_scheme(inner).1,
            (_, rest) => rest,
        };
        let Some(after) = rest.strip_prefix("//") else {
            let is_opaque = rest.len() < address.len();
            return if is_opaque {
                Self::default()
            } else {
                Self {
                    host: None,
                    path: non_empty(rest),
                    query,
                }
            };
        };
        let (authority, path) = after.split_at(after.find(['/', '\\']).unwrap_or(after.len()));
        let host = host_of(authority);
        let path = if path.is_empty() && host.is_some() {
            Some("/")
        } else {
            non_empty(path)
        };
        Self { host, path, query }
    }
}

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The scheme (RFC 3986, section 3.1) and what follows its colon. `localhost:3000/x` and `C:\x` have none.
fn split_scheme(url: &str) -> (Option<&str>, &str) {
    let Some((scheme, rest)) = url.split_once(':') else {
        return (None, url);
    };
    let is_scheme = scheme.len() >= 2
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let is_port = rest.starts_with(|c: char| c.is_ascii_digit());
    if is_scheme && !is_port {
        (Some(scheme), rest)
    } else {
        (None, url)
    }
}

fn host_of(authority: &str) -> Option<String> {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.find(']') {
        Some(end) => &host[..=end],
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    non_empty(host).map(str::to_lowercase)
}

/// The columns that one URL fills.
struct Columns {
    url: ColumnId,
    host: ColumnId,
    path: ColumnId,
    group: ColumnId,
    query: ColumnId,
}

const VIEW: Columns = Columns {
    url: common::view_url,
    host: common::view_url_host,
    path: common::view_url_path,
    group: common::view_url_path_group,
    query: common::view_url_query,
};

const RESOURCE: Columns = Columns {
    url: resource::resource_url,
    host: resource::resource_url_host,
    path: resource::resource_url_path,
    group: resource::resource_url_path_group,
    query: resource::resource_url_query,
};

/// Fills the parts of every URL of an event. They win over what the client derived itself; its own path group is kept as an
/// attribute where it is another.
pub(crate) fn fill(event: &mut Event) {
    fill_columns(&mut event.row, &VIEW, "view_path_group");
    match event.table {
        TableId::Resource => fill_columns(&mut event.row, &RESOURCE, "resource_url_path_group"),
        TableId::Error => {
            let host = event
                .row
                .str(error::error_resource_url)
                .and_then(|url| UrlParts::of(url).host);
            if let Some(host) = host {
                event.row.set(error::error_resource_url_host, host);
            }
        }
        _ => {}
    }
}

fn fill_columns(row: &mut Row, columns: &Columns, group_name: &str) {
    // The URL is put back at once: a copy would cost up to 64 KiB an event.
    let Some(url) = row.take(columns.url) else {
        fill_group(row, columns, group_name);
        return;
    };
    let parts = url.as_str().map(UrlParts::of).unwrap_or_default();
    if let Some(host) = parts.host {
        row.set(columns.host, host);
    }
    if let Some(path) = parts.path {
        row.set(columns.path, path);
    }
    if let Some(query) = parts.query {
        row.set(columns.query, query);
    }
    row.set(columns.url, url);
    fill_group(row, columns, group_name);
}

fn fill_group(row: &mut Row, columns: &Columns, group_name: &str) {
    let Some(group) = row.str(columns.path).map(path_group) else {
        return;
    };
    if let Some(own) = row.str(columns.group).filter(|own| *own != group) {
        let own = serde_json::Value::from(own).to_string();
        let family = row.str(common::sdk_family).unwrap_or("client");
        let key = format!("{family}.{group_name}");
        row.attributes_mut(common::attributes)
            .insert(key.into(), own.into());
    }
    row.set(columns.group, group);
}

#[cfg(test)]
mod tests {
    use schema::tables::resource;

    use super::*;

    #[test]
    fn any_text_is_split() {
        type Parts = (
            Option<&'static str>,
            Option<&'static str>,
            Option<&'static str>,
        );
        let none: Parts = (None, None, None);
        let table: [(&str, Parts); 30] = [
            (
                "http://app.example:18080/",
                (Some("app.example"), Some("/"), None),
            ),
            (
                "https://App.Example/Cart?a=1&b=2#top",
                (Some("app.example"), Some("/Cart"), Some("a=1&b=2")),
            ),
            (
                "https://app.example",
                (Some("app.example"), Some("/"), None),
            ),
            (
                "https://app.example?x=1",
                (Some("app.example"), Some("/"), Some("x=1")),
            ),
            (
                "https://app.example/#/orders/7?x=1",
                (Some("app.example"), Some("/"), None),
            ),
            (
                "https://me:pw@app.example/a",
                (Some("app.example"), Some("/a"), None),
            ),
            (
                "http://[2001:db8::1]:8080/a",
                (Some("[2001:db8::1]"), Some("/a"), None),
            ),
            (
                "//cdn.example/x.js",
                (Some("cdn.example"), Some("/x.js"), None),
            ),
            ("/a/b?", (None, Some("/a/b"), None)),
            ("?a=1", (None, None, Some("a=1"))),
            ("#top", none),
            ("", none),
            ("  /a ", (None, Some("/a"), None)),
            (
                "pages/detail/index?id=5",
                (None, Some("pages/detail/index"), Some("id=5")),
            ),
            (
                "com.example.shop.CartActivity",
                (None, Some("com.example.shop.CartActivity"), None),
            ),
            ("localhost:3000/x", (None, Some("localhost:3000/x"), None)),
            (
                "blob:https://app.example/3f2504e0-4f89",
                (Some("app.example"), Some("/3f2504e0-4f89"), None),
            ),
            ("blob:null/3f25", (None, None, None)),
            ("data:image/png;base64,AAAA/BBBB?x", none),
            ("javascript:void(0)", none),
            ("about:blank", none),
            ("mailto:a@b.example", none),
            (
                "chrome-extension://abcdef/page.html",
                (Some("abcdef"), Some("/page.html"), None),
            ),
            (
                "file:///C:/x/index.html",
                (None, Some("/C:/x/index.html"), None),
            ),
            (
                "capacitor://localhost/tabs/1",
                (Some("localhost"), Some("/tabs/1"), None),
            ),
            ("https:///x", (None, Some("/x"), None)),
            ("https://", none),
            ("://x", (None, Some("://x"), None)),
            (
                "http://пример.example/é",
                (Some("пример.example"), Some("/é"), None),
            ),
            ("\u{0}\u{7f}%%", (None, Some("\u{0}\u{7f}%%"), None)),
        ];
        for (url, (host, path, query)) in table {
            let parts = UrlParts::of(url);
            assert_eq!(
                (parts.host.as_deref(), parts.path, parts.query),
                (host, path, query),
                "parts of {url}"
            );
        }
    }

    #[test]
    fn a_resource_has_the_parts_of_its_view_and_of_its_own_url() {
        let mut event = Event::new(TableId::Resource);
        event
            .row
            .set(common::view_url, "https://app.example/cart/12345#x");
        event.row.set(
            resource::resource_url,
            "https://api.example/v1/items/99?page=2",
        );
        fill(&mut event);
        let row = &event.row;
        assert_eq!(
            row.str(common::view_url),
            Some("https://app.example/cart/12345#x")
        );
        assert_eq!(row.str(common::view_url_path), Some("/cart/12345"));
        assert_eq!(row.str(common::view_url_path_group), Some("/cart/?"));
        assert_eq!(row.str(common::view_url_query), None);
        assert_eq!(row.str(resource::resource_url_host), Some("api.example"));
        assert_eq!(
            row.str(resource::resource_url_path_group),
            Some("/v1/items/?")
        );
        assert_eq!(row.str(resource::resource_url_query), Some("page=2"));
    }

    #[test]
    fn a_clients_own_group_becomes_an_attribute() {
        let mut event = Event::new(TableId::View);
        event.row.set(common::sdk_family, "datakit");
        event.row.set(common::view_url_path, "/orders/12345/x9");
        event.row.set(common::view_url_path_group, "/orders/?/x?");
        fill(&mut event);
        assert_eq!(
            event.row.str(common::view_url_path_group),
            Some("/orders/?/x9")
        );
        let attributes = event.row.attributes(common::attributes).unwrap();
        assert_eq!(
            attributes
                .get("datakit.view_path_group")
                .map(|value| value.as_str()),
            Some("\"/orders/?/x?\"")
        );
    }

    #[test]
    fn a_failed_request_names_its_host() {
        let mut event = Event::new(TableId::Error);
        event
            .row
            .set(error::error_resource_url, "http://127.0.0.1:9/refused");
        fill(&mut event);
        assert_eq!(
            event.row.str(error::error_resource_url_host),
            Some("127.0.0.1")
        );
    }
}
