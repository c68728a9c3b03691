//! What the rules look at: packages with their rings and dependencies, as Cargo itself reports them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// A workspace on disk.
#[derive(Debug)]
pub struct Workspace {
    /// Directory of the root manifest.
    pub root: PathBuf,
    /// The members.
    pub packages: Vec<Package>,
}

/// One member.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    /// Name of the package.
    pub name: String,
    /// Its manifest.
    pub manifest_path: PathBuf,
    /// Everything it names in its manifest.
    pub dependencies: Vec<Dependency>,
    metadata: Option<Metadata>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug, Clone, Deserialize)]
pub struct Dependency {
    /// Name of the package depended upon.
    pub name: String,
    /// `None` for normal, `dev` or `build`.
    pub kind: Option<String>,
    /// Set for members of the workspace.
    pub path: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    architecture: Option<Architecture>,
}

#[derive(Debug, Clone, Deserialize)]
struct Architecture {
    ring: Option<String>,
}

#[derive(Deserialize)]
struct CargoMetadata {
    packages: Vec<Package>,
}

impl Package {
    /// The ring declared in `[package.metadata.architecture]`.
    #[must_use]
    pub fn ring(&self) -> Option<&str> {
        self.metadata.as_ref()?.architecture.as_ref()?.ring.as_deref()
    }

    /// Directory of the manifest.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

impl Workspace {
    /// Asks Cargo for the workspace whose root manifest lies in `root`.
    ///
    /// # Errors
    /// A line that says why Cargo did not answer.
    pub fn load(root: &Path) -> Result<Self, String> {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
            .arg(root.join("Cargo.toml"))
            .output()
            .map_err(|error| format!("cargo metadata did not start: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let metadata: CargoMetadata =
            serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        Ok(Self { root: root.to_owned(), packages: metadata.packages })
    }

    /// This repository.
    ///
    /// # Errors
    /// As [`Workspace::load`].
    pub fn this() -> Result<Self, String> {
        Self::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
    }

    /// The member of that name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

/// All files below `dir` with this extension, in a fixed order.
#[must_use]
pub fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
