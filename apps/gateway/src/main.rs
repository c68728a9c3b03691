//! The HTTP process. Everything is in the library of this package.

use clap::Parser as _;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    bootstrap::shutdown::exit_code(gateway::main(gateway::Command::parse()).await)
}
