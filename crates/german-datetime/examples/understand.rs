//! Reads lines `{"id","phrase","now","tz"}` and writes lines `{"id","result"}`.

use std::io::{BufRead, Write};

use chrono::{DateTime, NaiveTime, Timelike};
use german_datetime::{Context, Direction, Edge, Interval, Tz, Vague, Value, understand};
use serde_json::{Map, Value as Json, json};

#[derive(serde::Deserialize)]
struct Question<'a> {
    id: Json,
    #[serde(borrow)]
    phrase: std::borrow::Cow<'a, str>,
    now: DateTime<chrono::FixedOffset>,
    tz: &'a str,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let question: Question<'_> = serde_json::from_str(&line)?;
        let zone: Tz = question.tz.parse()?;
        let context = Context::new(question.now.with_timezone(&zone));
        let result = understand(&question.phrase, &context).ok().map(|understood| written(&understood.value));
        serde_json::to_writer(&mut output, &json!({"id": question.id, "result": result}))?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(())
}

fn written(value: &Value) -> Json {
    match value {
        Value::Moment(at) => {
            json!({"kind": "instant", "date": at.date_naive().to_string(), "time": clock(at.time())})
        }
        Value::Day(day) => json!({"kind": "date", "date": day.to_string()}),
        Value::Time(time) => json!({"kind": "time", "time": clock(*time)}),
        Value::Interval(Interval { start, end, grain }) => stretch(start, end, grain.as_str()),
        Value::Vague(Vague { start, end, what, .. }) => {
            let grain = if matches!(what, german_datetime::Loose::Part(_)) { "part_of_day" } else { "vague" };
            stretch(start, end, grain)
        }
        Value::Open(bound) => {
            let direction = if bound.direction == Direction::After { "after" } else { "before" };
            json!({"kind": "open", "dir": direction, "at": bound.at.to_string()})
        }
    }
}

fn stretch(start: &Edge, end: &Edge, grain: &str) -> Json {
    let mut fields = Map::new();
    fields.insert("kind".into(), "interval".into());
    fields.insert("start".into(), start.to_string().into());
    fields.insert("end".into(), end.to_string().into());
    fields.insert("grain".into(), grain.into());
    Json::Object(fields)
}

fn clock(time: NaiveTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}
