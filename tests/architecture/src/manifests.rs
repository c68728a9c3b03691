//! One spelling for every manifest, documentation for every crate.

use crate::workspace::{Package, Workspace, files};

/// Public modules of `kernel`. Adding one means two domains need it and it carries no policy; say so in the ADR.
pub const KERNEL_MODULES: &[&str] =
    &["change", "contact", "error", "id", "money", "scope", "testing", "time"];

/// Lines beyond which a source file no longer fits a head. Tests may be longer: they are read row by row.
pub const MAX_SOURCE_LINES: usize = 480;

/// Versions are inherited, lints too, and every crate explains itself.
#[must_use]
pub fn manifest_violations(workspace: &Workspace) -> Vec<String> {
    workspace.packages.iter().flat_map(package_violations).collect()
}

fn package_violations(package: &Package) -> Vec<String> {
    let mut found = Vec::new();
    let name = &package.name;
    let manifest = std::fs::read_to_string(&package.manifest_path).unwrap_or_default();
    let Ok(manifest) = manifest.parse::<toml::Table>() else {
        return vec![format!("{name}: the manifest is not readable")];
    };
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    if lints != Some(true) {
        found.push(format!("{name}: `[lints] workspace = true` is missing"));
    }
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let entries = manifest.get(table).and_then(toml::Value::as_table);
        for (dependency, spec) in entries.into_iter().flatten() {
            let is_self = dependency == name;
            if !is_self && spec.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                found.push(format!("{name}: `{dependency}` must inherit its version (`workspace = true`)"));
            }
        }
    }
    let root = ["src/lib.rs", "src/main.rs"]
        .iter()
        .find_map(|file| std::fs::read_to_string(package.dir().join(file)).ok());
    if !root.is_some_and(|text| text.trim_start().starts_with("//!")) {
        found.push(format!("{name}: the crate's first line is its documentation (`//!`)"));
    }
    found
}

/// `kernel` stays small.
#[must_use]
pub fn kernel_violations(workspace: &Workspace) -> Vec<String> {
    let Some(kernel) = workspace.package("kernel") else { return Vec::new() };
    let text = std::fs::read_to_string(kernel.dir().join("src/lib.rs")).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.split([';', ' ']).next())
        .filter(|module| !KERNEL_MODULES.contains(module) && *module != "macro_support")
        .map(|module| format!("kernel: module `{module}` is not on the list; a domain is probably its home"))
        .collect()
}

/// No source file is too long to be held in the head.
#[must_use]
pub fn length_violations(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        for file in files(&package.dir().join("src"), "rs") {
            let lines = std::fs::read_to_string(&file).map_or(0, |text| text.lines().count());
            let is_test = file.file_name().is_some_and(|name| name == "tests.rs")
                || file.iter().any(|part| part == "tests");
            if lines > MAX_SOURCE_LINES && !is_test {
                found.push(format!("{}: {lines} lines; split it by meaning", file.display()));
            }
        }
    }
    found
}
