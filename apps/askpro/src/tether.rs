//! Processes of the product that end with the command that started them.
//!
//! Whoever measures or proves starts gateway and worker as processes of their own, and may be killed before it can end
//! them. So it holds the other end of their standard input: when that ends, it is gone, and so are they. What Postgres
//! needs for the same is in `provision`.

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// The option that makes this program end with its standard input, before the name of the command.
pub const OPTION: &str = "ends-with-stdin";

/// Starts this program so that it ends with us, whatever ends us; dropped, it is killed. The child's standard input has
/// to be kept as long as the child shall live, and waiting for a child closes it.
#[must_use]
pub fn tied(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(format!("--{OPTION}")).stdin(Stdio::piped()).kill_on_drop(true);
    command
}

/// From now on this process ends when its standard input does. Nothing is finished then, as if it had been killed:
/// whoever could be told is gone.
///
/// # Errors
/// If there is no thread for it.
pub fn end_with_stdin() -> std::io::Result<()> {
    let wait = || {
        // An error is an end, too.
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        std::process::exit(1);
    };
    std::thread::Builder::new().name("tether".to_owned()).spawn(wait).map(drop)
}
