//! The cache of fetched packages.
//!
//! One directory per fetched tree. A tree is built in a staging directory and renamed when it is complete, so that
//! what is there is always whole, whoever was killed meanwhile.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::binaries::subdirs;
use crate::command::POLL;
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::place;

/// How long another process may take to fetch a package before we stop waiting for it.
const LONGEST_FETCH: Duration = Duration::from_secs(900);

/// Staging directories begin with this.
const STAGING: &str = "staging-";

/// The directory of fetched packages.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

impl Store {
    pub(crate) fn open(root: PathBuf) -> Result<Self, ProvisionError> {
        place::open_up(&root)?;
        Ok(Self { root })
    }

    /// The store in the cache directory `wanted`, or in the usual one, that `user` can run programs from.
    pub(crate) fn near(wanted: Option<&Path>, user: ServiceUser) -> Result<Self, String> {
        place::cache_dir(wanted, user).and_then(Self::open).map_err(|error| error.to_string())
    }

    /// The complete trees.
    pub(crate) fn trees(&self) -> Result<Vec<PathBuf>, String> {
        let mut trees = subdirs(&self.root);
        trees.retain(|dir| !dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(STAGING)));
        Ok(trees)
    }

    /// The tree called `name`, built by `build` in an empty directory if it is not there yet.
    ///
    /// Only one process builds at a time; the others wait and find what it made.
    pub(crate) fn get(
        &self,
        name: &str,
        build: impl FnOnce(&Path) -> Result<PathBuf, String>,
    ) -> Result<PathBuf, String> {
        let wanted = self.root.join(name);
        let _only_me = self.lock()?;
        if wanted.is_dir() {
            return Ok(wanted);
        }
        for dir in subdirs(&self.root) {
            // With the lock held, a staging directory can only be what a killed process left.
            if dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(STAGING)) {
                let _ = fs::remove_dir_all(dir);
            }
        }
        let random = place::random_hex(6).map_err(|error| error.to_string())?;
        let staging = self.root.join(format!("{STAGING}{random}"));
        let built = place::own_dir(&staging)
            .and_then(|dir| place::open_up(&dir).map(|()| dir))
            .map_err(|error| error.to_string())
            .and_then(|dir| build(&dir))
            .and_then(|tree| {
                place::open_up(&tree).map_err(|error| error.to_string())?;
                fs::rename(&tree, &wanted)
                    .map_err(|error| format!("cannot keep {}: {error}", wanted.display()))
            });
        let _ = fs::remove_dir_all(&staging);
        built.map(|()| wanted)
    }

    fn lock(&self) -> Result<File, String> {
        let path = self.root.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| format!("cannot open {}: {error}", path.display()))?;
        let until = Instant::now() + LONGEST_FETCH;
        while file.try_lock().is_err() {
            if Instant::now() > until {
                return Err("another process has been fetching for too long".to_owned());
            }
            std::thread::sleep(POLL);
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        let dir = std::env::temp_dir().join(format!("provision-store-{}", place::random_hex(6).unwrap()));
        Store::open(place::own_dir(&dir).unwrap()).unwrap()
    }

    #[test]
    fn a_tree_is_built_once() {
        let store = store();
        let build = |dir: &Path| {
            let tree = dir.join("tree");
            fs::create_dir(&tree).map_err(|error| error.to_string())?;
            Ok(tree)
        };
        let first = store.get("one", build).unwrap();
        let second = store.get("one", |_| Err("must not be built again".to_owned())).unwrap();
        assert_eq!(first, second);
        assert_eq!(store.trees().unwrap(), [first]);
        fs::remove_dir_all(&store.root).unwrap();
    }

    #[test]
    fn a_failed_or_interrupted_build_leaves_nothing() {
        let store = store();
        fs::create_dir(store.root.join(format!("{STAGING}dead"))).unwrap();
        let failed = store.get("one", |dir| {
            fs::write(dir.join("half"), "x").map_err(|error| error.to_string())?;
            Err("no network".to_owned())
        });
        assert_eq!(failed, Err("no network".to_owned()));
        assert!(store.trees().unwrap().is_empty());
        assert!(subdirs(&store.root).is_empty());
        fs::remove_dir_all(&store.root).unwrap();
    }
}
