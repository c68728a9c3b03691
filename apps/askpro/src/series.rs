//! What recurs, by names: what a wish would find, and its booking.

use std::path::PathBuf;

use anyhow::{Context, bail};
use appointment::model::AppointmentStatus;
use appointment::policy::series::{Interval, SeriesRule};
use chrono::{NaiveDate, NaiveTime, Timelike as _};
use operations::series::{BookedSeries, Conflict, DateState, Whom};
use operations::why::SeriesQuestion;
use serde_json::{Value, json};
use tenancy::Slug;

use crate::admin::{Office, Told};
use crate::why::{Names, Wanted};

/// What is asked about.
#[derive(Debug, Clone, clap::Args)]
pub struct SeriesArgs {
    /// Which service, where.
    #[command(flatten)]
    pub wanted: Wanted,
    /// The first date, for example `2026-12-01`; a series by weeks keeps its weekday, one by months its place in the month.
    #[arg(long, value_name = "DATE")]
    pub first: NaiveDate,
    /// The time on the branch's wall clock, for example `10:00`.
    #[arg(long, value_name = "HH:MM")]
    pub time: String,
    /// Weeks between two dates.
    #[arg(long, value_name = "N", group = "every")]
    pub every_weeks: Option<u32>,
    /// Days between two dates.
    #[arg(long, value_name = "N", group = "every")]
    pub every_days: Option<u32>,
    /// Months between two dates.
    #[arg(long, value_name = "N", group = "every")]
    pub every_months: Option<u32>,
    /// What a series by months keeps: the weekday of the first date ("every second Tuesday of the month"), or its day of
    /// the month; the weekday, if nothing is said.
    #[arg(long, value_name = "WHAT")]
    pub on: Option<OnThe>,
    /// How many dates.
    #[arg(long, value_name = "N")]
    pub count: u32,
    /// For whom: the id (`cus_…`), or the telephone number if one customer alone has it. Where the customer is at another
    /// appointment, a date is not free.
    #[arg(long, value_name = "ID|NUMBER")]
    pub customer: Option<String>,
    /// Book the dates that are free, in one transaction; dates in conflict are listed and booked at no other time. Saying the
    /// same again books nothing: it shows what was booked, and how that stands.
    ///
    /// A series that crosses a holiday is the rule, and whoever has seen the preview wants the other dates kept before they
    /// are gone, too: so one date in conflict does not stop them. The exit code is 0 only if every date is as asked.
    #[arg(long, requires = "customer")]
    pub book: bool,
    /// Book nothing if one date is in conflict.
    #[arg(long, requires = "book")]
    pub all_or_nothing: bool,
    /// Configuration with `secrets.keys`, for asking outside calendars; without it, `askpro.toml` and the environment.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What a series by months keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnThe {
    /// The same weekday, as the same one of its month.
    Weekday,
    /// The same day of the month; the last one of a shorter month.
    Day,
}

impl SeriesArgs {
    fn rule(&self) -> anyhow::Result<SeriesRule> {
        let time = NaiveTime::parse_from_str(&self.time, "%H:%M");
        let time = time.with_context(|| format!("--time: `{}` is no time like 10:00", self.time))?;
        if self.on.is_some() && self.every_months.is_none() {
            bail!("--on belongs to --every-months");
        }
        let every = match (self.every_weeks, self.every_days, self.every_months) {
            (Some(weeks), None, None) => Interval::Weeks(weeks),
            (None, Some(days), None) => Interval::Days(days),
            (None, None, Some(months)) => match self.on.unwrap_or(OnThe::Weekday) {
                OnThe::Weekday => Interval::MonthsByWeekday(months),
                OnThe::Day => Interval::Months(months),
            },
            _ => bail!("say --every-weeks, --every-days or --every-months"),
        };
        let wall = u16::try_from(time.hour() * 60 + time.minute())?;
        Ok(SeriesRule { first: self.first, wall, every, count: self.count })
    }

    /// Looks at every date, one line of a report for each. If it is booked, one more for each that says what came of it, and
    /// one about all.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Told> {
        let rule = self.rule()?;
        let Names { company, branch, service, staff } = self.wanted.find(office).await?;
        let whom = match &self.customer {
            Some(text) => Some(self.whom(office, text).await?),
            None => None,
        };
        let config = office.config(self.config.clone())?;
        let scope = office.act_for(company).await?;
        // What stands in a calendar that cannot be asked would be taken for free.
        office.services.calendar_book(config.secrets.sealer()?).connections(&scope).await?;
        let question = SeriesQuestion { branch, service, staff, rule };
        let desk = office.services.series(&config)?;
        let Some(whom) = whom.as_ref().filter(|_| self.book) else {
            let dates = desk.preview(&scope, question, whom.as_ref()).await?;
            return Ok(Told::from(lines(&dates)?));
        };
        let conflict = if self.all_or_nothing { Conflict::BookNothing } else { Conflict::BookTheOthers };
        report(&desk.book(&scope, question, whom, conflict).await?)
    }

    /// The customer who is named; a number is read as the company's country writes it.
    async fn whom(&self, office: &Office, text: &str) -> anyhow::Result<Whom> {
        let slug = Slug::parse(&self.wanted.tenant)?;
        let tenant = office.services.tenants.find_by_slug(&office.scope, &slug).await?;
        let tenant = tenant.with_context(|| format!("there is no company `{slug}`"))?;
        // The text may be a number that was mistyped: it is not repeated.
        Whom::parse(text, &tenant.default_country)
            .context("--customer: this is neither the id of a customer (`cus_…`) nor a telephone number")
    }
}

fn lines<T: serde::Serialize>(dates: &[T]) -> anyhow::Result<Vec<Value>> {
    Ok(dates.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

fn report(booked: &BookedSeries) -> anyhow::Result<Told> {
    let mut all = lines(&booked.preview)?;
    all.extend(lines(&booked.dates)?);
    let count = |state| booked.count(state);
    all.push(json!({
        "series": booked.series.map(|id| id.to_string()), "booked_before": booked.booked_before,
        "booked": count(DateState::Made(AppointmentStatus::Confirmed)),
        "noted": count(DateState::Made(AppointmentStatus::Pending)),
        "refused": count(DateState::Refused), "left_out": count(DateState::LeftOut),
        "as_asked": booked.is_as_asked(),
    }));
    Ok(Told { lines: all, done: booked.is_as_asked() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        series: SeriesArgs,
    }

    fn read(rest: &str) -> anyhow::Result<SeriesRule> {
        let usual = "series --tenant a --service b --first 2026-12-01";
        let words = usual.split(' ').chain(rest.split(' '));
        Line::try_parse_from(words)?.series.rule()
    }

    #[test]
    fn a_rule_is_read() {
        let rule = read("--time 10:00 --every-weeks 4 --count 6").unwrap();
        assert_eq!((rule.wall, rule.every, rule.count), (600, Interval::Weeks(4), 6));
        assert_eq!(read("--time 09:30 --every-days 1 --count 2").unwrap().every, Interval::Days(1));
        let months =
            |rest: &str| read(&format!("--time 10:00 --count 6 --every-months {rest}")).unwrap().every;
        assert_eq!(months("1"), Interval::MonthsByWeekday(1));
        assert_eq!(months("2 --on weekday"), Interval::MonthsByWeekday(2));
        assert_eq!(months("3 --on day"), Interval::Months(3));
    }

    #[test]
    fn who_it_is_for_is_said_with_the_booking() {
        let parses = |rest: &str| read(&format!("--time 10:00 --every-weeks 4 --count 6 {rest}")).is_ok();
        assert!(parses("--customer 040555777") && parses("--book --customer 040555777"));
        assert!(parses("--book --all-or-nothing --customer 040555777"));
        assert!(!parses("--book") && !parses("--all-or-nothing --customer 040555777"));
    }

    #[test]
    fn mistakes_are_named() {
        let told = |rest| read(rest).unwrap_err().to_string();
        assert!(told("--time zehn --every-weeks 4 --count 6").contains("zehn"));
        assert!(told("--time 10:00 --count 6").contains("--every-weeks"));
        assert!(told("--time 10:00 --every-weeks 4 --every-days 3 --count 6").contains("--every-days"));
        assert!(told("--time 10:00 --every-weeks 4 --every-months 3 --count 6").contains("--every-months"));
        assert!(told("--time 10:00 --every-weeks 4 --on day --count 6").contains("--every-months"));
    }
}
