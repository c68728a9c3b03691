//! The background process. Everything is in the library of this package.

use clap::Parser as _;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    bootstrap::shutdown::exit_code(worker::main(worker::Command::parse()).await)
}
