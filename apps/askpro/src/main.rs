//! The tool a person uses. Everything is in the library of this package.

use clap::Parser as _;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let cli = askpro::cli::Cli::parse_from(askpro::cli::arguments(std::env::args_os()));
    match askpro::cli::run(cli).await {
        Ok(code) => code,
        Err(error) => bootstrap::shutdown::exit_code(Err(error)),
    }
}
