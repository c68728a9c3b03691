//! Reads lines `{"id","phrase","now","tz"}` and writes lines `{"id","result"}`.

use std::io::{BufRead, Write};

use chrono::{DateTime, Timelike};
use german_datetime::{Context, Direction, Edge, Interval, Tz, Vague, Value, understand};
use serde_json::Value as Json;

#[derive(serde::Deserialize)]
struct Question<'a> {
    id: Json,
    #[serde(borrow)]
    phrase: std::borrow::Cow<'a, str>,
    now: DateTime<chrono::FixedOffset>,
    tz: &'a str,
}

/// What a pipe holds.
const BUFFER: usize = 1 << 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut input = std::io::BufReader::with_capacity(BUFFER, std::io::stdin().lock());
    let mut output = std::io::BufWriter::with_capacity(BUFFER, std::io::stdout().lock());
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
        output.write_all(b"{\"id\":")?;
        serde_json::to_writer(&mut output, &question.id)?;
        output.write_all(b",\"result\":")?;
        match understand(&question.phrase, &context) {
            Ok(understood) => write_value(&mut output, &understood.value)?,
            Err(_) => output.write_all(b"null")?,
        }
        output.write_all(b"}\n")?;
    }
    output.flush()?;
    Ok(())
}

/// Writes a value as JSON; nothing in it needs escaping.
fn write_value(to: &mut impl Write, value: &Value) -> std::io::Result<()> {
    match value {
        Value::Moment(at) => {
            let (date, hour, minute) = (at.date_naive(), at.hour(), at.minute());
            write!(to, r#"{{"kind":"instant","date":"{date}","time":"{hour:02}:{minute:02}"}}"#)
        }
        Value::Day(day) => write!(to, r#"{{"kind":"date","date":"{day}"}}"#),
        Value::Time(time) => {
            write!(to, r#"{{"kind":"time","time":"{:02}:{:02}"}}"#, time.hour(), time.minute())
        }
        Value::Interval(Interval { start, end, grain }) => write_stretch(to, start, end, grain.as_str()),
        Value::Vague(Vague { start, end, what, .. }) => {
            let grain = if matches!(what, german_datetime::Loose::Part(_)) { "part_of_day" } else { "vague" };
            write_stretch(to, start, end, grain)
        }
        Value::Open(bound) => {
            let direction = if bound.direction == Direction::After { "after" } else { "before" };
            write!(to, r#"{{"kind":"open","dir":"{direction}","at":"{}"}}"#, bound.at)
        }
    }
}

fn write_stretch(to: &mut impl Write, start: &Edge, end: &Edge, grain: &str) -> std::io::Result<()> {
    write!(to, r#"{{"kind":"interval","start":"{start}","end":"{end}","grain":"{grain}"}}"#)
}
