use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use inbound_http::openapi::document;
use inbound_http::surface::ROUTES;
use serde_json::Value;

use crate::world::{World, small_limits};

#[tokio::test]
async fn the_document_says_exactly_what_is_served() {
    let document = World::new().get("/api/openapi.json").await.json();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.keys().map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let served: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(described, served);
    assert_eq!(served.len(), ROUTES.len(), "no route stands twice");
}

#[tokio::test]
async fn every_listed_route_is_served_and_with_no_other_method() {
    let world = World::new();
    for route in ROUTES {
        let path = route.path.replace("{tool}", "list-services").replace("{connection}", "con_1");
        let methods: Vec<&str> =
            ROUTES.iter().filter(|other| other.path == route.path).map(|other| other.method).collect();
        for method in ["get", "post", "put", "patch", "delete", "options", "brew"] {
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            let status = answer.status.as_u16();
            if methods.contains(&method) {
                assert!(![404, 405, 500].contains(&status), "{method} {path}: {status}");
            } else {
                assert_eq!(answer.refused(405), "method_not_allowed", "{method} {path}");
                let allow = answer.headers["allow"].to_str().unwrap().to_lowercase();
                let allowed: BTreeSet<&str> = allow.split(',').map(str::trim).collect();
                assert!(methods.iter().all(|method| allowed.contains(method)), "{path}: {allow}");
            }
        }
    }
}

#[tokio::test]
async fn every_route_but_health_and_the_document_asks_for_proof() {
    let world = World::new();
    for (path, methods) in document()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let open = operation["security"].as_array().unwrap().is_empty();
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(path.replace("{tool}", "list-services"));
            let status = world.send(request.body(Body::empty()).unwrap()).await.status.as_u16();
            assert_eq!(status == 401, !open, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn rows_are_described_as_they_are_sent() {
    let world = World::with(small_limits(), crate::api::rows());
    let key = world.company(1, "one").await;
    let document = document();
    for (path, schema) in [
        ("/api/v1/calls", "Call"),
        ("/api/v1/appointments", "Appointment"),
        ("/api/v1/customers", "Customer"),
        ("/api/v1/callbacks", "Callback"),
        ("/api/v1/wishes", "Wish"),
    ] {
        let request = Request::get(path).header("authorization", format!("Bearer {key}"));
        let body = world.send(request.body(Body::empty()).unwrap()).await.json();
        let sent: BTreeSet<&String> = body["data"][0].as_object().unwrap().keys().collect();
        let schema = &document["components"]["schemas"][schema];
        let described: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(sent, described, "{path}");
    }
}

#[tokio::test]
async fn counters_are_described_as_they_are_sent() {
    let world = World::with(small_limits(), crate::api::rows());
    let key = world.company(1, "one").await;
    let sent = crate::api::get(&world, "/api/v1/calls/counters", &key).await.json();
    let document = document();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let schema = &document["components"]["schemas"]["CallCounters"];
    assert_eq!(keys(&sent), keys(&schema["properties"]));
    let item = &schema["properties"]["by_status"]["items"];
    assert_eq!(keys(&sent["by_status"][0]), keys(&item["properties"]));
    let statuses: Vec<&Value> =
        sent["by_status"].as_array().unwrap().iter().map(|count| &count["status"]).collect();
    assert_eq!(statuses, item["properties"]["status"]["enum"].as_array().unwrap().iter().collect::<Vec<_>>());
    let operation = &document["paths"]["/api/v1/calls/counters"]["get"];
    let named: Vec<&Value> =
        operation["parameters"].as_array().unwrap().iter().map(|parameter| &parameter["name"]).collect();
    assert_eq!(named, ["status", "from", "to", "branch"]);
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, inner) in fields {
                    if key == "$ref" {
                        found.extend(inner.as_str().map(str::to_owned));
                    }
                    walk(inner, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_page_for_people_shows_the_document_and_loads_nothing_else() {
    let answer = World::new().get("/docs").await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; connect-src 'self';"), "{policy}");
    let page = String::from_utf8(answer.body).unwrap();
    assert!(page.contains("fetch(\"/api/openapi.json\")"));
    for other in ["http://", "https://", "src=", "import ", "@import", "url("] {
        assert!(!page.contains(other), "the page must load nothing: {other}");
    }
    assert!(!page.contains("innerHTML"), "text of the document must not become markup");
}
