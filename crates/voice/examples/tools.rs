//! Prints the reference of tools: `cargo run -q -p voice --example tools > docs/api/tools.md`.

fn main() {
    print!("{}", voice::reference::markdown());
}
