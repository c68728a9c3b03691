//! What machines and people ask for besides the conversation.
//!
//! The conversation has a deadline of less than a second and lives in `voice`. Everything here has time, and must
//! survive being repeated:
//!
//! * [`intake`]: webhooks are stored byte for byte before anybody understands them, and can be replayed;
//! * [`processing`]: a stored webhook finds its tenant and is merged into its call;
//! * [`aftermath`]: what follows from the end of a call (charge, cost, holds), as subscribers to its events;
//! * [`costs`]: what calls cost, as the platform, a reseller or the company may see it;
//! * [`series`]: a recurring wish is booked as it was previewed;
//! * [`waiting`]: freed time is offered to the waiting list, and the staff is asked to call;
//! * [`lists`]: read models for API clients, a page at a time;
//! * [`maintenance`]: recurring upkeep (expired holds, stuck calls, partitions, retention, holidays);
//! * [`onboarding`]: a tenant from a blueprint;
//! * [`engine`]: the ports of background work, and [`work`]: the kinds of it that these use cases set in motion.
//!
//! # What it must never know
//!
//! HTTP, SQL, a provider's wire format: bodies are opaque bytes here, decoded by an adapter in between (storing and
//! processing are separate for exactly that reason). A use case that touches one domain only belongs into that domain.
//!
//! # Extending
//!
//! A new provider is a variant of [`ports::Provider`] and a handler that decodes its bodies. A new consequence of a
//! domain's event is a method in [`aftermath`] (or a module like it) that reads the current state instead of believing
//! the event, and a subscription in `inbound-jobs`. A new list is a variant of [`lists::ListKind`] and a port in
//! [`ports`].

pub mod aftermath;
pub mod calendar;
pub mod catch_up;
pub mod costs;
pub mod engine;
pub mod intake;
pub mod lists;
pub mod maintenance;
pub mod onboarding;
pub mod ports;
pub mod processing;
pub mod said_and_done;
pub mod series;
mod staffed;
pub mod waiting;
pub mod why;
pub mod work;

pub use aftermath::CallAftermath;
pub use catch_up::CallCatchUp;
pub use costs::Costs;
pub use intake::{Admission, Delivery, WebhookIntake};
pub use lists::Lists;
pub use maintenance::{Maintenance, MaintenancePorts, UpkeepPolicy};
pub use onboarding::{Onboarding, TenantBlueprint};
pub use processing::WebhookProcessing;
pub use said_and_done::SaidAndDone;
pub use series::SeriesDesk;
pub use waiting::FreedTimes;
pub use why::WhyDesk;

/// In-memory fakes for tests of any crate.
#[cfg(any(test, feature = "testing"))]
pub mod testing;
