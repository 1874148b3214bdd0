use std::collections::BTreeSet;
use std::path::Path;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::{Api, request_of};

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// What everybody may ask for.
const PUBLIC: [&str; 7] = [
    "GET /api/v1/openapi.json",
    "GET /api/v1/session",
    "POST /api/v1/session",
    "POST /api/v1/setup",
    "POST /api/v1/password_reset",
    "GET /api/v1/invitations/accept",
    "POST /api/v1/invitations/accept",
];

impl Api {
    pub(crate) async fn document(&self) -> Value {
        let answer = self
            .send(request_of("GET /api/v1/openapi.json", None, ""))
            .await;
        answer.json(StatusCode::OK)
    }
}

/// A path that the template stands for.
pub(crate) fn example(template: &str) -> String {
    template
        .replace("{app_id}", "some_app")
        .replace("{id}", "some_id")
        .replace("{table}", "view")
        .replace("{event_id}", "some_id")
        .replace("{session_id}", "some_id")
}

#[tokio::test]
async fn every_path_takes_exactly_the_methods_of_the_document() {
    let api = Api::new().await;
    let document = api.document().await;
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 8, "{:?}", paths.keys());
    for (template, item) in paths {
        for method in &METHODS {
            let answer = api
                .call(&format!("{method} {}", example(template)), Value::Null)
                .await;
            let documented = item.get(method.as_str().to_lowercase()).is_some();
            let taken = answer.status != StatusCode::METHOD_NOT_ALLOWED
                && answer.body["code"] != "unknown_path";
            assert_eq!(documented, taken, "{method} {template}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn every_operation_but_the_public_ones_wants_a_caller_and_answers_problems() {
    let api = Api::new().await;
    let document = api.document().await;
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let problem = &operation["responses"]["default"]["content"]["application/problem+json"]
                ["schema"]["$ref"];
            assert_eq!(
                problem, "#/components/schemas/Problem",
                "{method} {template}"
            );
            assert!(
                operation["summary"].is_string() && operation["tags"][0].is_string(),
                "{method} {template}"
            );
            let request = format!("{} {}", method.to_uppercase(), example(template));
            if PUBLIC.contains(&format!("{} {template}", method.to_uppercase()).as_str()) {
                assert_eq!(operation["security"], serde_json::json!([{}]), "{request}");
                continue;
            }
            assert!(
                operation["security"].is_null(),
                "the one of the whole document holds: {request}"
            );
            let answer = api.send(request_of(&request, None, "")).await;
            answer.problem("unauthorized");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    assert_eq!(
        document["security"],
        serde_json::json!([{ "api_key": [] }, { "session": [] }])
    );
    assert_eq!(
        document["components"]["securitySchemes"]["session"]["in"],
        "cookie"
    );
    assert_eq!(
        document["components"]["securitySchemes"]["api_key"]["scheme"],
        "bearer"
    );
}

#[tokio::test]
async fn the_document_is_3_1_and_every_reference_in_it_resolves() {
    let api = Api::new().await;
    let document = api.document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(
        references.contains("#/components/schemas/ApplicationType"),
        "{references:?}"
    );
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} of {references:?}"
        );
    }
    let types = &document["components"]["schemas"]["ApplicationType"]["enum"];
    assert!(
        types.as_array().unwrap().contains(&"react_native".into()),
        "{types}"
    );
}

#[tokio::test]
async fn answers_have_exactly_the_fields_of_their_schema() {
    let api = Api::new().await;
    let document = api.document().await;
    let application = api
        .call(
            "POST /api/v1/applications",
            serde_json::json!({ "app_id": "a", "name": "a" }),
        )
        .await;
    let token = api
        .call("POST /api/v1/applications/a/tokens", Value::Null)
        .await;
    let key = api
        .call(
            "POST /api/v1/api_keys",
            serde_json::json!({ "name": "k", "rights": "read" }),
        )
        .await;
    let problem = api.get("/api/v1/applications/nobody").await;
    for (schema, answer) in [
        ("Application", &application),
        ("Token", &token),
        ("Problem", &problem),
    ] {
        let schema = &document["components"]["schemas"][schema];
        let required: BTreeSet<&str> = schema["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap())
            .collect();
        let fields: BTreeSet<&str> = answer
            .body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(required, fields);
    }
    assert_eq!(key.body.as_object().unwrap().len(), 7, "{key:?}");
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(text) if name == "$ref" => drop(into.insert(text.clone())),
                    value => collect_references(value, into),
                }
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect_references(value, into)),
        _ => {}
    }
}

/// `make gen` sets `UPDATE_GENERATED` and so renews the file, from which the console's client is made.
#[tokio::test]
async fn generated_document_of_the_console_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/openapi.json");
    let document = Api::new().await.document().await;
    let expected = format!("{document:#}\n");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "console/openapi.json is stale: run `make gen`"
    );
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere_and_operations_have_names_of_their_own() {
    let document = Api::new().await.document().await;
    let mut ids = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            if let Some(id) = operation["operationId"].as_str() {
                assert!(ids.insert(id.to_owned()), "{id} is there twice");
            }
        }
    }
    let text = document.to_string();
    for (_, rest) in text
        .match_indices("\"$ref\":\"#")
        .map(|(at, found)| text.split_at(at + found.len()))
    {
        let pointer = rest.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}
