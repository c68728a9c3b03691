//! What recurs, as a person at a desk books it.

use std::path::PathBuf;
use std::process::Command;

use chrono::{Days, NaiveDate};
use kernel::{IdGenerator as _, RandomIds};
use serde_json::Value;
use simulators::calcom;
use testkit::TestDatabase;
use testkit::scenario::Salon;

/// Somebody at a desk with this program, and a directory of its own.
struct Desk {
    database: TestDatabase,
    salon: Salon,
    files: PathBuf,
    /// The day of the first date, a week ahead.
    first: String,
}

/// What the program answered.
#[derive(Debug)]
struct Answer {
    code: i32,
    lines: Vec<Value>,
    problem: String,
}

impl Answer {
    /// What came of each date.
    fn states(&self) -> Vec<&str> {
        self.lines.iter().filter_map(|line| line["state"].as_str()).collect()
    }

    /// The line about all.
    fn whole(&self) -> &Value {
        self.lines.last().unwrap()
    }
}

impl Desk {
    async fn open() -> Self {
        let database = TestDatabase::fresh().await;
        let salon = Salon::insert(database.admin_pool(), 1).await;
        for (number, phone, status) in [
            (21_u128, "+4940555021", "active"),
            (22, "+4940555022", "blocked"),
            (23, "+4940555021", "active"),
        ] {
            sqlx::query(
                "INSERT INTO customers (tenant_id, id, name, phone_e164, source, status, created_at)
                 VALUES ($1, $2, 'Max Muster', $3, 'import', $4, app.now())",
            )
            .bind(salon.tenant.as_uuid())
            .bind(uuid::Uuid::from_u128(number))
            .bind(phone)
            .bind(status)
            .execute(database.admin_pool())
            .await
            .unwrap();
        }
        let files = std::env::temp_dir().join(format!("askpro-series-{}", RandomIds.next_uuid().simple()));
        std::fs::create_dir_all(&files).unwrap();
        let config = format!("[secrets]\nkeys = [\"one:{}=\"]\n", "A".repeat(43));
        std::fs::write(files.join("keys.toml"), config).unwrap();
        std::fs::write(files.join("secret"), "cal_live_1234\n").unwrap();
        let week = "SELECT ((app.now() AT TIME ZONE 'Europe/Berlin')::date + 7)::text";
        let first = sqlx::query_scalar(week).fetch_one(database.admin_pool()).await.unwrap();
        Self { database, salon, files, first }
    }

    fn file(&self, name: &str) -> String {
        self.files.join(name).display().to_string()
    }

    /// Runs the program; `~` stands for a blank.
    async fn run(&self, line: &str) -> Answer {
        let config = self.file("keys.toml");
        let words = line.split(' ').map(|word| word.replace('~', " ")).collect::<Vec<_>>();
        let mut command = Command::new(env!("CARGO_BIN_EXE_askpro"));
        command.arg("--json").args(words);
        command.args(["--database", &self.database.administrator_url(), "--as", "anna", "--config", &config]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Answer {
            code: output.status.code().unwrap(),
            lines: text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            problem: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A haircut with Anna at ten o'clock.
    async fn series(&self, first: &str, rest: &str) -> Answer {
        let who = "series --tenant salon-1 --service Herrenhaarschnitt --staff Anna~Petersen";
        self.run(&format!("{who} --first {first} --time 10:00 {rest}")).await
    }

    async fn rows(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.database.admin_pool()).await.unwrap()
    }

    async fn appointments(&self) -> i64 {
        self.rows("SELECT count(*) FROM appointments").await
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

#[tokio::test]
async fn what_was_shown_is_booked_once_and_the_exit_code_says_whether_all_of_it_is() {
    let desk = Desk::open().await;
    let second = (desk.first.parse::<NaiveDate>().unwrap() + Days::new(7)).to_string();
    let max = format!("--customer {}", kernel::CustomerId::from_uuid(uuid::Uuid::from_u128(21)));
    let taken = desk.series(&second, &format!("--every-weeks 2 --count 2 --book {max}")).await;
    assert_eq!((taken.code, taken.states()), (0, vec!["booked"; 2]), "{taken:?}");

    let weekly = "--every-weeks 1 --count 4 --customer 0170~0000001";
    let shown = desk.series(&desk.first, weekly).await;
    let free: Vec<_> = shown.lines.iter().map(|line| line["free"].as_bool().unwrap()).collect();
    assert_eq!((shown.code, free), (0, vec![true, false, true, false]), "{shown:?}");
    let whole = desk.series(&desk.first, &format!("{weekly} --book --all-or-nothing")).await;
    assert_eq!((whole.code, whole.states()), (1, vec!["left_out", "refused", "left_out", "refused"]));
    assert_eq!(desk.appointments().await, 2, "nothing but what was there");

    let booked = desk.series(&desk.first, &format!("{weekly} --book")).await;
    assert_eq!((booked.code, booked.states()), (1, vec!["booked", "refused", "booked", "refused"]));
    assert_eq!(booked.lines[..4], shown.lines[..], "the preview comes first");
    let refused = &booked.lines[5];
    assert_eq!(
        (&refused["reasons"], refused["appointment"].is_null()),
        (&serde_json::json!(["appointment"]), true)
    );
    assert!(refused["nearest"]["start"].as_str().unwrap().contains("T09:30:00"), "{refused}");
    assert_eq!((&booked.whole()["booked"], &booked.whole()["refused"]), (&2.into(), &2.into()));
    assert_eq!(desk.appointments().await, 4);
    let by = "SELECT count(*) FROM audit_log WHERE action = 'appointment.booked' AND actor = 'operator:anna (askpro series)'";
    assert_eq!(desk.rows(by).await, 4);

    // The answer was lost, and the same is said again: by the id this time.
    let erika = format!("--every-weeks 1 --count 4 --customer {} --book", desk.salon.customer);
    let again = desk.series(&desk.first, &erika).await;
    assert_eq!((again.code, again.states()), (1, booked.states()), "{again:?}");
    assert_eq!(again.whole()["booked_before"], true);
    assert_eq!(again.whole()["series"], booked.whole()["series"]);
    assert_eq!(desk.appointments().await, 4);
    for line in [&shown, &booked, &again].into_iter().flat_map(|answer| &answer.lines) {
        assert!(!line.to_string().contains("+4917000000") && !line.to_string().contains("Muster"), "{line}");
    }
}

#[tokio::test]
async fn what_cannot_be_booked_is_refused_in_one_line() {
    let desk = Desk::open().await;
    let usual = "--every-weeks 1 --count 4 --book --customer";
    let booked = desk.series(&desk.first, &format!("{usual} 01700000001")).await;
    assert_eq!((booked.code, &booked.whole()["as_asked"]), (0, &true.into()), "{booked:?}");
    for (rest, problem) in [
        (format!("{usual} 040555029"), "the company has no such customer"),
        (format!("{usual} cus_00000000000000000000000000000077"), "the company has no such customer"),
        (format!("{usual} 040555022"), "the customer is blocked"),
        (format!("{usual} 040555021"), "several customers have this number"),
        (format!("{usual} Erika~Muster"), "neither the id of a customer"),
        ("--every-weeks 1 --count 13 --book --customer 01700000001".to_owned(), "two to 12 dates"),
        ("--every-weeks 1 --count 5 --book --customer 01700000001".to_owned(), "no repetition"),
    ] {
        let refused = desk.series(&desk.first, &rest).await;
        assert_eq!((refused.code, refused.lines.len()), (1, 0), "{rest}: {refused:?}");
        assert!(refused.problem.contains(problem), "{rest}: {}", refused.problem);
        assert_eq!(refused.problem.trim().lines().count(), 1, "{rest}: {}", refused.problem);
        // Ids are drawn, and may have any digits.
        let is_id = |word: &&str| word.starts_with("apt_") || word.starts_with("ser_");
        let told: String = refused.problem.split_whitespace().filter(|word| !is_id(word)).collect();
        assert!(!told.contains("Muster") && !told.contains("555"), "{}", refused.problem);
    }
    let unknown =
        format!("series --tenant salon-1 --service Nichts --first {} --time 10:00 {usual} 1", desk.first);
    let unknown = desk.run(&unknown).await;
    assert!(unknown.code == 1 && unknown.problem.contains("has no service `Nichts`"), "{unknown:?}");
    let past = desk.series("2020-01-07", &format!("{usual} 01700000001")).await;
    assert_eq!((past.code, past.states()), (1, vec!["refused"; 4]), "{past:?}");
    assert!(past.lines[4..8].iter().all(|line| line["reasons"] == serde_json::json!(["past"])), "{past:?}");
    let usage = desk.series(&desk.first, "--every-weeks 1 --count 4 --book").await;
    assert!(usage.code == 64 && usage.problem.contains("--customer"), "{usage:?}");
    assert_eq!(desk.appointments().await, 4);
}

/// The calendar elsewhere does not answer: what is free by the company's own plan is noted, and the worker has to ask.
#[tokio::test]
async fn what_an_outside_calendar_has_to_agree_to_is_noted() {
    let desk = Desk::open().await;
    let secret = desk.file("secret");
    let key = std::fs::read_to_string(&secret).unwrap();
    let owner = calcom::Host::new(7, "Anna Petersen", "anna@example.org");
    let account = calcom::Account::new("salon-1", key.trim(), owner);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = calcom::ShiftedClock { offset_ms: 0 };
    let provider = calcom::serve(listener, calcom::World::new().with(account), clock).unwrap();
    let connect = format!(
        "calendar connect --tenant salon-1 --base-url {} --api-key-file {secret} --webhook-secret-file {secret}",
        provider.url()
    );
    assert_eq!(desk.run(&connect).await.code, 0);
    provider.stop().await;
    let target = desk.database.administrator_url();
    let link =
        "calendar link --tenant salon-1 --service Herrenhaarschnitt --event-type 4711 --staff Anna~Petersen";
    let words = link.split(' ').map(|word| word.replace('~', " "));
    let linked =
        Command::new(env!("CARGO_BIN_EXE_askpro")).args(words).args(["--database", &target]).output();
    assert!(linked.unwrap().status.success());

    let noted = desk.series(&desk.first, "--every-weeks 1 --count 3 --book --customer 01700000001").await;
    assert_eq!((noted.code, noted.states()), (0, vec!["noted"; 3]), "{noted:?}");
    assert_eq!((&noted.whole()["booked"], &noted.whole()["noted"]), (&0.into(), &3.into()));
    assert_eq!(desk.rows("SELECT count(*) FROM appointments WHERE status = 'pending'").await, 3);
    assert_eq!(desk.rows("SELECT count(*) FROM calendar_copies WHERE state = 'due'").await, 3);
    assert_eq!(desk.rows("SELECT count(*) FROM engine.jobs WHERE kind = 'bring_copy_up_to_date'").await, 3);
}
