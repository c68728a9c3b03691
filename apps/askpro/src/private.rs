//! Where commands that talk to a running product find one: the demo that runs, or a private world for this command.

use std::path::PathBuf;

use anyhow::Context;
use chrono::{DateTime, Utc};

use provision::Durability;

use crate::cluster::{Cluster, tell_on_stderr};
use crate::ready::Ready;
use crate::stage::{PRIVATE_SECRETS_KEY, Residents, Setting, Stage};
use crate::venue::Venue;
use crate::world::DEFAULT_SEED;

/// When the clock of a private world begins: a Wednesday morning, with the change to winter time and a Bavarian holiday
/// ahead within the booking horizon.
pub const PRIVATE_CLOCK: &str = "2027-09-01T09:10:00+02:00";

/// Which product a command talks to.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Where {
    /// The ready file of a running demo; without it the command starts a world of its own.
    #[arg(long, value_name = "FILE")]
    pub ready: Option<PathBuf>,
    /// Another address of the gateway than the ready file's.
    #[arg(long, value_name = "URL", requires = "ready")]
    pub gateway: Option<String>,
}

/// A product to talk to, and what has to be ended afterwards.
pub struct World {
    /// The product.
    pub venue: Venue,
    own: Option<(Stage, Cluster)>,
}

impl World {
    /// Connects to the demo that is named, or starts a world of its own.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub async fn open(place: &Where) -> anyhow::Result<Self> {
        let Some(path) = &place.ready else { return Self::private(PRIVATE_CLOCK, Vec::new()).await };
        let mut ready = Ready::read(path)?;
        if let Some(gateway) = &place.gateway {
            ready.gateway.clone_from(gateway);
        }
        Ok(Self { venue: Venue::open(ready).await?, own: None })
    }

    /// A world that nobody else sees, whose time begins at an instant of RFC 3339, with settings that differ from the product's defaults.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub async fn private(clock: &str, more: Vec<(String, String)>) -> anyhow::Result<Self> {
        let clock: DateTime<Utc> = DateTime::parse_from_rfc3339(clock).context("the private clock")?.to_utc();
        let cluster = Cluster::temporary(Durability::Volatile, tell_on_stderr()).await?;
        let setting = Setting {
            connections: cluster.connections.clone(),
            passwords: Some(cluster.passwords.clone()),
            http: ([127, 0, 0, 1], 0).into(),
            seed: DEFAULT_SEED,
            residents: Residents::Everybody,
            clock: Some(clock),
            // Its clock is meant to be elsewhere, and nobody watches its log.
            log: Some("error".to_owned()),
            secrets_key: PRIVATE_SECRETS_KEY.to_owned(),
            more,
        };
        let raised = match Stage::raise(&setting).await {
            Ok(stage) => {
                Venue::open_by(stage.ready.clone(), stage.machine().clone()).await.map(|venue| (stage, venue))
            }
            Err(error) => Err(error),
        };
        match raised {
            Ok((stage, venue)) => Ok(Self { venue, own: Some((stage, cluster)) }),
            Err(error) => {
                cluster.stop().await?;
                Err(error)
            }
        }
    }

    /// The stage, if it is our own: only its clock may be put forward.
    #[must_use]
    pub fn stage(&self) -> Option<&Stage> {
        self.own.as_ref().map(|(stage, _)| stage)
    }

    /// Ends what was started for the command.
    ///
    /// # Errors
    /// If it does not end.
    pub async fn close(self) -> anyhow::Result<()> {
        self.venue.administrator.close().await;
        if let Some((stage, cluster)) = self.own {
            let struck = stage.strike().await;
            cluster.stop().await?;
            struck?;
        }
        Ok(())
    }
}
