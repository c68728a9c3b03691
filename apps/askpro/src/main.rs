//! The tool a person uses. Everything is in the library of this package.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    askpro::cli::main(std::env::args_os()).await
}
