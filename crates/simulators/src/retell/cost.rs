//! What Retell charges for a call, computed as Retell does: by the second, rounded up.

use serde_json::{Value, json};

/// A product and its price in micro-cents (millionths of a US cent) a minute.
type Price = (&'static str, i64);

/// Prices of November 2026: voice 7 cents a minute, model 0.6 cents.
const DURING_THE_CALL: [Price; 2] = [("elevenlabs_tts", 7_000_000), ("gpt_4o_mini", 600_000)];
/// The analysis, which is known later.
const AFTER_THE_CALL: Price = ("post_call_analysis", 120_000);

/// The `call_cost` of a call that took `duration_ms`. With `analyzed`, the analysis is on the bill, too; `surcharge_cents`
/// is for deliveries that differ from one another.
#[must_use]
pub fn call_cost(duration_ms: i64, analyzed: bool, surcharge_cents: i64) -> Value {
    let seconds = (duration_ms.max(0) + 999) / 1000;
    let mut prices = DURING_THE_CALL.to_vec();
    prices.extend(analyzed.then_some(AFTER_THE_CALL));
    let cost_of = |per_minute: i64| per_minute * seconds / 60;
    let products: Vec<Value> = prices
        .iter()
        .map(|(product, per_minute)| {
            json!({
                "product": product,
                "unit_price": decimal(unit_price(*per_minute), 7),
                "cost": decimal(cost_of(*per_minute), 6),
            })
        })
        .collect();
    let sum: i64 = prices.iter().map(|(_, per_minute)| cost_of(*per_minute)).sum();
    let units: i64 = prices.iter().map(|(_, per_minute)| unit_price(*per_minute)).sum();
    json!({
        "combined_cost": decimal(sum + surcharge_cents * 1_000_000, 6),
        "total_duration_seconds": seconds,
        "total_duration_unit_price": decimal(units, 7),
        "product_costs": products,
    })
}

/// Cents a second with seven decimals, as Retell shows them.
const fn unit_price(per_minute: i64) -> i64 {
    (per_minute * 10 + 30) / 60
}

/// The JSON number `units * 10^-places`, in the shortest form, as a float would be written.
fn decimal(units: i64, places: u32) -> Value {
    let scale = 10_i64.pow(places);
    let width = places as usize;
    let text = format!("{}.{:0width$}", units / scale, units % scale);
    serde_json::from_str(text.trim_end_matches('0').trim_end_matches('.')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_bill_comes_out_the_same() {
        // 35303 ms of a real call were billed as 36 seconds for 4.56 cents.
        let cost = call_cost(35_303, false, 0);
        assert_eq!(
            cost,
            json!({
                "combined_cost": 4.56, "total_duration_seconds": 36, "total_duration_unit_price": 0.126_666_7,
                "product_costs": [
                    {"product": "elevenlabs_tts", "unit_price": 0.116_666_7, "cost": 4.2},
                    {"product": "gpt_4o_mini", "unit_price": 0.01, "cost": 0.36},
                ],
            })
        );
        assert_eq!(cost["combined_cost"].to_string(), "4.56");
    }

    #[test]
    fn the_analysis_and_a_surcharge_come_on_top() {
        let cost = call_cost(60_000, true, 2);
        assert_eq!(cost["combined_cost"], json!(9.72));
        assert_eq!(call_cost(0, false, 0)["combined_cost"], json!(0));
    }
}
