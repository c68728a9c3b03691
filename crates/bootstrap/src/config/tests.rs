use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;

use super::*;

const NOTHING: [(&str, &str); 0] = [];

/// A file that is gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn with(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("askpro-config-{}-{}.toml", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn load(&self) -> Result<Loaded, ConfigError> {
        Config::load(&Sources::explicit(Some(self.0.clone()), NOTHING))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn from_environment(pairs: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    Config::load(&Sources::explicit(None, pairs.iter().copied()))
}

fn message(result: Result<Loaded, ConfigError>) -> String {
    let text = result.expect_err("it must be refused").to_string();
    assert!(!text.contains('\n'), "one line: {text}");
    text
}

#[test]
fn the_defaults_stand_by_themselves_and_need_their_secrets() {
    let loaded = from_environment(&NOTHING).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(loaded.config.voice.tool_deadline_ms, 800);
    let missing = |program| loaded.config.require_secrets(program).unwrap_err();
    assert_eq!(missing(Program::Gateway).key(), "database.url");
    assert_eq!(missing(Program::Worker).key(), "database.url");

    let with_database = from_environment(&[("DATABASE_URL", "postgres://x")]).unwrap();
    assert_eq!(with_database.config.require_secrets(Program::Gateway).unwrap_err().key(), "retell.api_keys");
    assert_eq!(with_database.config.require_secrets(Program::Worker), Ok(()));
}

#[test]
fn every_default_has_its_reason() {
    let mut reason = false;
    for line in include_str!("../../default.toml").lines() {
        if line.starts_with('#') {
            reason = true;
        } else if line.starts_with('[') || line.is_empty() {
            reason = false;
        } else {
            // Neighbours that one comment explains together stand without a blank line between them.
            assert!(reason, "no reason for `{line}`");
        }
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = Scratch::with(
        "[http]\nlisten = \"127.0.0.1:9\"\nmax_in_flight = 7\n[retell]\napi_keys = [\"key_from_file\"]\n",
    );
    let sources = Sources::explicit(
        Some(file.0.clone()),
        [
            ("ASKPRO__HTTP__LISTEN", "0.0.0.0:0"),
            ("ASKPRO__RETELL__API_KEYS", "key_number_one, key_number_two,"),
            ("HOME", "/nowhere"),
            ("DATABASE_URL", "postgres://a"),
            ("ASKPRO__DATABASE__URL", "postgres://b"),
            ("RUST_LOG", "debug"),
        ],
    );
    let config = Config::load(&sources).unwrap().config;
    assert_eq!(config.http.listen, "0.0.0.0:0".parse().unwrap());
    assert_eq!(config.http.max_in_flight, 7);
    assert_eq!(config.retell.api_keys.len(), 2);
    assert_eq!(config.database.url.expose(), "postgres://b");
    assert_eq!(config.telemetry.log, "debug");
    assert_eq!(config.http.max_body_bytes, 1 << 20);
}

#[test]
fn what_nobody_knows_is_refused_by_name() {
    assert_eq!(message(Scratch::with("[http]\nlisten_to = \"x\"").load()), "http.listen_to is not a setting");
    assert_eq!(
        message(Scratch::with("[htttp]\nlisten = \"x\"").load()),
        "htttp is not a section of the configuration"
    );
    assert_eq!(
        message(Scratch::with("listen = \"x\"").load()),
        "listen is not a section; settings belong into one"
    );
    assert_eq!(
        message(from_environment(&[("ASKPRO__HTTP__LISTEN_TO", "x")])),
        "ASKPRO__HTTP__LISTEN_TO names `http.listen_to`, which is not a setting"
    );
    assert_eq!(
        message(from_environment(&[("ASKPRO__HTTP", "x")])),
        "ASKPRO__HTTP is not of the form ASKPRO__SECTION__KEY"
    );
}

#[test]
fn what_has_the_wrong_type_or_size_is_refused_by_name() {
    for (variable, value, expected) in [
        ("ASKPRO__HTTP__MAX_IN_FLIGHT", "many", "ASKPRO__HTTP__MAX_IN_FLIGHT is not a whole number"),
        ("ASKPRO__HTTP__MAX_IN_FLIGHT", "0", "http.max_in_flight is 0, but must be 1 to 100000"),
        ("ASKPRO__HTTP__MAX_IN_FLIGHT", "-1", "http.max_in_flight is -1, below zero"),
        (
            "ASKPRO__DATABASE__MAX_CONNECTIONS",
            "99999999999",
            "database.max_connections is 99999999999, too large",
        ),
        ("ASKPRO__HTTP__LISTEN", "everywhere", "http.listen is `everywhere`, not an address with a port"),
        (
            "ASKPRO__WORKER__METRICS_LISTEN",
            "9464",
            "worker.metrics_listen is `9464`, not an address with a port",
        ),
        ("ASKPRO__TELEMETRY__FORMAT", "xml", "telemetry.format is `xml`, but must be `json` or `text`"),
        (
            "ASKPRO__RETELL__API_KEYS",
            "[\"key_number_one\"]",
            "ASKPRO__RETELL__API_KEYS is not a list separated by commas",
        ),
        ("ASKPRO__RETELL__API_KEYS", "short", "retell.api_keys has a key of fewer than 8 characters"),
        (
            "ASKPRO__RETENTION__JOB_HISTORY_DAYS",
            "7",
            "retention.job_history_days is 7, but must be 31 to 3650",
        ),
        (
            "ASKPRO__HTTP__MAX_EVENT_BODY_BYTES",
            "8388609",
            "http.max_event_body_bytes is 8388609, but must be 1024 to 8388608",
        ),
        ("ASKPRO__WORKER__SYNC_SLOTS", "0", "worker.sync_slots is 0, but must be 1 to 1000"),
    ] {
        assert_eq!(message(from_environment(&[(variable, value)])), expected);
    }
    assert_eq!(
        message(Scratch::with("[http]\nmax_in_flight = \"7\"").load()),
        "http.max_in_flight is a text, but must be a whole number"
    );
    assert_eq!(
        message(Scratch::with("[retell]\napi_keys = [1]").load()),
        "retell.api_keys has an item that is not text"
    );
}

#[test]
fn a_worker_shows_its_metrics_only_where_it_is_told_to() {
    let listen = |loaded: Loaded| loaded.config.worker.metrics_listen;
    assert_eq!(listen(from_environment(&NOTHING).unwrap()), None);
    let set = from_environment(&[("ASKPRO__WORKER__METRICS_LISTEN", "127.0.0.1:9464")]).unwrap();
    assert_eq!(listen(set), Some("127.0.0.1:9464".parse().unwrap()));
}

/// 120 a minute is what Cal.com allows one key (its rate limits as of 2026).
#[test]
fn what_one_account_is_asked_by_all_stays_below_what_its_provider_allows() {
    let calendar = from_environment(&NOTHING).unwrap().config.calendar;
    let parts =
        [Program::Gateway, Program::Worker, Program::Operator].map(|program| calendar.guards(program).budget);
    assert!(parts.iter().all(|part| part.window == TimeDelta::seconds(60)));
    assert!(parts.iter().map(|part| part.requests).sum::<u32>() < 120, "{parts:?}");
    assert!(calendar.guards_together().budget.requests < 120);
    assert_eq!(parts.map(|part| part.callers_percent > 0), [true, false, false]);
    assert_eq!(parts.map(|part| part.changes_percent > 0), [true, false, false]);
    let kept = [("ASKPRO__CALENDAR__CALLERS_PERCENT", "60"), ("ASKPRO__CALENDAR__NEWS_PERCENT", "31")];
    assert_eq!(
        message(from_environment(&kept)),
        "calendar.news_percent is 31; with callers_percent, or changes_percent if that is more, over 90 would be kept, and upkeep would never go on"
    );
}

#[test]
fn a_broken_file_is_named_without_being_quoted() {
    let file = Scratch::with("[retell]\napi_keys = [\"key_very_secret\n");
    let text = message(file.load());
    assert!(text.contains("is not TOML at line 2"), "{text}");
    assert!(!text.contains("very_secret"), "{text}");
    let absent = Config::load(&Sources::explicit(Some(PathBuf::from("/nowhere/askpro.toml")), NOTHING));
    assert!(message(absent).starts_with("/nowhere/askpro.toml cannot be read"));
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let keys = Scratch::with("key_first_secret\n\n  key_second_secret \n");
    let url = Scratch::with("postgres://gateway:hunter2@db/askpro\n");
    let loaded = from_environment(&[
        ("ASKPRO__RETELL__API_KEYS_FILE", keys.0.to_str().unwrap()),
        ("DATABASE_URL_FILE", url.0.to_str().unwrap()),
    ])
    .unwrap();
    assert_eq!(loaded.config.retell.api_keys[1].expose(), "key_second_secret");
    assert_eq!(loaded.config.database.url.expose(), "postgres://gateway:hunter2@db/askpro");
    let shown = format!("{}{:?}", loaded.printable(), loaded.config);
    for secret in ["first_secret", "second_secret", "hunter2", "postgres://"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(loaded.printable().contains("api_keys = \"(2 set)\""), "{}", loaded.printable());

    let absent = from_environment(&[("DATABASE_URL_FILE", "/nowhere/secret")]);
    assert!(message(absent).starts_with("database.url_file names /nowhere/secret, which cannot be read"));
}

#[test]
fn a_secret_and_its_file_are_one_setting_of_which_the_later_layer_wins() {
    let old = Scratch::with("postgres://old/askpro");
    let new = Scratch::with("postgres://new/askpro");
    let path = |file: &Scratch| file.0.to_str().unwrap().to_owned();
    let file_in_toml = Scratch::with(&format!("[database]\nurl_file = \"{}\"\n", path(&old)));
    let url_in_toml = Scratch::with("[database]\nurl = \"postgres://old/askpro\"\n");
    let new_file = path(&new);
    for (toml, variable, value, expected) in [
        (&file_in_toml, "DATABASE_URL", "postgres://env/askpro", "postgres://env/askpro"),
        (&file_in_toml, "ASKPRO__DATABASE__URL", "postgres://env/askpro", "postgres://env/askpro"),
        (&file_in_toml, "DATABASE_URL_FILE", &*new_file, "postgres://new/askpro"),
        (&url_in_toml, "DATABASE_URL_FILE", &*new_file, "postgres://new/askpro"),
        (&url_in_toml, "HOME", "/nowhere", "postgres://old/askpro"),
        (&file_in_toml, "HOME", "/nowhere", "postgres://old/askpro"),
    ] {
        let sources = Sources::explicit(Some(toml.0.clone()), [(variable, value)]);
        let config = Config::load(&sources).unwrap().config;
        assert_eq!(config.database.url.expose(), expected, "{variable}");
    }
    // Within the environment, the more exact name wins over the well-known one.
    let exact = from_environment(&[
        ("DATABASE_URL_FILE", &*new_file),
        ("ASKPRO__DATABASE__URL", "postgres://exact/askpro"),
    ]);
    assert_eq!(exact.unwrap().config.database.url.expose(), "postgres://exact/askpro");
    // An absent file that nobody needs is no mistake.
    let gone = Scratch::with("[database]\nurl_file = \"\"\n");
    let sources = Sources::explicit(Some(gone.0.clone()), [("DATABASE_URL", "postgres://env/askpro")]);
    assert_eq!(Config::load(&sources).unwrap().config.database.url.expose(), "postgres://env/askpro");
}

#[test]
fn a_secret_and_its_file_in_one_layer_are_a_mistake_that_is_named() {
    let key = Scratch::with("key_very_secret");
    let path = key.0.to_str().unwrap();
    let toml =
        Scratch::with(&format!("[retell]\napi_keys = [\"key_very_secret\"]\napi_keys_file = \"{path}\"\n"));
    let told = message(toml.load());
    assert!(told.starts_with("retell.api_keys and retell.api_keys_file are both set in /"), "{told}");
    assert!(!told.contains("very_secret"), "{told}");
    for pairs in [
        [("DATABASE_URL", "postgres://a"), ("DATABASE_URL_FILE", path)],
        [("ASKPRO__DATABASE__URL", "postgres://a"), ("ASKPRO__DATABASE__URL_FILE", path)],
    ] {
        let told = message(from_environment(&pairs));
        assert!(
            told.starts_with("database.url and database.url_file are both set in the environment"),
            "{told}"
        );
    }
}

#[test]
fn proxies_are_networks_or_a_mistake_that_is_named() {
    let loaded = from_environment(&[("ASKPRO__HTTP__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7")]).unwrap();
    assert_eq!(loaded.config.http.trusted_proxies().unwrap().len(), 2);
    let told = message(from_environment(&[("ASKPRO__HTTP__TRUSTED_PROXIES", "10.0.0.1/8")]));
    assert!(told.starts_with("http.trusted_proxies has `10.0.0.1/8`"), "{told}");
}

#[test]
fn redis_is_optional_and_its_address_a_secret() {
    assert!(from_environment(&NOTHING).unwrap().config.redis.reached().is_none());
    let loaded = from_environment(&[("REDIS_URL", "redis://:hunter2@cache/0")]).unwrap();
    let reached = loaded.config.redis.reached().unwrap();
    assert_eq!(reached.url, "redis://:hunter2@cache/0");
    assert_eq!((reached.timeout.as_millis(), reached.prefix.as_str()), (50, "askpro"));
    assert!(!loaded.printable().contains("hunter2") && !format!("{:?}", loaded.config).contains("hunter2"));
    assert_eq!(loaded.warnings, Vec::<String>::new());
    for (settings, key) in [
        (
            [("REDIS_URL", "rediss://:hunter2@cache/0"), ("ASKPRO__REDIS__RETRY_MS", "1000")],
            "redis.url asks for TLS",
        ),
        (
            [("REDIS_URL", "cache:hunter2"), ("ASKPRO__REDIS__RETRY_MS", "1000")],
            "redis.url is not of the form",
        ),
        ([("REDIS_URL", ""), ("ASKPRO__REDIS__TIMEOUT_MS", "51")], "redis.timeout_ms is 51"),
        ([("REDIS_URL", ""), ("ASKPRO__REDIS__PREFIX", "a b")], "redis.prefix must be"),
    ] {
        let text = message(from_environment(&settings));
        assert!(text.starts_with(key), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_pointed_out() {
    for (variable, value, key) in [
        ("ASKPRO__VOICE__TOOL_DEADLINE_MS", "9000", "voice.tool_deadline_ms"),
        (
            "ASKPRO__DATABASE__LOCK_TIMEOUT_MS",
            "400",
            "database.acquire_timeout_ms and database.lock_timeout_ms",
        ),
        ("ASKPRO__HTTP__REQUEST_TIMEOUT_MS", "12000", "http.request_timeout_ms"),
        ("ASKPRO__SHUTDOWN__GRACE_MS", "100", "shutdown.grace_ms"),
    ] {
        let loaded = from_environment(&[(variable, value)]).unwrap();
        assert!(
            loaded.warnings.iter().any(|warning| warning.starts_with(key)),
            "{variable}: {:?}",
            loaded.warnings
        );
    }
}

#[test]
fn keys_for_secrets_are_checked_at_start_and_never_quoted() {
    let key = format!("one:{}=", "A".repeat(43));
    let good = from_environment(&[("ASKPRO__SECRETS__KEYS", &key)]).unwrap();
    assert!(!good.config.secrets.sealer().unwrap().is_empty());
    assert!(!good.printable().contains("AAAA") && !format!("{:?}", good.config).contains("AAAA"));
    let none = from_environment(&NOTHING).unwrap();
    assert!(none.config.secrets.sealer().unwrap().is_empty());

    let text = message(from_environment(&[("ASKPRO__SECRETS__KEYS", "one:AAAAAAAA")]));
    assert!(text.starts_with("secrets.keys cannot be used: entry 1"), "{text}");
    assert!(!text.contains("AAAA"), "{text}");
}
