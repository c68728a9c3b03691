use clap::{CommandFactory, Parser};

use super::*;
use crate::bench::Name;

fn given(text: &str) -> Vec<std::ffi::OsString> {
    arguments(text.split(' ').map(Into::into))
}

fn bench_of(text: &str) -> Result<(BenchArgs, bool), clap::Error> {
    let cli = Cli::try_parse_from(given(text))?;
    let Command::Bench(args) = cli.command else { unreachable!("a measurement") };
    Ok((args, cli.json))
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn one_leading_dash_pair_is_dropped() {
    assert_eq!(given("askpro demo -- --once"), given("askpro demo --once"));
    assert_eq!(given("askpro demo -- -- --once").len(), 4);
    assert_eq!(given("askpro simulate -- a.yaml").len(), 4);
    let cli = Cli::try_parse_from(given(
        "askpro demo -- --once --http 127.0.0.1:0 --clock 2026-11-24T09:00:00+01:00",
    ))
    .unwrap();
    let Command::Demo(args) = cli.command else { unreachable!("a demo") };
    assert!(args.once && args.http.port() == 0 && args.clock.is_some());
}

#[test]
fn a_clock_before_1970_or_far_ahead_is_refused_by_the_name_of_its_option() {
    for clock in [
        "1960-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:30:00+01:00",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "yesterday",
    ] {
        let told =
            Cli::try_parse_from(given(&format!("askpro demo --clock {clock}"))).unwrap_err().to_string();
        assert!(told.contains("--clock"), "{told}");
    }
    for clock in ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"] {
        assert!(Cli::try_parse_from(given(&format!("askpro demo --clock {clock}"))).is_ok(), "{clock}");
    }
}

#[test]
fn names_of_measurements_are_a_list_and_a_file_is_a_file() {
    let (all, json) = bench_of("askpro bench").unwrap();
    assert_eq!((all.names, all.file, all.limit_p99_ms, json), (vec![], None, None, false));
    for text in [
        "askpro bench tools --json figures.json --limit-p99-ms 50",
        "askpro bench --limit-p99-ms 50 --json figures.json tools",
        "askpro bench --json=figures.json tools --limit-p99-ms=50",
    ] {
        let (named, json) = bench_of(text).unwrap();
        assert_eq!(named.names, [Name::Tools], "{text}");
        assert_eq!(named.file.as_deref(), Some("figures.json".as_ref()), "{text}");
        assert_eq!((named.limit_p99_ms, json), (Some(50), false), "{text}");
    }
    let (printed, json) = bench_of("askpro bench tools --json").unwrap();
    assert_eq!((printed.names.len(), printed.file, json), (1, None, true));
    for swallowed in ["askpro bench --json tools", "askpro bench --json=tools"] {
        let told = bench_of(swallowed).unwrap_err().to_string();
        assert!(told.contains("`tools` is a measurement"), "{told}");
    }
    assert!(bench_of("askpro bench --json ./tools").unwrap().0.file.is_some());
    assert!(bench_of("askpro bench everything").is_err());
}

#[test]
fn proofs_with_rounds_take_a_seed_and_how_many() {
    let proof = |text: &str| {
        let cli = Cli::try_parse_from(given(text))?;
        let Command::Prove { what } = cli.command else { unreachable!("a proof") };
        Ok::<_, clap::Error>(what)
    };
    for name in ["lost-response", "outage", "reorder", "crash", "dst"] {
        let what = proof(&format!("askpro prove {name} --seed 3 --seeds 5 --json")).unwrap();
        let (Proof::LostResponse(Seeds { seed, seeds })
        | Proof::Outage(Seeds { seed, seeds })
        | Proof::Reorder(Seeds { seed, seeds })
        | Proof::Crash(Seeds { seed, seeds })
        | Proof::Dst { seed, seeds }) = what
        else {
            unreachable!("a proof with rounds")
        };
        assert_eq!((seed, seeds), (3, 5), "{name}");
        assert!(proof(&format!("askpro prove {name} --seeds 0")).is_err());
        // Its clock is put forward or its processes are killed: never those of a demo.
        assert!(proof(&format!("askpro prove {name} --ready target/demo/ready.json")).is_err());
    }
    assert!(matches!(proof("askpro prove race").unwrap(), Proof::Race { callers: 200, rounds: 5, .. }));
    for nobody in ["--callers 0", "--rounds 0"] {
        assert!(proof(&format!("askpro prove race {nobody}")).is_err(), "{nobody}");
    }
}
