//! What a recurring wish would find, asked by names.

use std::path::PathBuf;

use anyhow::{Context, bail};
use appointment::policy::series::{Interval, SeriesRule};
use bootstrap::{Config, Sources};
use chrono::{NaiveDate, NaiveTime, Timelike as _};
use operations::why::SeriesQuestion;
use serde_json::Value;

use crate::admin::Office;
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

    /// Looks at every date; one line of a report for each.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let rule = self.rule()?;
        let Names { company, branch, service, staff } = self.wanted.find(office).await?;
        let config = Config::load(&Sources::of_process(self.config.clone()))?.config;
        let scope = office.act_for(company).await?;
        let question = SeriesQuestion { branch, service, staff, rule };
        let dates = office.services.why(&config)?.series(&scope, question).await?;
        Ok(dates.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
    }
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
    fn mistakes_are_named() {
        let told = |rest| read(rest).unwrap_err().to_string();
        assert!(told("--time zehn --every-weeks 4 --count 6").contains("zehn"));
        assert!(told("--time 10:00 --count 6").contains("--every-weeks"));
        assert!(told("--time 10:00 --every-weeks 4 --every-days 3 --count 6").contains("--every-days"));
        assert!(told("--time 10:00 --every-weeks 4 --every-months 3 --count 6").contains("--every-months"));
        assert!(told("--time 10:00 --every-weeks 4 --on day --count 6").contains("--every-months"));
    }
}
