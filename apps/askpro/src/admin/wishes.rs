//! The waiting list: who waits, what is offered, and what they said.

use anyhow::Context;
use appointment::model::AppointmentStatus;
use appointment::waiting::{Answer, Answered, EndWish, OfferId, WishEnd, WishId, WishStatus};
use operations::ports::{ListFilter, WishListQueries as _};
use serde_json::{Value, json};
use tenancy::Slug;

use super::{Office, Shown};

/// What to do with the waiting list.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum WishesCommand {
    /// List wishes, newest first, with the offers that are open.
    List {
        /// The company's slug.
        #[arg(long)]
        tenant: String,
        /// `waiting`, `offered`, `fulfilled`, `withdrawn` or `expired`; all, if absent.
        #[arg(long)]
        status: Option<String>,
        /// How many.
        #[command(flatten)]
        shown: Shown,
    },
    /// Report what somebody said to an offer: `askpro wishes answer --tenant salon-nord off_… yes`.
    Answer {
        /// The company's slug.
        #[arg(long)]
        tenant: String,
        /// The offer's id (`off_…`); the task for the staff and the list name it.
        offer: String,
        /// `yes` books it, `no` offers it to the next one, `withdraw` also ends the wish.
        answer: Said,
    },
    /// End a wish that waits, or is asked, because nothing is wanted any more: `askpro wishes withdraw --tenant salon-nord
    /// wsh_…`. An open offer ends with it.
    Withdraw {
        /// The company's slug.
        #[arg(long)]
        tenant: String,
        /// The wish's id (`wsh_…`); the list names it.
        wish: String,
    },
}

/// What somebody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Said {
    /// They take it.
    Yes,
    /// Not this time.
    No,
    /// They want nothing any more.
    Withdraw,
}

impl From<Said> for Answer {
    fn from(said: Said) -> Self {
        match said {
            Said::Yes => Self::Yes,
            Said::No => Self::No,
            Said::Withdraw => Self::Withdraw,
        }
    }
}

impl WishesCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::List { tenant, status, shown } => list(office, tenant, status.as_deref(), *shown).await,
            Self::Answer { tenant, offer, answer } => report(office, tenant, offer, *answer).await,
            Self::Withdraw { tenant, wish } => withdraw(office, tenant, wish).await,
        }
    }
}

async fn list(office: &Office, slug: &str, status: Option<&str>, shown: Shown) -> anyhow::Result<Vec<Value>> {
    let known = operations::lists::ListKind::Wishes.statuses();
    if let Some(status) = status {
        anyhow::ensure!(
            known.contains(&status),
            "there is no status `{status}`; known are {}",
            known.join(", ")
        );
    }
    let filter = ListFilter { status: status.map(str::to_owned), ..ListFilter::default() };
    let scope = office.tenant(&Slug::parse(slug)?).await?;
    let rows = office.services.lists().list_wishes(&scope, &filter, shown.wanted()).await?;
    let (rows, more) = shown.part(rows);
    // Names and numbers stand in the task for the staff; a terminal's history needs none.
    let lines = rows.iter().map(|row| {
        json!({
            "wish": row.id.to_string(), "service": row.service_name, "first_day": row.first_day,
            "last_day": row.last_day, "status": row.status, "asked": row.asked,
            "offer": row.offer.map(|id| id.to_string()), "offered_start": row.offered_start,
            "offered_until": row.offered_until, "created_at": row.created_at,
        })
    });
    Ok(lines.chain(more).collect())
}

async fn report(office: &Office, slug: &str, offer: &str, said: Said) -> anyhow::Result<Vec<Value>> {
    let line = match answer(office, slug, offer, said).await? {
        Answered::Booked(made) => {
            // The outside calendar has yet to agree to it.
            let word = if made.status() == AppointmentStatus::Pending { "noted" } else { "booked" };
            json!({"offer": offer, word: made.id().to_string(), "starts_at": made.starts_at(),
                "status": made.status().as_str()})
        }
        Answered::Settled(state) => json!({"offer": offer, "state": state.as_str()}),
        Answered::SettledBefore(state) => {
            anyhow::bail!("this offer has ended before: {}; nothing was changed", state.as_str())
        }
        Answered::Gone(_) => {
            anyhow::bail!("the time cannot be had any more; the offer has ended, nothing is booked")
        }
        Answered::Unknown => anyhow::bail!("the company has no such offer"),
    };
    Ok(vec![line])
}

/// Reports what somebody said to an offer, and tells what came of it.
pub(crate) async fn answer(office: &Office, slug: &str, offer: &str, said: Said) -> anyhow::Result<Answered> {
    let id: OfferId = offer.parse().with_context(|| format!("`{offer}` is no id of an offer"))?;
    let scope = office.tenant(&Slug::parse(slug)?).await?;
    Ok(office.services.waiting_list().answer(&scope, id, said.into()).await?)
}

async fn withdraw(office: &Office, slug: &str, wish: &str) -> anyhow::Result<Vec<Value>> {
    let id: WishId = wish.parse().with_context(|| format!("`{wish}` is no id of a wish"))?;
    let scope = office.tenant(&Slug::parse(slug)?).await?;
    match office.services.waiting_list().end(&scope, id, WishEnd::Withdrawn).await? {
        EndWish::Ended => Ok(vec![json!({"wish": wish, "status": WishStatus::Withdrawn.as_str()})]),
        EndWish::EndedBefore(status) => {
            anyhow::bail!("this wish has ended before: {}; nothing was changed", status.as_str())
        }
        EndWish::Unknown => anyhow::bail!("the company has no such wish"),
    }
}
