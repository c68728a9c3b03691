# Short names for a person; `just` alone lists them. The commands of the gate are spelled in `.ci/run`.

default:
    @just --list

# Start everything on a bare machine: database, demo world, simulators, gateway, worker.
demo *ARGS:
    cargo demo {{ARGS}}

# All tests, including those against a real Postgres.
test:
    .ci/run test

fmt:
    cargo fmt --all

fmt-check:
    .ci/run fmt

# Warnings are errors here and in CI.
clippy:
    .ci/run clippy

docs:
    .ci/run docs

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
