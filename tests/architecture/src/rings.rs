//! Who may depend on whom.

use crate::workspace::{Package, Workspace};

/// The rings, from the inside out, with the test support beside them.
pub const RINGS: &[&str] = &[
    "kernel",
    "library",
    "domain",
    "usecase",
    "outbound",
    "inbound",
    "assembly",
    "app",
    "simulator",
    "testsupport",
];

/// Rings that a ring may name in normal and build dependencies.
fn allowed_rings(from: &str) -> &'static [&'static str] {
    match from {
        "domain" => &["kernel"],
        "usecase" => &["kernel", "library", "domain"],
        "outbound" | "inbound" => &["kernel", "domain", "usecase"],
        "assembly" => &["kernel", "domain", "usecase", "outbound"],
        "app" => &["kernel", "inbound", "assembly"],
        // Test support may see everything but apps; what it really needs is kept short in its manifests.
        "testsupport" => {
            &["kernel", "library", "domain", "usecase", "outbound", "assembly", "simulator", "testsupport"]
        }
        _ => &[],
    }
}

/// The tool of a person runs, simulates, provisions and proves everything, so it may depend on everything.
const SEES_EVERYTHING: &str = "askpro";

/// Single edges beyond the table, each with its reason in `docs/adr/0001-rings.md`.
const EXTRA_EDGES: &[(&str, &str)] = &[
    // Decoding and signature functions of a provider are called where its requests arrive.
    ("inbound-http", "adapter-retell"),
    ("inbound-jobs", "adapter-retell"),
    ("inbound-http", "adapter-calcom"),
    ("inbound-jobs", "adapter-calcom"),
    // Its administration and its demo world work through the product's own use cases and migrations.
    ("askpro", "adapter-postgres"),
    ("askpro", "operations"),
    ("askpro", "tenancy"),
    // Stories through the whole product start the whole product.
    ("e2e-tests", "askpro"),
    ("e2e-tests", "gateway"),
    ("e2e-tests", "worker"),
    ("e2e-tests", "inbound-jobs"),
];

const PURE: &[&str] =
    &["async-trait", "chrono", "chrono-tz", "serde", "serde_json", "thiserror", "tracing", "uuid", "mockall"];

/// External packages that a package may name in normal and build dependencies; `None` is no limit.
fn allowed_packages(package: &Package) -> Option<Vec<&'static str>> {
    let extra: &[&str] = match (package.ring()?, package.name.as_str()) {
        ("kernel" | "domain", _) => &[],
        (_, "german-datetime") => return Some(vec!["chrono", "chrono-tz", "thiserror"]),
        (_, "phone-numbers") => return Some(vec!["phonenumber"]),
        ("usecase", _) => &["futures-util", "hex", "sha2", "tokio"],
        (_, "adapter-postgres") => {
            &["base64", "deadpool", "futures-util", "metrics", "ring", "sqlx", "tokio"]
        }
        (_, "adapter-redis") => &["deadpool-redis", "metrics", "tokio"],
        (_, "adapter-calcom") => {
            &["hex", "hmac", "metrics", "reqwest", "rustls", "rustls-platform-verifier", "sha2", "tokio"]
        }
        (_, "adapter-retell") => {
            &["hex", "hmac", "reqwest", "rustls", "rustls-platform-verifier", "sha2", "tokio"]
        }
        ("outbound", _) => &["hex", "hmac", "reqwest", "sha2", "tokio"],
        ("inbound", _) => &[
            "axum",
            "croner",
            "futures-util",
            "hex",
            "metrics",
            "rand",
            "sha2",
            "tokio",
            "tokio-util",
            "tower",
            "tower-http",
            "validator",
        ],
        (_, "provision") => return Some(Vec::new()),
        _ => return None,
    };
    Some(PURE.iter().chain(extra).copied().collect())
}

/// Packages that may be named only by the packages listed with them, whatever the ring.
const WRAPPED: &[(&str, &[&str])] = &[
    ("sqlx", &["adapter-postgres", "testkit", "e2e-tests", "askpro"]),
    ("deadpool-redis", &["adapter-redis"]),
    // Keys and ciphers have one home; everybody else sees secrets or seals, never both.
    ("ring", &["adapter-postgres"]),
    // `askpro bench` serves a bare route of the same server to compare the product's routes with.
    ("axum", &["inbound-http", "inbound-web", "inbound-mcp", "gateway", "simulators", "e2e-tests", "askpro"]),
    ("anyhow", &["bootstrap", "gateway", "worker", "askpro", "testkit", "simulators", "e2e-tests"]),
];

/// Every member declares a known ring and depends only inwards.
#[must_use]
pub fn ring_violations(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        let Some(ring) = package.ring().filter(|ring| RINGS.contains(ring)) else {
            found.push(format!("{}: declare a known ring in [package.metadata.architecture]", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let Some(target) = workspace.package(&dependency.name) else { continue };
            // A crate may switch its own `testing` feature on for its integration tests.
            if target.name == package.name {
                continue;
            }
            let target_ring = target.ring().unwrap_or("?");
            let is_dev = dependency.kind.as_deref() == Some("dev");
            let extra = EXTRA_EDGES.contains(&(package.name.as_str(), target.name.as_str()));
            let inward = allowed_rings(ring).contains(&target_ring);
            // Tests of the inner rings use only what is inside of them: the test kit sees adapters, hence a cycle.
            let inner = matches!(ring, "kernel" | "library" | "domain" | "usecase");
            let dev =
                is_dev && !inner && matches!(target_ring, "testsupport" | "kernel" | "domain" | "usecase");
            if !(extra || inward || dev || package.name == SEES_EVERYTHING) {
                found.push(format!(
                    "{} ({ring}) may not depend on {} ({target_ring}): turn the arrow with a port, or move the code",
                    package.name, target.name
                ));
            }
        }
    }
    found
}

/// No member names an external package that its ring must not know.
#[must_use]
pub fn allow_list_violations(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        let allowed = allowed_packages(package);
        let normal =
            package.dependencies.iter().filter(|d| d.path.is_none() && d.kind.as_deref() != Some("dev"));
        for dependency in normal {
            let name = dependency.name.as_str();
            if allowed.as_ref().is_some_and(|allowed| !allowed.contains(&name)) {
                found.push(format!("{}: the package `{name}` is not on the list of its ring", package.name));
            }
            let wrapped = WRAPPED.iter().find(|(wrapped, _)| *wrapped == name);
            if wrapped.is_some_and(|(_, users)| !users.contains(&package.name.as_str())) {
                found.push(format!("{}: the package `{name}` is reserved for its adapters", package.name));
            }
        }
    }
    found
}
