//! The exchange rate at which the providers' costs become ours.

use anyhow::Context;
use billing::{FxDecision, FxRate, FxSource};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::Office;

/// What to do with the exchange rate.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum FxCommand {
    /// Enter what one unit of the first currency is worth in the second: `askpro fx set USD EUR 0.8571`.
    Set {
        /// The currency that providers charge: USD.
        base: String,
        /// The currency that costs are kept in: EUR.
        quote: String,
        /// At most six decimals.
        rate: String,
        /// The day from which it counts (YYYY-MM-DD); today, if absent.
        #[arg(long, value_name = "DATE")]
        date: Option<NaiveDate>,
    },
    /// Show the rate that is used now.
    Show,
}

/// Why a rate was not entered.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
enum Refusal {
    #[error("only USD EUR is kept, not {0} {1}")]
    Pair(String, String),
    #[error("`{0}` is no number with at most six decimals")]
    NoNumber(String),
    #[error("{0} euros for a dollar are not plausible ({least} to {most}); is it the other way round?",
        least = shown(FxRate::MIN_PPM), most = shown(FxRate::MAX_PPM))]
    Implausible(String),
}

impl FxCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let billing = &office.services.billing;
        match self {
            Self::Set { base, quote, rate, date } => {
                let ppm = read(base, quote, rate)?;
                match billing.quote_fx(&office.scope, ppm, FxSource::Manual, *date).await? {
                    FxDecision::Accepted(rate) => Ok(vec![line(rate, *date)]),
                    FxDecision::LastOneStays { .. } => Err(Refusal::Implausible(rate.clone()).into()),
                }
            }
            Self::Show => {
                let latest = billing.latest_fx().await.context("the exchange rate cannot be read")?;
                Ok(vec![match latest {
                    Some(quote) => line(quote.rate, Some(quote.day)),
                    None => line(FxRate::FALLBACK, None),
                }])
            }
        }
    }
}

fn read(base: &str, quote: &str, rate: &str) -> Result<i64, Refusal> {
    if (base, quote) != ("USD", "EUR") {
        return Err(Refusal::Pair(base.to_owned(), quote.to_owned()));
    }
    FxRate::millionths(rate).ok_or_else(|| Refusal::NoNumber(rate.to_owned()))
}

fn line(rate: FxRate, day: Option<NaiveDate>) -> Value {
    json!({"base": "USD", "quote": "EUR", "rate": shown(rate.ppm()), "source": rate.source().as_str(), "day": day})
}

/// As a decimal number.
fn shown(ppm: i64) -> String {
    let text = format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_kept_is_read() {
        assert_eq!(read("USD", "EUR", "0.8571"), Ok(857_100));
        assert_eq!(read("EUR", "USD", "1.16"), Err(Refusal::Pair("EUR".to_owned(), "USD".to_owned())));
        assert_eq!(read("USD", "EUR", "0,85"), Err(Refusal::NoNumber("0,85".to_owned())));
        let refusal = Refusal::Implausible("1.5".to_owned()).to_string();
        assert!(refusal.contains("(0.7 to 1.2)"), "{refusal}");
        assert_eq!([shown(857_100), shown(1_000_000)], ["0.8571", "1"]);
    }
}
