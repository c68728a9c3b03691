//! A new file in `migrations/` must reach the binary: the macro that embeds them cannot see that one was added.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
