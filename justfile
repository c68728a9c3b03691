# The only place where commands are spelled; CI calls the same recipes. `just` alone lists them.

default:
    @just --list

# Start everything on a bare machine: database, demo world, simulators, gateway, worker.
demo *ARGS:
    cargo demo {{ARGS}}

# All tests, including those against a real Postgres.
test:
    cargo test --workspace

fmt:
    cargo fmt --all

fmt-check:
    cargo fmt --all --check

# Warnings are errors here and in CI.
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# What CI runs, in its order.
gate:
    .ci/run

# Licences, advisories, bans; needs cargo-deny.
deny:
    cargo deny check

# The figures of the date library on its own cases.
german *ARGS:
    cargo run --release -q -p german-datetime --example understand {{ARGS}}

# Two hundred callers, one slot.
race:
    cargo run --release -q -p askpro -- prove race
