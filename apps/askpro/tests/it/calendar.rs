//! Outside calendars on the command line.

use std::path::{Path, PathBuf};

use askpro::admin::{Office, Target};
use askpro::calendar::CalendarCommand;
use askpro::why::{Wanted, WhyArgs};
use clap::Parser as _;
use kernel::{IdGenerator as _, RandomIds};
use serde_json::Value;
use simulators::calcom;
use testkit::TestDatabase;
use testkit::scenario::Salon;

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(subcommand)]
    command: CalendarCommand,
}

struct Desk {
    office: Office,
    files: PathBuf,
}

impl Desk {
    async fn open(database: &TestDatabase) -> Self {
        let target = Target {
            database: Some(database.administrator_url()),
            ready: PathBuf::from("unused"),
            person: "anna".to_owned(),
        };
        let files = std::env::temp_dir().join(format!("askpro-calendar-{}", RandomIds.next_uuid().simple()));
        std::fs::create_dir_all(&files).unwrap();
        std::fs::write(files.join("key"), "cal_live_1234\n").unwrap();
        std::fs::write(files.join("hook"), "whsec_1234\n").unwrap();
        let config = format!("[secrets]\nkeys = [\"one:{}=\"]\n", "A".repeat(43));
        std::fs::write(files.join("keys.toml"), config).unwrap();
        std::fs::write(files.join("none.toml"), "").unwrap();
        Self { office: Office::open(&target, "calendar").await.unwrap(), files }
    }

    async fn say(&self, line: &str) -> Result<Vec<Value>, String> {
        let given = line.split(' ').map(|word| word.replace('~', " "));
        let words = std::iter::once("calendar".to_owned()).chain(given);
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        line.command.run(&self.office).await.map_err(|error| format!("{error:#}"))
    }

    fn file(&self, name: &str) -> String {
        self.files.join(name).display().to_string()
    }

    async fn connect(&self, base_url: &str, config: &str) -> Result<Vec<Value>, String> {
        let (key, hook, config) = (self.file("key"), self.file("hook"), self.file(config));
        self.say(&format!(
            "connect --tenant salon-1 --base-url {base_url}/ --api-key-file {key} --webhook-secret-file {hook} \
             --config {config}"
        ))
        .await
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(Path::new(&self.files));
    }
}

#[tokio::test]
async fn a_company_is_connected_linked_and_looked_after() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT s.name FROM services s UNION ALL SELECT t.name FROM staff t WHERE t.id = $1",
    )
    .bind(salon.staff.as_uuid())
    .fetch_all(admin)
    .await
    .unwrap();
    let (service, staff) = (names[0].replace(' ', "~"), names[1].replace(' ', "~"));
    let desk = Desk::open(&database).await;
    let link = format!("link --tenant salon-1 --service {service} --staff {staff} --event-type");

    let provider = serve(own_account()).await;
    let unsealed = desk.connect(provider.url(), "none.toml").await.unwrap_err();
    assert!(unsealed.starts_with("secrets.keys is not set"), "{unsealed}");
    let early = desk.say(&format!("{link} 4711")).await.unwrap_err();
    assert!(early.contains("no connection that is switched on"), "{early}");

    let made = desk.connect(provider.url(), "keys.toml").await.unwrap();
    let id = made[0]["connection"].as_str().unwrap().to_owned();
    assert_eq!(made[0]["webhook_path"], format!("/api/calcom/webhook/{id}"));
    assert_eq!(made[0]["base_url"], provider.url());
    let linked = desk.say(&format!("{link} 4711 --host anna")).await.unwrap();
    assert_eq!((&linked[0]["event_type"], &linked[0]["host"]), (&"4711".into(), &"anna".into()));

    let listed = desk.say("list").await.unwrap();
    assert_eq!((listed.len(), &listed[0]["key"], &listed[0]["links"]), (2, &"one".into(), &1.into()));
    let shown = format!("{made:?} {listed:?}");
    assert!(!shown.contains("cal_live") && !shown.contains("whsec"), "{shown}");

    for (line, problem) in [
        (
            format!("link --tenant salon-1 --service Nichts --staff {staff} --event-type 1"),
            "has no service `Nichts`",
        ),
        (
            format!("link --tenant salon-1 --service {service} --staff Niemand --event-type 1"),
            "nobody called `Niemand`",
        ),
        ("list --tenant salon-9".to_owned(), "there is no company `salon-9`"),
        (format!("{link} ä"), "--event-type: `ä`"),
        ("disable cnx_1".to_owned(), "`cnx_1` is no connection"),
        ("resolve rev_00000000000000000000000000000001".to_owned(), "there is no question"),
    ] {
        let refused = desk.say(&line).await.unwrap_err();
        assert!(refused.contains(problem) && !refused.contains('\n'), "{line}: {refused}");
    }

    sqlx::query(
        "INSERT INTO calendar_reviews (tenant_id, id, connection_id, reason, detail, opened_at)
         SELECT tenant_id, gen_random_uuid(), id, 'account_refused', 'unauthorized', app.now() FROM calendar_connections",
    )
    .execute(admin)
    .await
    .unwrap();
    let asked = desk.say("reviews --tenant salon-1").await.unwrap();
    let review = asked[0]["review"].as_str().unwrap();
    assert_eq!(asked[0]["reason"], "account_refused");
    desk.say(&format!("resolve {review}")).await.unwrap();
    assert!(desk.say(&format!("resolve {review}")).await.unwrap_err().contains("was answered before"));
    assert!(desk.say("reviews").await.unwrap().is_empty());

    sqlx::query(
        "INSERT INTO calendar_differences (tenant_id, connection_id, became, uid, detail, first_found_at, last_found_at)
         SELECT tenant_id, id, became, 'uid-1', 'here it stood at ten', app.now() - age, app.now() - age
           FROM calendar_connections,
                (VALUES ('imported', interval '1 hour'), ('disputed', '1 minute')) AS found (became, age)",
    )
    .execute(admin)
    .await
    .unwrap();
    let told = desk.say("differences --tenant salon-1").await.unwrap();
    assert_eq!((&told[0]["became"], &told[1]["became"]), (&"disputed".into(), &"imported".into()));
    assert_eq!(told[0]["booking"], "uid-1");
    assert_eq!(
        (&told[0]["connection"], &told[0]["detail"]),
        (&id.clone().into(), &"here it stood at ten".into())
    );
    assert_eq!(desk.say("differences --limit 1").await.unwrap(), told[..1]);
    assert!(desk.say("differences --limit 0").await.unwrap_err().contains("--limit"));

    for reason in ["account_refused", "not_assignable"] {
        sqlx::query(
            "INSERT INTO calendar_reviews (tenant_id, id, connection_id, reason, uid, detail, opened_at)
             SELECT tenant_id, gen_random_uuid(), id, $1, 'uid-1', 'at ten', app.now() FROM calendar_connections",
        )
        .bind(reason)
        .execute(admin)
        .await
        .unwrap();
        let asked = desk.say("reviews --tenant salon-1").await.unwrap();
        let review = asked[0]["review"].as_str().unwrap();
        let settle =
            |decision: &str| format!("settle {review} {decision} --config {}", desk.file("keys.toml"));
        let retried = desk.say(&settle("retry")).await.unwrap_err();
        if reason == "account_refused" {
            assert!(retried.contains("connect it with a key"), "{retried}");
            desk.say(&format!("resolve {review}")).await.unwrap();
            continue;
        }
        assert!(retried.contains("no open appointment"), "{retried}");
        let settled = desk.say(&settle("stands")).await.unwrap();
        assert_eq!((&settled[0]["decided"], &settled[0]["resolved"]), (&"stands".into(), &true.into()));
        assert!(desk.say(&settle("stands")).await.unwrap_err().contains("was answered before"));
        assert!(desk.say(&settle("perhaps")).await.unwrap_err().contains("withdraw"));
    }

    sqlx::raw_sql(
        "WITH known AS (
             INSERT INTO customers (tenant_id, id, source, created_at)
             SELECT tenant_id, gen_random_uuid(), 'import', app.now() FROM calendar_connections RETURNING tenant_id, id
         ), booked AS (
             INSERT INTO appointments (tenant_id, id, branch_id, customer_id, service_id, staff_id, starts_at, ends_at,
                                       timezone, status, source, price_minor, currency, sync_state, created_at)
             SELECT k.tenant_id, gen_random_uuid(), b.id, k.id, s.id, p.id, app.now() + interval '1 day',
                    app.now() + interval '25 hours', 'Europe/Berlin', 'needs_attention', 'voice_agent', 0, 'EUR',
                    'failed', app.now()
               FROM known k, LATERAL (SELECT id FROM branches b WHERE b.tenant_id = k.tenant_id LIMIT 1) b,
                    LATERAL (SELECT id FROM services s WHERE s.tenant_id = k.tenant_id LIMIT 1) s,
                    LATERAL (SELECT id FROM staff p WHERE p.tenant_id = k.tenant_id LIMIT 1) p
             RETURNING tenant_id, id
         )
         INSERT INTO calendar_reviews (tenant_id, id, connection_id, reason, appointment_id, detail, opened_at)
         SELECT b.tenant_id, gen_random_uuid(), c.id, 'copy_refused', b.id, 'taken', app.now()
           FROM booked b JOIN calendar_connections c ON c.tenant_id = b.tenant_id",
    )
    .execute(admin)
    .await
    .unwrap();
    let asked = desk.say("reviews --tenant salon-1").await.unwrap();
    let resolve = format!("resolve {}", asked[0]["review"].as_str().unwrap());
    let refused = desk.say(&resolve).await.unwrap_err();
    assert!(refused.contains("is not certain yet: decide with `settle "), "{refused}");
    sqlx::raw_sql("UPDATE appointments SET status = 'confirmed'").execute(admin).await.unwrap();
    desk.say(&resolve).await.unwrap();

    desk.say(&format!("disable {id}")).await.unwrap();
    assert_eq!(desk.say("list").await.unwrap()[0]["active"], false);
    desk.say(&format!("enable {id}")).await.unwrap();
    let unlink = format!("unlink --tenant salon-1 --service {service} --staff {staff}");
    desk.say(&unlink).await.unwrap();
    assert!(desk.say(&unlink).await.unwrap_err().contains("is not linked"));
    provider.stop().await;
}

#[tokio::test]
async fn an_account_that_does_not_answer_is_not_connected_and_one_that_does_keeps_its_key() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    Salon::company(admin, 1).await;
    let desk = Desk::open(&database).await;
    let provider = serve(own_account()).await;
    let gone = serve(own_account()).await;
    let nowhere = gone.url().to_owned();
    gone.stop().await;
    std::fs::write(desk.files.join("wrong"), "cal_live_9999\n").unwrap();
    let connect = async |base_url: &str, key: &str, rest: &str| {
        let (key, config) = (desk.file(key), desk.file("keys.toml"));
        let line =
            format!("connect --tenant salon-1 --base-url {base_url} --api-key-file {key} --config {config}");
        desk.say(&format!("{line}{rest}")).await
    };
    let hook = " --gateway-url https://gateway.example";
    for (base_url, key, rest, problem) in [
        (provider.url(), "wrong", hook, "refused the question (401"),
        (provider.url(), "wrong", "", "refused the question (401"),
        (provider.url(), "key", " --team 31", "refused the question (404"),
        (nowhere.as_str(), "key", hook, "does not answer (connect)"),
    ] {
        let refused = connect(base_url, key, rest).await.unwrap_err();
        let says = format!("{base_url} was not connected, and nothing was changed here: ");
        assert!(refused.starts_with(&says) && refused.contains(problem), "{refused}");
        assert!(desk.say("list").await.unwrap().is_empty());
    }

    let made = connect(provider.url(), "key", hook).await.unwrap();
    // A new key that the account does not take is not the account's key.
    connect(provider.url(), "wrong", "").await.unwrap_err();
    connect(&nowhere, "key", "").await.unwrap_err();
    let hooks =
        desk.say(&format!("hooks --tenant salon-1 --config {}", desk.file("keys.toml"))).await.unwrap();
    assert_eq!((hooks.len(), &hooks[0]["connection"]), (1, &made[0]["connection"]));

    // Where the webhooks alone fail, the same once more is the same connection.
    desk.say(&format!("disable {}", made[0]["connection"].as_str().unwrap())).await.unwrap();
    let forbidden = calcom::Effect::Status { status: 403, body: None, took_effect: false };
    provider.order(calcom::Fault::once(calcom::Operation::Webhooks, forbidden));
    let half = connect(provider.url(), "key", hook).await.unwrap_err();
    assert!(half.contains("is connected, but its webhooks are not: `connect` once more goes on"), "{half}");
    let again = connect(provider.url(), "key", hook).await.unwrap();
    assert_eq!(again[0]["new"], false);
    assert!(half.contains(again[0]["connection"].as_str().unwrap()), "{half}");
    assert_eq!(desk.say("list").await.unwrap().len(), 2);
    provider.stop().await;
}

#[tokio::test]
async fn a_missing_key_is_no_silence_of_the_calendar() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    Salon::company(admin, 1).await;
    let desk = Desk::open(&database).await;
    let provider = serve(own_account()).await;
    desk.connect(provider.url(), "keys.toml").await.unwrap();
    provider.stop().await;
    let performed = "--tenant salon-1 --service Herrenhaarschnitt --staff Anna~Petersen";
    desk.say(&format!("link {performed} --event-type 4711")).await.unwrap();
    let day: chrono::NaiveDate =
        sqlx::query_scalar("SELECT (app.now() + interval '3 days')::date").fetch_one(admin).await.unwrap();
    let why = async |time: &str| {
        let wanted = Wanted {
            tenant: "salon-1".to_owned(),
            branch: None,
            service: "Herrenhaarschnitt".to_owned(),
            staff: Some("Anna Petersen".to_owned()),
        };
        let at = format!("{day}T{time}:00+01:00");
        let asked = WhyArgs { wanted, at, config: Some(desk.file("none.toml").into()) };
        asked.run(&desk.office).await.map_err(|error| format!("{error:#}"))
    };
    let unasked = &why("10:00").await.unwrap()[1]["reason"];
    assert_eq!(unasked["code"], "outside_calendar_not_asked", "{unasked}");
    let said = unasked["detail"]["why"].as_str().unwrap();
    assert!(said.starts_with("secrets.keys is not set"), "{said}");
    // What needs no look into the calendar is told without a key.
    let night = why("03:00").await.unwrap();
    assert_eq!(night[1]["reason"]["code"], "outside_opening_hours", "{night:?}");
}

/// Somebody's own account.
fn own_account() -> calcom::Account {
    calcom::Account::new(
        "salon-1",
        "cal_live_1234",
        calcom::Host::new(7, "Anna Petersen", "anna@example.org"),
    )
}

async fn serve(account: calcom::Account) -> calcom::Simulator {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    calcom::serve(listener, calcom::World::new().with(account), calcom::ShiftedClock { offset_ms: 0 })
        .unwrap()
}

/// An account with a team: one event type of both people, one of somebody unknown, one that nobody here offers.
async fn account(service: &str, people: [&str; 2]) -> calcom::Simulator {
    let hosts = [(7, people[0]), (8, people[1]), (9, "Zoe Fremd")];
    let mut hosts =
        hosts.map(|(id, name)| calcom::Host::new(id, name, &format!("host{id}@example.org"))).into_iter();
    let member = |user_id| calcom::Membership {
        id: user_id + 100,
        user_id,
        role: "MEMBER".to_owned(),
        accepted: true,
    };
    let team = calcom::Team {
        id: 30,
        name: "Salon".to_owned(),
        slug: "salon".to_owned(),
        members: [7, 8, 9].map(member).into(),
    };
    let of_team = |id, title: &str, minutes, hosts: &[u64]| {
        let mut event_type = calcom::EventType::round_robin(id, &format!("e-{id}"), minutes, 30, hosts);
        event_type.title = title.to_owned();
        event_type
    };
    let account = hosts.by_ref().fold(None, |account: Option<calcom::Account>, host| {
        Some(match account {
            None => calcom::Account::new("salon-1", "cal_live_1234", host),
            Some(account) => account.host(host),
        })
    });
    let account = account
        .unwrap()
        .team(team)
        .event_type(of_team(501, service, 30, &[7, 8, 9]))
        .event_type(of_team(502, &format!("{service} lang"), 50, &[7]))
        .event_type(of_team(503, "Ganz etwas anderes", 30, &[7]));
    serve(account).await
}

#[tokio::test]
async fn an_account_is_connected_again_hooked_and_imported_by_its_names() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    Salon::company(admin, 1).await;
    let service: String = sqlx::query_scalar("SELECT name FROM services").fetch_one(admin).await.unwrap();
    let people: Vec<String> =
        sqlx::query_scalar("SELECT name FROM staff ORDER BY position").fetch_all(admin).await.unwrap();
    let provider = account(&service, [&people[0], &people[1]]).await;
    let desk = Desk::open(&database).await;
    let (key, config) = (desk.file("key"), desk.file("keys.toml"));
    let connect = format!(
        "connect --tenant salon-1 --base-url {} --team 30 --api-key-file {key} --config {config} --gateway-url",
        provider.url()
    );
    let made = desk.say(&format!("{connect} https://gateway.example")).await.unwrap();
    let id = made[0]["connection"].as_str().unwrap().to_owned();
    assert_eq!(made[0]["new"], true);
    let again = desk.say(&format!("{connect} https://gateway.example")).await.unwrap();
    assert_eq!((&again[0]["connection"], &again[0]["new"]), (&made[0]["connection"], &false.into()));
    assert_eq!(again[0]["webhooks"], made[0]["webhooks"], "one registration, with the secret that is kept");
    assert!(desk.say(&format!("{connect} ftp://x")).await.unwrap_err().contains("https://"));

    let url = format!("https://gateway.example/api/calcom/webhook/{id}");
    let whose = format!("--tenant salon-1 --config {config}");
    let hooks = desk.say(&format!("hooks {whose}")).await.unwrap();
    assert_eq!(hooks.len(), 3, "one for each event type of the team");
    assert!(hooks.iter().all(|hook| hook["url"] == url.as_str() && hook["ours"] == true), "{hooks:?}");
    // What the provider signs with is what is sealed here, and nobody sees it.
    assert!(!format!("{made:?} {hooks:?}").contains("whsec"));

    let proposed = desk.say(&format!("import {whose} --dry-run")).await.unwrap();
    let results = |lines: &[Value]| {
        let line = |line: &Value| {
            let about = line["host"].as_str().or(line["why"].as_str()).unwrap_or_default();
            format!("{} {} {about}", line["event_type"].as_str().unwrap(), line["result"].as_str().unwrap())
        };
        let mut all: Vec<_> = lines.iter().map(line).collect();
        all.sort();
        all
    };
    let rest = ["501 not_mapped no_person", "502 not_mapped other_length", "503 not_mapped no_service"];
    let with = |word: &str| {
        let mut all = vec![format!("501 {word} 7"), format!("501 {word} 8")];
        all.extend(rest.map(str::to_owned));
        all.sort();
        all
    };
    assert_eq!(results(&proposed), with("proposed"));
    assert_eq!(desk.say("list").await.unwrap().len(), 1, "nothing is linked yet");
    assert_eq!(results(&desk.say(&format!("import {whose}")).await.unwrap()), with("linked"));
    assert_eq!(results(&desk.say(&format!("import {whose}")).await.unwrap()), with("linked_before"));
    assert_eq!(desk.say("list").await.unwrap().len(), 3);

    // What a person has linked otherwise stays, unless it shall not.
    let (name, person) = (service.replace(' ', "~"), people[0].replace(' ', "~"));
    desk.say(&format!("link --tenant salon-1 --service {name} --staff {person} --event-type 99"))
        .await
        .unwrap();
    let kept = results(&desk.say(&format!("import {whose}")).await.unwrap());
    for told in ["501 linked_otherwise 7", "99 gone_there "] {
        assert!(kept.contains(&told.to_owned()), "{kept:?}");
    }
    let replaced = results(&desk.say(&format!("import {whose} --replace")).await.unwrap());
    assert!(replaced.contains(&"501 linked 7".to_owned()), "{replaced:?}");
    assert!(!replaced.iter().any(|line| line.starts_with("99")), "{replaced:?}");

    // What the team offers since then tells us, too.
    let new = calcom::EventType::round_robin(504, "e-504", 30, 30, &[7]);
    provider.put_event_type("salon-1", new).unwrap();
    let imported = desk.say(&format!("import {whose}")).await.unwrap();
    let told: Vec<_> = imported.iter().filter(|line| line["result"] == "registered").collect();
    assert_eq!((told.len(), told[0]["webhooks"].as_array().unwrap().len()), (1, 1), "{imported:?}");
    assert_eq!(desk.say(&format!("hooks {whose}")).await.unwrap().len(), 4);

    desk.say(&format!("unhook {whose} --url {url}")).await.unwrap();
    assert!(desk.say(&format!("hooks {whose}")).await.unwrap().is_empty());
    assert!(desk.say(&format!("unhook {whose} --url {url}")).await.unwrap_err().contains("no webhook"));
    provider.stop().await;
}

#[tokio::test]
async fn what_is_gone_there_is_told_by_an_import_and_unlinked_where_that_is_said() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    Salon::company(admin, 1).await;
    let service: String = sqlx::query_scalar("SELECT name FROM services").fetch_one(admin).await.unwrap();
    let people: Vec<String> =
        sqlx::query_scalar("SELECT name FROM staff ORDER BY position").fetch_all(admin).await.unwrap();
    let provider = account(&service, [&people[0], &people[1]]).await;
    let desk = Desk::open(&database).await;
    let (key, config) = (desk.file("key"), desk.file("keys.toml"));
    let whose = format!("--tenant salon-1 --config {config}");
    desk.say(&format!("connect {whose} --base-url {} --team 30 --api-key-file {key}", provider.url()))
        .await
        .unwrap();
    let gone = async |options: &str| {
        let lines = desk.say(&format!("import {whose}{options}")).await?;
        let mut lines: Vec<_> = lines.into_iter().filter(|line| !line["missing"].is_null()).collect();
        for line in &mut lines {
            assert!(line["connection"].as_str().unwrap().starts_with("cnx_"), "{line}");
            line.as_object_mut()
                .unwrap()
                .retain(|name, _| !["tenant", "connection"].contains(&name.as_str()));
        }
        Ok::<_, String>(lines)
    };
    let line = |person: usize, (event_type, host): (&str, Option<&str>), missing: &str, result: &str| {
        serde_json::json!({
            "service": service, "staff": people[person], "event_type": event_type, "host": host,
            "missing": missing, "result": result,
        })
    };
    let linked = async || desk.say("list").await.unwrap().len() - 1;
    assert_eq!((gone("").await.unwrap(), linked().await), (Vec::new(), 2));

    // One of the two leaves the event type.
    let put = |event_type| provider.put_event_type("salon-1", event_type).unwrap();
    let mut of_team = calcom::EventType::round_robin(501, "e-501", 30, 30, &[7, 9]);
    of_team.title.clone_from(&service);
    put(of_team);
    let left = |result| vec![line(1, ("501", Some("8")), "host", result)];
    for options in ["", " --dry-run", " --replace --dry-run"] {
        assert_eq!((gone(options).await.unwrap(), linked().await), (left("gone_there"), 2), "{options}");
    }
    assert_eq!((gone(" --replace").await.unwrap(), linked().await), (left("unlinked"), 1));
    assert!(gone("").await.unwrap().is_empty());

    // What the team does not list may be there all the same: somebody's own event type.
    put(calcom::EventType::new(601, "e-601", 30, 8));
    let (name, person) = (service.replace(' ', "~"), people[1].replace(' ', "~"));
    desk.say(&format!("link --tenant salon-1 --service {name} --staff {person} --event-type 601"))
        .await
        .unwrap();
    assert_eq!((gone(" --replace").await.unwrap(), linked().await), (Vec::new(), 2));

    for id in [501, 601] {
        provider.remove_event_type(id).unwrap();
    }
    let silent = calcom::Effect::Status { status: 503, body: None, took_effect: false };
    let fault = provider.order(calcom::Fault::always(calcom::Operation::Slots, silent));
    let unsure = gone(" --replace").await.unwrap_err();
    assert!(unsure.contains("is still there is not known: the calendar does not answer"), "{unsure}");
    assert!(provider.take_back(fault));
    let ended = |result| {
        [line(0, ("501", Some("7")), "event_type", result), line(1, ("601", None), "event_type", result)]
    };
    let by_event_type = async |options| {
        let mut lines = gone(options).await.unwrap();
        lines.sort_by_key(|line| line["event_type"].to_string());
        lines
    };
    assert_eq!((by_event_type("").await, linked().await), (ended("gone_there").to_vec(), 2));
    assert_eq!((by_event_type(" --replace").await, linked().await), (ended("unlinked").to_vec(), 0));
    provider.stop().await;
}
