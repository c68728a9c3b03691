//! Outside calendars on the command line.

use std::path::{Path, PathBuf};

use askpro::admin::{Office, Target};
use askpro::calendar::CalendarCommand;
use clap::Parser as _;
use serde_json::Value;
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
        let files = std::env::temp_dir().join(format!("askpro-calendar-{}", std::process::id()));
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

    async fn connect(&self, config: &str) -> Result<Vec<Value>, String> {
        let (key, hook, config) = (self.file("key"), self.file("hook"), self.file(config));
        self.say(&format!(
            "connect --tenant salon-1 --base-url https://api.cal.com/ --api-key-file {key} --webhook-secret-file {hook} \
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

    assert!(desk.connect("none.toml").await.unwrap_err().starts_with("secrets.keys is not set"));
    let early = desk.say(&format!("{link} 4711")).await.unwrap_err();
    assert!(early.contains("no connection that is switched on"), "{early}");

    let made = desk.connect("keys.toml").await.unwrap();
    let id = made[0]["connection"].as_str().unwrap().to_owned();
    assert_eq!(made[0]["webhook_path"], format!("/api/calcom/webhook/{id}"));
    assert_eq!(made[0]["base_url"], "https://api.cal.com");
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

    desk.say(&format!("disable {id}")).await.unwrap();
    assert_eq!(desk.say("list").await.unwrap()[0]["active"], false);
    desk.say(&format!("enable {id}")).await.unwrap();
    let unlink = format!("unlink --tenant salon-1 --service {service} --staff {staff}");
    desk.say(&unlink).await.unwrap();
    assert!(desk.say(&unlink).await.unwrap_err().contains("is not linked"));
}
