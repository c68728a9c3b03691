//! The parameters of a list.

use appointment::policy::series::{Interval, SeriesRule};
use appointment::service::WhyRequest;
use axum::extract::Query;
use axum::http::Uri;
use chrono::{DateTime, NaiveDate, NaiveTime, Timelike as _, Utc};
use operations::lists::{ListKind, PageRequest};
use operations::why::SeriesQuestion;

use crate::refusal::Refusal;

/// The parameters of a list.
const PAGE: &[&str] = &["limit", "cursor", "status", "from", "to", "branch"];
/// Those of a list whose rows belong to no branch.
const PAGE_OF_NO_BRANCH: &[&str] = &["limit", "cursor", "status", "from", "to"];
/// Those of counters.
const COUNTERS: &[&str] = &["status", "from", "to", "branch"];

/// Reads `limit`, `cursor`, `status`, `from`, `to` and `branch`. An unknown or doubled parameter is refused: whoever
/// misspells a filter must not get the
/// unfiltered list, nor whoever filters by something that the list does not have.
pub(crate) fn page_request(query: &str, kind: ListKind) -> Result<PageRequest, Refusal> {
    filters(query, if kind.has_branches() { PAGE } else { PAGE_OF_NO_BRANCH })
}

/// Reads `status`, `from`, `to` and `branch`, as strictly.
pub(crate) fn counters_request(query: &str) -> Result<PageRequest, Refusal> {
    filters(query, COUNTERS)
}

fn filters(query: &str, known: &[&str]) -> Result<PageRequest, Refusal> {
    let uri: Uri = format!("/?{query}").parse().map_err(|_| invalid("the query cannot be read"))?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| invalid("the query cannot be read"))?;
    let mut request = PageRequest::default();
    for (name, value) in pairs {
        if !known.contains(&name.as_str()) {
            return Err(invalid(format!("this list has only these parameters: {}", known.join(", "))));
        }
        let doubled = match name.as_str() {
            "limit" => {
                let limit = value.parse().map_err(|_| invalid("`limit` must be 1 to 100"))?;
                request.limit.replace(limit).is_some()
            }
            "cursor" => request.cursor.replace(value).is_some(),
            "status" => request.status.replace(value).is_some(),
            "from" => request.from.replace(instant("from", &value)?).is_some(),
            "to" => request.until.replace(instant("to", &value)?).is_some(),
            _ => {
                let branch = value.parse().map_err(|error| invalid(format!("`branch`: {error}")))?;
                request.branch.replace(branch).is_some()
            }
        };
        if doubled {
            return Err(invalid(format!("`{name}` stands twice")));
        }
    }
    Ok(request)
}

/// Reads `branch`, `service`, `staff` and `start`.
pub(crate) fn why_request(query: &str) -> Result<WhyRequest, Refusal> {
    let uri: Uri = format!("/?{query}").parse().map_err(|_| invalid("the query cannot be read"))?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| invalid("the query cannot be read"))?;
    let (mut branch, mut service, mut staff, mut start) = (None, None, None, None);
    for (name, value) in pairs {
        let wrong = |error: kernel::IdError| invalid(format!("`{name}`: {error}"));
        let doubled = match name.as_str() {
            "branch" => branch.replace(value.parse().map_err(wrong)?).is_some(),
            "service" => service.replace(value.parse().map_err(wrong)?).is_some(),
            "staff" => staff.replace(value.parse().map_err(wrong)?).is_some(),
            "start" => start.replace(instant("start", &value)?).is_some(),
            _ => {
                return Err(invalid(
                    "this question has only these parameters: branch, service, staff, start",
                ));
            }
        };
        if doubled {
            return Err(invalid(format!("`{name}` stands twice")));
        }
    }
    let missing = |name: &str| invalid(format!("`{name}` is missing"));
    Ok(WhyRequest {
        branch: branch.ok_or_else(|| missing("branch"))?,
        service: service.ok_or_else(|| missing("service"))?,
        staff,
        start: start.ok_or_else(|| missing("start"))?,
    })
}

/// Reads `branch`, `service`, `staff`, `first`, `time`, `every_days`, `every_weeks` or `every_months` with `on`, and
/// `count`.
pub(crate) fn series_question(query: &str) -> Result<SeriesQuestion, Refusal> {
    let uri: Uri = format!("/?{query}").parse().map_err(|_| invalid("the query cannot be read"))?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| invalid("the query cannot be read"))?;
    let (mut branch, mut service, mut staff) = (None, None, None);
    let (mut first, mut time, mut every, mut by_day, mut count) = (None, None, None, None, None);
    for (name, value) in pairs {
        let wrong = |error: kernel::IdError| invalid(format!("`{name}`: {error}"));
        let number = || value.parse::<u32>().map_err(|_| invalid(format!("`{name}` must be a whole number")));
        let doubled = match name.as_str() {
            "branch" => branch.replace(value.parse().map_err(wrong)?).is_some(),
            "service" => service.replace(value.parse().map_err(wrong)?).is_some(),
            "staff" => staff.replace(value.parse().map_err(wrong)?).is_some(),
            "first" => {
                let day = value.parse::<NaiveDate>();
                let day = day.map_err(|_| invalid("`first` must be a date, for example 2026-12-01"))?;
                first.replace(day).is_some()
            }
            "time" => {
                let wall = NaiveTime::parse_from_str(&value, "%H:%M");
                let wall = wall.map_err(|_| invalid("`time` must be a time such as 10:00"))?;
                time.replace(wall).is_some()
            }
            "every_days" => every.replace(Interval::Days(number()?)).is_some(),
            "every_weeks" => every.replace(Interval::Weeks(number()?)).is_some(),
            "every_months" => every.replace(Interval::MonthsByWeekday(number()?)).is_some(),
            "on" => {
                let is_day = match value.as_str() {
                    "day" => true,
                    "weekday" => false,
                    _ => return Err(invalid("`on` must be weekday or day")),
                };
                by_day.replace(is_day).is_some()
            }
            "count" => count.replace(number()?).is_some(),
            _ => {
                return Err(invalid(
                    "this question has only these parameters: branch, service, staff, first, time, every_days, \
                     every_weeks, every_months, on, count",
                ));
            }
        };
        if doubled {
            return Err(invalid(format!("`{name}`, or another interval, stands twice")));
        }
    }
    let missing = |name: &str| invalid(format!("`{name}` is missing"));
    let every = match (every.ok_or_else(|| missing("every_weeks"))?, by_day) {
        (Interval::MonthsByWeekday(months), Some(true)) => Interval::Months(months),
        (every @ Interval::MonthsByWeekday(_), _) | (every, None) => every,
        (_, Some(_)) => return Err(invalid("`on` is about `every_months`")),
    };
    let time = time.ok_or_else(|| missing("time"))?;
    let rule = SeriesRule {
        first: first.ok_or_else(|| missing("first"))?,
        wall: u16::try_from(time.num_seconds_from_midnight() / 60).unwrap_or_default(),
        every,
        count: count.ok_or_else(|| missing("count"))?,
    };
    Ok(SeriesQuestion {
        branch: branch.ok_or_else(|| missing("branch"))?,
        service: service.ok_or_else(|| missing("service"))?,
        staff,
        rule,
    })
}

fn instant(name: &str, value: &str) -> Result<DateTime<Utc>, Refusal> {
    // In a query `+` means a blank, and who forgets to escape it means `+` nevertheless.
    DateTime::parse_from_rfc3339(&value.replace(' ', "+"))
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| invalid(format!("`{name}` must be RFC 3339, for example 2026-11-21T09:00:00Z")))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("invalid_request", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "branch=brn_0190c5a0000070008000000000000001&service=svc_0190c5a0000070008000000000000002\
                         &first=2026-12-08&time=10%3A00";

    fn rule(rest: &str) -> Result<SeriesRule, String> {
        let question = series_question(&format!("{ASKED}&{rest}"));
        question.map(|question| question.rule).map_err(|refusal| refusal.code().to_owned())
    }

    #[test]
    fn the_rule_of_a_series_is_read() {
        for (rest, every) in [
            ("every_days=3&count=4", Interval::Days(3)),
            ("every_weeks=4&count=4", Interval::Weeks(4)),
            ("every_months=1&count=4", Interval::MonthsByWeekday(1)),
            ("every_months=2&on=weekday&count=4", Interval::MonthsByWeekday(2)),
            ("on=day&every_months=2&count=4", Interval::Months(2)),
        ] {
            let first = NaiveDate::from_ymd_opt(2026, 12, 8).unwrap();
            assert_eq!(rule(rest), Ok(SeriesRule { first, wall: 600, every, count: 4 }), "{rest}");
        }
    }

    #[test]
    fn a_question_that_is_none_is_refused() {
        for rest in [
            "count=4",
            "every_weeks=4",
            "every_weeks=4&every_days=3&count=4",
            "every_weeks=4&on=day&count=4",
            "every_months=1&on=tuesday&count=4",
            "every_weeks=vier&count=4",
            "every_weeks=-1&count=4",
            "every_weeks=4&count=4&count=5",
            "every_weeks=4&count=4&first=2026-02-30",
            "every_weeks=4&count=4&weeks=5",
        ] {
            assert_eq!(rule(rest), Err("invalid_request".to_owned()), "{rest}");
        }
    }
}
