//! What calls cost, as the platform, a reseller or the company sees it.

use anyhow::Context;
use billing::{Channel, Markup};
use operations::costs::Viewer;
use serde_json::Value;
use tenancy::Slug;

use super::Office;

/// Whose view is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum View {
    Platform,
    Reseller,
    Company,
}

/// Which calls, and as whom they are seen.
#[derive(Debug, Clone, clap::Args)]
pub struct CostsArgs {
    /// Slug of the company.
    slug: String,
    /// As whom.
    #[arg(long = "view", value_enum, default_value = "platform")]
    view: View,
    /// The company was sold by a reseller who pays our cost and this much more, in hundredths of a per cent.
    #[arg(long, value_name = "BASIS_POINTS")]
    reseller_markup: Option<i64>,
    /// Most calls that are shown, the newest first.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    rows: u32,
}

impl CostsArgs {
    fn viewer(&self) -> anyhow::Result<Viewer> {
        let markup = self
            .reseller_markup
            .map(|points| {
                Markup::new(points).with_context(|| {
                    format!("--reseller-markup is a number from 0 to {}", Markup::MAX_BASIS_POINTS)
                })
            })
            .transpose()?;
        Ok(match self.view {
            View::Platform => Viewer::Platform(markup.map_or(Channel::Direct, Channel::Reseller)),
            View::Reseller => Viewer::Reseller(markup.unwrap_or(Markup::STANDARD)),
            View::Company => Viewer::Company,
        })
    }

    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let viewer = self.viewer()?;
        let scope = office.tenant(&Slug::parse(&self.slug)?).await?;
        let lines = office.services.costs.list(&scope, viewer, self.rows).await?;
        lines.iter().map(|line| Ok(serde_json::to_value(line)?)).collect()
    }
}
