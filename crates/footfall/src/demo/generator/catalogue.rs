//! What the demo's applications consist of: pages, their requests and buttons, the errors they know, their releases.

use super::world::WorkTool;

pub(crate) struct Application {
    /// The application's id in the events.
    pub(crate) app_id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) service: &'static str,
    pub(crate) origin: &'static str,
    pub(crate) cdn: &'static str,
    /// Share of all sessions.
    pub(crate) weight: f64,
    pub(crate) work_tool: WorkTool,
    /// Every page is a document of its own; otherwise only the first one is and the rest are route changes.
    pub(crate) multi_page: bool,
    /// Share of visitors who sign in.
    pub(crate) signed_in: f64,
    /// `major.minor` of the first release; each release counts the second number up.
    pub(crate) first_version: (u32, u32),
    pub(crate) pages: &'static [Page],
    pub(crate) errors: &'static [ErrorKind],
    /// The error type that the planted bad release raises.
    pub(crate) regression: ErrorKind,
}

pub(crate) struct Page {
    /// `{id}`, `{slug}` and `{uuid}` are filled in for each view.
    pub(crate) path: &'static str,
    pub(crate) entry_weight: f64,
    /// Where people go from here: index of the page and weight.
    pub(crate) next: &'static [(usize, f64)],
    pub(crate) dwell_s: f64,
    /// Median LCP on a good connection.
    pub(crate) lcp_ms: f64,
    pub(crate) lcp_selector: &'static str,
    pub(crate) lcp_image: Option<&'static str>,
    pub(crate) requests: &'static [Request],
    pub(crate) images: usize,
    pub(crate) buttons: &'static [Button],
}

pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// Median time the server takes, ms.
    pub(crate) server_ms: f64,
    /// Median size of the answer, bytes.
    pub(crate) size: f64,
    /// Share of answers with a status of 500, 502, 503 or 504.
    pub(crate) failure_rate: f64,
}

pub(crate) struct Button {
    pub(crate) name: &'static str,
    pub(crate) selector: &'static str,
    pub(crate) size: (u32, u32),
    /// Custom action that the program reports after the click.
    pub(crate) reports: Option<&'static str>,
}

/// An error a program raises. `messages` differ between Chromium, Firefox and Safari.
pub(crate) struct ErrorKind {
    pub(crate) kind: &'static str,
    pub(crate) messages: [&'static str; 3],
    pub(crate) source: &'static str,
    pub(crate) handling: &'static str,
    /// Function, path below the CDN or the origin, line, column. `{build}` is the release's hash.
    pub(crate) frames: &'static [(&'static str, &'static str, u32, u32)],
    /// Probability a view.
    pub(crate) rate: f64,
}

const fn get(path: &'static str, server_ms: f64, size: f64, failure_rate: f64) -> Request {
    Request {
        method: "GET",
        path,
        server_ms,
        size,
        failure_rate,
    }
}

const fn post(path: &'static str, server_ms: f64, size: f64, failure_rate: f64) -> Request {
    Request {
        method: "POST",
        path,
        server_ms,
        size,
        failure_rate,
    }
}

const fn button(
    name: &'static str,
    selector: &'static str,
    size: (u32, u32),
    reports: Option<&'static str>,
) -> Button {
    Button {
        name,
        selector,
        size,
        reports,
    }
}

const CHUNK: &str = "/assets/chunk-{build}.js";
const MAIN: &str = "/assets/main-{build}.js";

/// The demo's applications, most visited first.
pub(crate) static APPLICATIONS: &[Application] = &[
    Application {
        app_id: "demo_shop",
        name: "Demo shop",
        service: "shop-web",
        origin: "https://shop.example",
        cdn: "https://static.shop.example",
        weight: 62.0,
        work_tool: WorkTool::No,
        multi_page: false,
        signed_in: 0.42,
        first_version: (4, 18),
        pages: &[
            Page {
                path: "/",
                entry_weight: 34.0,
                next: &[(1, 50.0), (2, 25.0), (6, 15.0), (7, 6.0)],
                dwell_s: 14.0,
                lcp_ms: 900.0,
                lcp_selector: "#main>section.hero>picture>img",
                lcp_image: Some("/img/hero-autumn.avif"),
                requests: &[
                    get("/api/session", 35.0, 420.0, 0.002),
                    get("/api/recommendations", 140.0, 9_800.0, 0.004),
                    get("/api/cart/summary", 40.0, 310.0, 0.002),
                ],
                images: 9,
                buttons: &[
                    button(
                        "Shop autumn sale",
                        "#main>section.hero>a.cta",
                        (188, 48),
                        Some("hero_clicked"),
                    ),
                    button("Next", "#main>section.carousel>button.next", (44, 44), None),
                ],
            },
            Page {
                path: "/category/{slug}",
                entry_weight: 22.0,
                next: &[(2, 62.0), (1, 24.0), (6, 8.0), (3, 4.0)],
                dwell_s: 21.0,
                lcp_ms: 760.0,
                lcp_selector: "#grid>li:nth-of-type(1)>a>img",
                lcp_image: Some("/img/p/{id}-480.webp"),
                requests: &[
                    get("/api/categories/{id}/products", 120.0, 24_000.0, 0.004),
                    get("/api/facets", 60.0, 5_200.0, 0.002),
                ],
                images: 14,
                buttons: &[
                    button(
                        "Sort by price",
                        "#toolbar>button.sort",
                        (140, 36),
                        Some("list_sorted"),
                    ),
                    button("Show more", "#grid~button.more", (160, 44), None),
                    button(
                        "Filter: in stock",
                        "#filters>label:nth-of-type(2)",
                        (180, 28),
                        Some("filter_applied"),
                    ),
                ],
            },
            Page {
                path: "/product/{id}",
                entry_weight: 30.0,
                next: &[(3, 26.0), (2, 34.0), (1, 26.0), (0, 8.0)],
                dwell_s: 34.0,
                lcp_ms: 820.0,
                lcp_selector: "#gallery>figure.main>img",
                lcp_image: Some("/img/p/{id}-1200.webp"),
                requests: &[
                    get("/api/products/{id}", 70.0, 6_400.0, 0.003),
                    get("/api/products/{id}/reviews", 110.0, 14_000.0, 0.005),
                    get("/api/stock/{id}", 45.0, 260.0, 0.003),
                ],
                images: 6,
                buttons: &[
                    button(
                        "Add to cart",
                        "#buybox>button[name=\"add\"]",
                        (260, 52),
                        Some("add_to_cart"),
                    ),
                    button(
                        "Choose size",
                        "#buybox>div.sizes>button:nth-of-type(3)",
                        (52, 44),
                        None,
                    ),
                    button(
                        "Save for later",
                        "#buybox>button.wish",
                        (44, 44),
                        Some("wishlist_added"),
                    ),
                ],
            },
            Page {
                path: "/cart",
                entry_weight: 4.0,
                next: &[(4, 48.0), (2, 26.0), (0, 12.0)],
                dwell_s: 22.0,
                lcp_ms: 620.0,
                lcp_selector: "#cart>h1",
                lcp_image: None,
                requests: &[
                    get("/api/cart", 55.0, 2_900.0, 0.003),
                    post("/api/cart/price", 95.0, 900.0, 0.006),
                ],
                images: 3,
                buttons: &[
                    button(
                        "Apply coupon",
                        "#coupon>button",
                        (120, 40),
                        Some("coupon_applied"),
                    ),
                    button(
                        "Remove",
                        "#cart>li:nth-of-type(1)>button.remove",
                        (36, 36),
                        None,
                    ),
                    button("Checkout", "#cart>aside>a.checkout", (280, 52), None),
                ],
            },
            Page {
                path: "/checkout",
                entry_weight: 1.0,
                next: &[(5, 66.0), (3, 20.0)],
                dwell_s: 58.0,
                lcp_ms: 700.0,
                lcp_selector: "#checkout>form>fieldset.address",
                lcp_image: None,
                requests: &[
                    get("/api/checkout/options", 130.0, 3_600.0, 0.006),
                    post("/api/payments/intent", 260.0, 700.0, 0.012),
                    get("/api/shipping/quotes", 180.0, 1_800.0, 0.006),
                ],
                images: 2,
                buttons: &[
                    button(
                        "Pay now",
                        "#checkout>form>button[type=\"submit\"]",
                        (320, 56),
                        Some("payment_submitted"),
                    ),
                    button(
                        "Change address",
                        "#checkout>section.address>button",
                        (130, 36),
                        None,
                    ),
                ],
            },
            Page {
                path: "/order/{id}/thanks",
                entry_weight: 0.0,
                next: &[(0, 20.0), (7, 10.0)],
                dwell_s: 12.0,
                lcp_ms: 560.0,
                lcp_selector: "#thanks>h1",
                lcp_image: None,
                requests: &[get("/api/orders/{id}", 80.0, 2_100.0, 0.004)],
                images: 2,
                buttons: &[button(
                    "Track parcel",
                    "#thanks>a.track",
                    (150, 44),
                    Some("tracking_opened"),
                )],
            },
            Page {
                path: "/search?q={slug}",
                entry_weight: 7.0,
                next: &[(2, 58.0), (6, 26.0), (1, 10.0)],
                dwell_s: 16.0,
                lcp_ms: 740.0,
                lcp_selector: "#results>li:nth-of-type(1)>a>img",
                lcp_image: Some("/img/p/{id}-480.webp"),
                requests: &[
                    get("/api/search?q={slug}", 170.0, 18_500.0, 0.006),
                    get("/api/suggest?q={slug}", 40.0, 800.0, 0.002),
                ],
                images: 11,
                buttons: &[
                    button("Did you mean", "#results>p.suggestion>a", (210, 20), None),
                    button(
                        "Filter: brand",
                        "#filters>label:nth-of-type(1)",
                        (180, 28),
                        Some("filter_applied"),
                    ),
                ],
            },
            Page {
                path: "/account/orders",
                entry_weight: 2.0,
                next: &[(2, 22.0), (0, 22.0), (7, 20.0)],
                dwell_s: 26.0,
                lcp_ms: 680.0,
                lcp_selector: "#orders>table",
                lcp_image: None,
                requests: &[
                    get("/api/account", 60.0, 1_200.0, 0.003),
                    get("/api/account/orders", 150.0, 11_000.0, 0.006),
                ],
                images: 3,
                buttons: &[
                    button(
                        "Return item",
                        "#orders>tr:nth-of-type(1)>td>button",
                        (110, 36),
                        Some("return_started"),
                    ),
                    button(
                        "Download invoice",
                        "#orders>tr:nth-of-type(1)>td>a.pdf",
                        (140, 24),
                        None,
                    ),
                ],
            },
        ],
        errors: &[
            ErrorKind {
                kind: "TypeError",
                messages: [
                    "Cannot read properties of undefined (reading 'price')",
                    "can't access property \"price\", e.offer is undefined",
                    "undefined is not an object (evaluating 'e.offer.price')",
                ],
                source: "source",
                handling: "unhandled",
                frames: &[
                    ("ne", CHUNK, 1, 48_213),
                    ("Array.map", "", 0, 0),
                    ("Ut", CHUNK, 1, 47_902),
                    ("Zo", MAIN, 2, 60_411),
                    ("Vi", MAIN, 2, 70_993),
                ],
                rate: 0.006,
            },
            ErrorKind {
                kind: "NetworkError",
                messages: [
                    "Failed to fetch",
                    "NetworkError when attempting to fetch resource.",
                    "Load failed",
                ],
                source: "source",
                handling: "unhandled",
                frames: &[
                    ("Ae", MAIN, 1, 20_330),
                    ("async", MAIN, 1, 20_911),
                    ("Qt", CHUNK, 1, 3_140),
                ],
                rate: 0.010,
            },
            ErrorKind {
                kind: "ChunkLoadError",
                messages: ["Loading chunk 417 failed."; 3],
                source: "custom",
                handling: "handled",
                frames: &[
                    ("r.f.j", MAIN, 1, 2_215),
                    ("r.e", MAIN, 1, 1_008),
                    ("component", MAIN, 2, 118_640),
                ],
                rate: 0.003,
            },
            ErrorKind {
                kind: "Error",
                messages: ["ResizeObserver loop completed with undelivered notifications."; 3],
                source: "source",
                handling: "unhandled",
                frames: &[],
                rate: 0.008,
            },
            ErrorKind {
                kind: "",
                messages: ["Warning: payment provider answered slowly {\n  \"provider\": \"card\"\n}";
                    3],
                source: "console",
                handling: "handled",
                frames: &[
                    ("console.error", MAIN, 1, 9_312),
                    ("payWith", CHUNK, 1, 22_087),
                ],
                rate: 0.004,
            },
        ],
        regression: ErrorKind {
            kind: "TypeError",
            messages: [
                "Cannot destructure property 'discount' of 'undefined' as it is undefined.",
                "can't access property \"discount\", (intermediate value) is undefined",
                "Right side of assignment cannot be destructured",
            ],
            source: "source",
            handling: "unhandled",
            frames: &[
                ("applyCoupon", CHUNK, 1, 31_877),
                ("onSubmit", CHUNK, 1, 31_204),
                ("Bt", MAIN, 2, 41_250),
            ],
            rate: 0.002,
        },
    },
    Application {
        app_id: "demo_console",
        name: "Demo admin console",
        service: "admin-console",
        origin: "https://console.example",
        cdn: "https://console.example",
        weight: 22.0,
        work_tool: WorkTool::Yes,
        multi_page: false,
        signed_in: 1.0,
        first_version: (2, 3),
        pages: &[
            Page {
                path: "/dashboard",
                entry_weight: 60.0,
                next: &[(1, 45.0), (2, 30.0), (3, 15.0)],
                dwell_s: 45.0,
                lcp_ms: 1_150.0,
                lcp_selector: "main>div.kpi-row>article:nth-of-type(1)",
                lcp_image: None,
                requests: &[
                    get("/api/v2/me", 40.0, 900.0, 0.002),
                    get("/api/v2/kpis", 320.0, 7_200.0, 0.008),
                    post("/api/v2/graphql", 210.0, 16_000.0, 0.008),
                ],
                images: 2,
                buttons: &[
                    button(
                        "Last 7 days",
                        "header>div.range>button:nth-of-type(2)",
                        (96, 32),
                        Some("range_changed"),
                    ),
                    button("Refresh", "header>button.refresh", (36, 32), None),
                ],
            },
            Page {
                path: "/tenants/{uuid}/orders",
                entry_weight: 22.0,
                next: &[(1, 40.0), (2, 30.0), (0, 18.0)],
                dwell_s: 70.0,
                lcp_ms: 980.0,
                lcp_selector: "main>table.orders>tbody",
                lcp_image: None,
                requests: &[
                    get("/api/v2/tenants/{uuid}/orders", 260.0, 38_000.0, 0.010),
                    get("/api/v2/tenants/{uuid}", 60.0, 1_800.0, 0.003),
                ],
                images: 0,
                buttons: &[
                    button(
                        "Export",
                        "main>div.toolbar>button.export",
                        (88, 32),
                        Some("export_started"),
                    ),
                    button(
                        "Select row",
                        "main>table.orders>tbody>tr:nth-of-type(2)>td>input",
                        (16, 16),
                        None,
                    ),
                    button(
                        "Bulk refund",
                        "main>div.toolbar>button.danger",
                        (110, 32),
                        Some("bulk_refund"),
                    ),
                ],
            },
            Page {
                path: "/tenants/{uuid}/users/{id}",
                entry_weight: 10.0,
                next: &[(1, 40.0), (3, 20.0), (0, 20.0)],
                dwell_s: 55.0,
                lcp_ms: 860.0,
                lcp_selector: "main>section.profile>h2",
                lcp_image: None,
                requests: &[
                    get("/api/v2/users/{id}", 90.0, 3_300.0, 0.004),
                    get("/api/v2/users/{id}/audit", 380.0, 21_000.0, 0.012),
                ],
                images: 1,
                buttons: &[
                    button(
                        "Reset password",
                        "main>section.profile>button.reset",
                        (140, 32),
                        Some("password_reset"),
                    ),
                    button(
                        "Save",
                        "main>form>button[type=\"submit\"]",
                        (80, 32),
                        Some("user_saved"),
                    ),
                ],
            },
            Page {
                path: "/settings/billing",
                entry_weight: 8.0,
                next: &[(0, 50.0), (2, 20.0)],
                dwell_s: 38.0,
                lcp_ms: 800.0,
                lcp_selector: "main>section.plan>h2",
                lcp_image: None,
                requests: &[
                    get("/api/v2/billing", 190.0, 2_600.0, 0.006),
                    get("/api/v2/invoices", 140.0, 8_100.0, 0.004),
                ],
                images: 1,
                buttons: &[button(
                    "Change plan",
                    "main>section.plan>button",
                    (120, 36),
                    Some("plan_dialog_opened"),
                )],
            },
        ],
        errors: &[
            ErrorKind {
                kind: "AxiosError",
                messages: ["Request failed with status code 504"; 3],
                source: "custom",
                handling: "handled",
                frames: &[
                    ("settle", "/src/lib/http.ts", 41, 12),
                    ("XMLHttpRequest.onloadend", "/src/lib/http.ts", 96, 7),
                    ("loadAudit", "/src/features/users/queries.ts", 27, 22),
                ],
                rate: 0.012,
            },
            ErrorKind {
                kind: "RangeError",
                messages: [
                    "Invalid time value",
                    "date value is not finite in DateTimeFormat.format()",
                    "Invalid Date",
                ],
                source: "source",
                handling: "unhandled",
                frames: &[
                    ("formatDate", "/src/lib/format.ts", 18, 31),
                    ("OrderRow", "/src/features/orders/OrderRow.tsx", 52, 14),
                    (
                        "renderWithHooks",
                        "/node_modules/.vite/deps/react-dom.js",
                        11_548,
                        26,
                    ),
                ],
                rate: 0.007,
            },
            ErrorKind {
                kind: "",
                messages: ["Each child in a list should have a unique key prop."; 3],
                source: "console",
                handling: "handled",
                frames: &[(
                    "console.error",
                    "/src/features/orders/OrderTable.tsx",
                    88,
                    5,
                )],
                rate: 0.010,
            },
        ],
        regression: ErrorKind {
            kind: "ReferenceError",
            messages: [
                "currencyFormatter is not defined",
                "currencyFormatter is not defined",
                "Can't find variable: currencyFormatter",
            ],
            source: "source",
            handling: "unhandled",
            frames: &[
                ("Money", "/src/ui/Money.tsx", 9, 21),
                ("OrderRow", "/src/features/orders/OrderRow.tsx", 61, 18),
                (
                    "renderWithHooks",
                    "/node_modules/.vite/deps/react-dom.js",
                    11_548,
                    26,
                ),
            ],
            rate: 0.002,
        },
    },
    Application {
        app_id: "demo_docs",
        name: "Demo documentation",
        service: "docs",
        origin: "https://docs.example",
        cdn: "https://docs.example",
        weight: 16.0,
        work_tool: WorkTool::Yes,
        multi_page: true,
        signed_in: 0.08,
        first_version: (1, 40),
        pages: &[
            Page {
                path: "/",
                entry_weight: 18.0,
                next: &[(1, 60.0), (2, 20.0)],
                dwell_s: 10.0,
                lcp_ms: 520.0,
                lcp_selector: "main>h1",
                lcp_image: None,
                requests: &[],
                images: 2,
                buttons: &[button(
                    "Get started",
                    "main>a.start",
                    (140, 44),
                    Some("start_clicked"),
                )],
            },
            Page {
                path: "/guide/{slug}",
                entry_weight: 48.0,
                next: &[(1, 60.0), (2, 22.0)],
                dwell_s: 75.0,
                lcp_ms: 560.0,
                lcp_selector: "article>p:nth-of-type(1)",
                lcp_image: None,
                requests: &[get("/search-index.json", 30.0, 180_000.0, 0.001)],
                images: 3,
                buttons: &[
                    button(
                        "Copy",
                        "article>pre:nth-of-type(1)>button.copy",
                        (56, 24),
                        Some("code_copied"),
                    ),
                    button(
                        "Was this helpful? Yes",
                        "footer>button.yes",
                        (48, 32),
                        Some("feedback_given"),
                    ),
                ],
            },
            Page {
                path: "/api/v2/{slug}",
                entry_weight: 34.0,
                next: &[(2, 60.0), (1, 20.0)],
                dwell_s: 60.0,
                lcp_ms: 600.0,
                lcp_selector: "article>section.endpoint>h2",
                lcp_image: None,
                requests: &[get("/openapi.json", 45.0, 240_000.0, 0.001)],
                images: 1,
                buttons: &[
                    button(
                        "Try it",
                        "article>section.endpoint>button.try",
                        (72, 32),
                        Some("try_it"),
                    ),
                    button("Expand schema", "article>details>summary", (300, 24), None),
                ],
            },
        ],
        errors: &[
            ErrorKind {
                kind: "SyntaxError",
                messages: [
                    "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
                    "JSON.parse: unexpected character at line 1 column 1 of the JSON data",
                    "JSON Parse error: Unrecognized token '<'",
                ],
                source: "source",
                handling: "unhandled",
                frames: &[
                    ("JSON.parse", "", 0, 0),
                    ("loadIndex", "/assets/search-{build}.js", 14, 20),
                ],
                rate: 0.004,
            },
            ErrorKind {
                kind: "NotAllowedError",
                messages: [
                    "Failed to execute 'writeText' on 'Clipboard': Write permission denied.",
                    "Clipboard write was blocked due to lack of user activation.",
                    "The request is not allowed by the user agent or the platform in the current context",
                ],
                source: "source",
                handling: "unhandled",
                frames: &[("copyCode", "/assets/docs-{build}.js", 3, 1_204)],
                rate: 0.003,
            },
        ],
        regression: ErrorKind {
            kind: "TypeError",
            messages: ["searchIndex.query is not a function"; 3],
            source: "source",
            handling: "unhandled",
            frames: &[(
                "HTMLInputElement.onInput",
                "/assets/search-{build}.js",
                31,
                17,
            )],
            rate: 0.002,
        },
    },
];

/// Fills `{slug}`.
pub(crate) static SLUGS: &[&str] = &[
    "running-shoes",
    "winter-jackets",
    "headphones",
    "garden",
    "tea-kettles",
    "board-games",
    "bicycles",
    "lamps",
    "getting-started",
    "deployment",
    "authentication",
    "webhooks",
    "pagination",
    "rate-limits",
];
