//! A ringing number: whose is it, and what must the agent know before it says the first word?

use std::collections::BTreeMap;

use appointment::model::OpeningDay;
use chrono::{Datelike, TimeDelta, Timelike, Weekday};
use customer::Identification;
use german_datetime::speak;
use kernel::{Actor, Caller, Classify, CorrelationId, ErrorClass, PhoneNumber};
use tenancy::{Denied, ResolveError};

use crate::desk::VoiceDesk;
use crate::error::VoiceError;
use crate::numbers;
use crate::request::InboundCall;
use crate::tools::context::day_table_text;

/// What the provider is told about a ringing number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundAnswer {
    /// Nobody is served under this number.
    Reject {
        /// `unknown_number` or `inactive_tenant`, for the review of rejected calls.
        reason: &'static str,
    },
    /// Pick up.
    Accept {
        /// Variables of the agent's prompt, all of them text.
        dynamic_variables: BTreeMap<String, String>,
        /// Echoed by the provider on every later event of the call.
        metadata: BTreeMap<String, String>,
    },
}

impl VoiceDesk {
    /// Answers the question who should pick up. It changes nothing, so it may be asked again.
    ///
    /// # Errors
    /// [`VoiceError`] if the tenant or its catalogue could not be read; the provider then asks again.
    pub async fn inbound(&self, inbound: &InboundCall) -> Result<InboundAnswer, VoiceError> {
        let country = numbers::HOME;
        let called = inbound.to_number.as_deref().and_then(|text| numbers::number(text, country));
        let Some(called) = called else {
            return Ok(InboundAnswer::Reject { reason: Denied::UnknownNumber.as_str() });
        };
        let caller = numbers::caller(inbound.from_number.as_deref(), country);
        match self.welcome(inbound, &called, &caller, inbound.correlation).await {
            Ok(answer) => Ok(answer),
            Err(VoiceError::Resolve(ResolveError::Denied(denied))) => {
                Ok(InboundAnswer::Reject { reason: denied.as_str() })
            }
            Err(error) => {
                if error.class() == ErrorClass::Fault {
                    tracing::error!(%error, "a ringing number could not be answered");
                }
                Err(error)
            }
        }
    }

    async fn welcome(
        &self,
        inbound: &InboundCall,
        called: &PhoneNumber,
        caller: &Caller,
        correlation: CorrelationId,
    ) -> Result<InboundAnswer, VoiceError> {
        let actor = Actor::VoiceAgent(inbound.call_id.clone().unwrap_or_else(|| "inbound".to_owned()));
        let resolved = self.parts.resolver.by_called_number(called, actor, correlation).await?;
        let scope = &resolved.scope;
        let tenant = self.parts.tenants.profile(scope).await?;
        let branches = self.parts.tenants.branches(scope).await?;
        let catalogue = self.parts.bookings.catalogue(scope, resolved.route.branch).await?;
        let premises = branches.into_iter().find(|branch| branch.id == resolved.route.branch);
        let (Some(tenant), Some(premises)) = (tenant, premises) else {
            return Err(VoiceError::Corrupt("a routed branch without a profile"));
        };
        let identified = self.parts.customers.identify(scope, caller).await?;

        let now = self.parts.clock.now().with_timezone(&catalogue.timezone());
        let today = now.date_naive();
        let minute = u16::try_from(now.hour() * 60 + now.minute()).unwrap_or(0);
        let is_open = match catalogue.opening_on(today) {
            OpeningDay::Open(hours) => hours.iter().any(|hours| (hours.from..hours.until).contains(&minute)),
            OpeningDay::Closed(_) | OpeningDay::Rest => false,
        };
        let dotted = |day: chrono::NaiveDate| day.format("%d.%m.%Y").to_string();
        let next_monday = today.iter_days().skip(1).find(|day| day.weekday() == Weekday::Mon);
        let mut variables = BTreeMap::new();
        let mut say = |name: &str, value: String| {
            variables.insert(name.to_owned(), value);
        };
        say("customer_phone", caller.number().map_or("unknown", PhoneNumber::as_e164).to_owned());
        say("heute_datum", dotted(today));
        say("current_date", today.to_string());
        say("current_weekday", speak::weekday(today.weekday()).to_owned());
        say("current_year", today.year().to_string());
        say("current_month", speak::month(today.month()).to_owned());
        say("local_time", now.format("%H:%M").to_string());
        say("morgen", dotted(today + TimeDelta::days(1)));
        say("uebermorgen", dotted(today + TimeDelta::days(2)));
        say("naechster_montag", next_monday.map(dotted).unwrap_or_default());
        say("naechste_tage", day_table_text(today));
        say("firma", tenant.name.clone());
        say("filiale", premises.name.clone());
        say("geoeffnet", if is_open { "ja" } else { "nein" }.to_owned());
        let (status, name) = match &identified {
            Identification::Known(customer) => (
                if customer.is_blocked() { "gesperrt" } else { "bekannt" },
                customer.name().map(|name| name.as_str().to_owned()),
            ),
            Identification::SharedNumber(_) => ("mehrere", None),
            Identification::Unknown(_) => ("neu", None),
            Identification::Anonymous => ("anonym", None),
        };
        say("kunde_status", status.to_owned());
        // The provider reserves `first_name`, `last_name` and `call_id`; a variable that is not set would be spoken
        // with its braces, so an unknown name is an empty text.
        let (first, last) = match name.as_deref().map(|name| name.rsplit_once(' ').unwrap_or(("", name))) {
            Some((first, last)) => (first.to_owned(), last.to_owned()),
            None => (String::new(), String::new()),
        };
        say("kunde_vorname", first);
        say("kunde_nachname", last);
        say("anruf_id", inbound.call_id.clone().unwrap_or_default());
        let metadata = BTreeMap::from([
            ("tenant_id".to_owned(), scope.tenant().to_string()),
            ("branch_id".to_owned(), resolved.route.branch.to_string()),
        ]);
        Ok(InboundAnswer::Accept { dynamic_variables: variables, metadata })
    }
}
