//! `POST /v3/list-calls`: filter, order, pages.

use serde_json::{Value, json};

use super::call::SimulatedCall;

/// Items of a page, if the request does not say; and the most it may ask for.
const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 1_000;

/// The page that a request asks for.
///
/// # Errors
/// What is wrong with the request, in the provider's manner.
pub(crate) fn list_calls(calls: &[SimulatedCall], request: &Value) -> Result<Value, String> {
    let limit = match request.get("limit") {
        None => DEFAULT_LIMIT,
        Some(limit) => limit.as_u64().ok_or("limit is not a number")?,
    };
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(format!("limit must be between 1 and {MAX_LIMIT}"));
    }
    let ascending = match request.get("sort_order").and_then(Value::as_str) {
        None | Some("descending") => false,
        Some("ascending") => true,
        Some(_) => return Err("sort_order must be ascending or descending".to_owned()),
    };
    let mut matching = Vec::new();
    for call in calls {
        if matches(&call.to_json(), request.get("filter_criteria"))? {
            matching.push(call);
        }
    }
    matching.sort_by_key(|call| place(call));
    if !ascending {
        matching.reverse();
    }
    let total = matching.len();
    let rest = match request.get("pagination_key").and_then(Value::as_str) {
        None => &matching[..],
        Some(key) => {
            let last = decode(key).ok_or("pagination_key is invalid")?;
            let read = matching
                .iter()
                .take_while(|call| if ascending { place(call) <= last } else { place(call) >= last })
                .count();
            &matching[read..]
        }
    };
    let page = &rest[..rest.len().min(usize::try_from(limit).unwrap_or(usize::MAX))];
    let mut reply = json!({
        "items": page.iter().map(|call| call.to_list_item()).collect::<Vec<_>>(),
        "has_more": page.len() < rest.len(),
    });
    if page.len() < rest.len()
        && let Some(last) = page.last()
    {
        reply["pagination_key"] = json!(encode(last));
    }
    if request.get("include_total") == Some(&Value::Bool(true)) {
        reply["total"] = json!(total);
    }
    Ok(reply)
}

/// Where a call is in the order: by its beginning, then by its id.
fn place(call: &SimulatedCall) -> (i64, String) {
    (call.start_ms, call.call_id.clone())
}

fn encode(call: &SimulatedCall) -> String {
    hex::encode(format!("{}|{}", call.start_ms, call.call_id))
}

fn decode(key: &str) -> Option<(i64, String)> {
    let text = String::from_utf8(hex::decode(key).ok()?).ok()?;
    let (start, id) = text.split_once('|')?;
    Some((start.parse().ok()?, id.to_owned()))
}

fn matches(call: &Value, criteria: Option<&Value>) -> Result<bool, String> {
    let criteria = match criteria {
        None | Some(Value::Null) => return Ok(true),
        Some(Value::Object(criteria)) => criteria,
        Some(_) => return Err("filter_criteria is not an object".to_owned()),
    };
    for (key, rule) in criteria {
        let holds = match key.as_str() {
            "agent" => {
                let agents = rule.as_array().ok_or("agent is not a list")?;
                agents.iter().any(|agent| agent.get("agent_id") == call.get("agent_id"))
            }
            "call_id"
            | "call_status"
            | "direction"
            | "disconnection_reason"
            | "duration_ms"
            | "from_number"
            | "start_timestamp"
            | "to_number" => holds(call.get(key), rule)?,
            other => return Err(format!("filter {other} is not known to this simulator")),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn holds(actual: Option<&Value>, rule: &Value) -> Result<bool, String> {
    let op = rule.get("op").and_then(Value::as_str).ok_or("a filter needs an op")?;
    let value = rule.get("value").unwrap_or(&Value::Null);
    let text = || actual.and_then(Value::as_str);
    let pair = || Some((actual?.as_i64()?, value.as_i64()?));
    let wanted = || value.as_str().ok_or("the value is not a text");
    Ok(match op {
        "eq" => actual == Some(value),
        "ne" => actual != Some(value),
        "sw" => wanted().map(|part| text().is_some_and(|text| text.starts_with(part)))?,
        "ew" => wanted().map(|part| text().is_some_and(|text| text.ends_with(part)))?,
        "co" => wanted().map(|part| text().is_some_and(|text| text.contains(part)))?,
        "gt" => pair().is_some_and(|(actual, limit)| actual > limit),
        "ge" => pair().is_some_and(|(actual, limit)| actual >= limit),
        "lt" => pair().is_some_and(|(actual, limit)| actual < limit),
        "le" => pair().is_some_and(|(actual, limit)| actual <= limit),
        "in" => {
            let options = value.as_array().ok_or("the value is not a list")?;
            actual.is_some_and(|actual| options.contains(actual))
        }
        "bt" => {
            let bounds = value.as_array().map(Vec::as_slice);
            let Some([from, to]) = bounds else {
                return Err("the value is not a pair".to_owned());
            };
            let (from, to) = from.as_i64().zip(to.as_i64()).ok_or("the value is not a pair of numbers")?;
            actual.and_then(Value::as_i64).is_some_and(|actual| (from..=to).contains(&actual))
        }
        "pr" => actual.is_some(),
        "np" => actual.is_none(),
        other => return Err(format!("op {other} is unknown")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retell::Stage;

    fn calls() -> Vec<SimulatedCall> {
        (0..5)
            .map(|n| SimulatedCall {
                stage: Stage::Analyzed,
                reason: if n == 3 { "agent_hangup" } else { "user_hangup" }.to_owned(),
                ..SimulatedCall::new(format!("call_{n}"), "+4940555100".to_owned(), 1_000 * (n / 2))
            })
            .collect()
    }

    fn ids(reply: &Value) -> Vec<&str> {
        let items = reply["items"].as_array().unwrap().iter();
        items.map(|item| item["call_id"].as_str().unwrap()).collect()
    }

    #[test]
    fn pages_are_complete_and_disjoint_in_both_orders() {
        for (order, all) in [
            ("ascending", ["call_0", "call_1", "call_2", "call_3", "call_4"]),
            ("descending", ["call_4", "call_3", "call_2", "call_1", "call_0"]),
        ] {
            let mut seen = Vec::new();
            let mut request = json!({"limit": 2, "sort_order": order, "include_total": true});
            loop {
                let reply = list_calls(&calls(), &request).unwrap();
                assert_eq!(reply["total"], json!(5));
                seen.extend(ids(&reply).into_iter().map(str::to_owned));
                if reply["has_more"] == json!(false) {
                    assert!(reply.get("pagination_key").is_none());
                    break;
                }
                request["pagination_key"] = reply["pagination_key"].clone();
            }
            assert_eq!(seen, all);
        }
    }

    #[test]
    fn items_carry_no_transcript() {
        let reply = list_calls(&calls(), &json!({})).unwrap();
        let item = reply["items"][0].as_object().unwrap();
        assert!(item.keys().all(|name| !name.starts_with("transcript")));
        assert!(item.contains_key("call_analysis"));
    }

    #[test]
    fn filters_are_anded() {
        let found = |criteria: Value| {
            let reply = list_calls(&calls(), &json!({"filter_criteria": criteria})).unwrap();
            ids(&reply).join(" ")
        };
        let is = |value: &str| json!({"type": "enum", "op": "in", "value": [value]});
        assert_eq!(found(json!({"disconnection_reason": is("agent_hangup")})), "call_3");
        assert_eq!(
            found(json!({"disconnection_reason": is("agent_hangup"), "call_status": is("ongoing")})),
            ""
        );
        assert_eq!(
            found(json!({"start_timestamp": {"type": "range", "op": "bt", "value": [1000, 1999]}})),
            "call_3 call_2"
        );
        assert_eq!(found(json!({"call_id": {"type": "string", "op": "ew", "value": "_4"}})), "call_4");
    }

    #[test]
    fn wrong_requests_are_named() {
        for request in [
            json!({"limit": 0}),
            json!({"limit": 1001}),
            json!({"limit": "5"}),
            json!({"sort_order": "up"}),
            json!({"pagination_key": "zz"}),
            json!({"filter_criteria": []}),
            json!({"filter_criteria": {"moon": {}}}),
            json!({"filter_criteria": {"call_id": {"value": 1}}}),
            json!({"filter_criteria": {"call_id": {"op": "in", "value": 1}}}),
            json!({"filter_criteria": {"start_timestamp": {"op": "bt", "value": [1]}}}),
        ] {
            assert!(list_calls(&calls(), &request).is_err(), "{request}");
        }
    }
}
