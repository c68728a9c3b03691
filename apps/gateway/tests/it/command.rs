//! The command line: what is said when something is missing.

use std::process::{Command, Output};

use testkit::TestDatabase;

/// The program with exactly these variables, in a directory without a configuration file.
fn gateway(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gateway"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap()
}

fn one_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    text
}

#[test]
fn a_missing_secret_stops_the_start_with_its_name() {
    let nothing = gateway(&[], &[]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(one_line(&nothing).contains("database.url is not set"));

    let keyless = gateway(&[], &[("DATABASE_URL", "postgres://gateway:hunter2@127.0.0.1:1/x")]);
    assert_eq!(keyless.status.code(), Some(1));
    assert!(one_line(&keyless).contains("retell.api_keys is not set"));
    assert!(!one_line(&keyless).contains("hunter2"));
}

#[test]
fn an_unknown_setting_stops_the_start_with_its_name() {
    let output = gateway(&[], &[("ASKPRO__HTTP__PORT", "80")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(one_line(&output).contains("ASKPRO__HTTP__PORT names `http.port`, which is not a setting"));
    let absent = gateway(&["--config", "/nowhere/askpro.toml"], &[]);
    assert!(one_line(&absent).contains("/nowhere/askpro.toml cannot be read"));
}

#[test]
fn checking_prints_what_is_in_effect_without_secrets() {
    let output = gateway(
        &["config", "check"],
        &[
            ("DATABASE_URL", "postgres://gateway:hunter2@127.0.0.1:1/x"),
            ("ASKPRO__RETELL__API_KEYS", "key_very_secret"),
            ("ASKPRO__HTTP__REQUEST_TIMEOUT_MS", "11000"),
        ],
    );
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("request_timeout_ms = 11000"), "{text}");
    assert!(text.contains("tool_deadline_ms = 800"), "{text}");
    assert!(text.contains("# warning: http.request_timeout_ms"), "{text}");
    for secret in ["hunter2", "very_secret", "postgres://"] {
        assert!(!text.contains(secret), "{text}");
    }
    let incomplete = gateway(&["config", "check"], &[]);
    assert_eq!(incomplete.status.code(), Some(1), "a check that passes means that it will start");
}

/// What a person must change ends the start, and the last line says where.
#[tokio::test]
async fn a_database_that_can_never_be_used_stops_the_start_with_the_name_of_the_key() {
    let database = TestDatabase::fresh().await;
    let right = database.gateway_url();
    let (head, tail) = right.rsplit_once('@').unwrap();
    let (user, _) = head.rsplit_once(':').unwrap();
    for (url, cause) in [
        (format!("{user}:hunter2@{tail}"), "gateway"),
        (right.replace(database.name(), "no_such_database"), "no_such_database"),
        (database.administrator_url(), "row level security, which keeps companies apart, would not bind it"),
    ] {
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("ASKPRO__RETELL__API_KEYS", "key_test_gateway_command"),
            ("ASKPRO__HTTP__LISTEN", "127.0.0.1:0"),
            ("ASKPRO__DATABASE__ACQUIRE_TIMEOUT_MS", "30000"),
        ];
        let output = gateway(&[], &settings);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        let named: Vec<&str> = text.lines().filter(|line| line.contains("database.url")).collect();
        let [line] = named[..] else { panic!("one line names the key: {text}") };
        assert!(line.starts_with("error: database.url cannot be used: ") && line.contains(cause), "{line}");
        assert!(!text.contains("hunter2") && !text.contains("postgres://"), "{text}");
    }
}
