//! Other branches of the same company: an appointment is spoken of with the names, hours and zone of its own branch,
//! whichever number was called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use appointment::model::Catalogue;
use german_datetime::BookableHours;
use kernel::{BranchId, TenantScope};
use tenancy::BranchProfile;

use crate::conversation::Conversation;
use crate::desk::VoiceDesk;
use crate::error::VoiceError;
use crate::speech;
use crate::when::bookable_hours;

/// What a branch is, as far as a sentence needs it.
pub(crate) struct Place {
    pub(crate) premises: BranchProfile,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) hours: BookableHours,
}

/// The same conversation, seen from other branches.
#[derive(Default)]
pub(crate) struct Places(Mutex<HashMap<BranchId, Arc<Conversation>>>);

impl VoiceDesk {
    /// Profile, catalogue and hours of a branch; all of them are mostly in memory.
    pub(crate) async fn place(&self, scope: &TenantScope, branch: BranchId) -> Result<Place, VoiceError> {
        let branches = self.parts.tenants.branches(scope).await?;
        let premises = branches.into_iter().find(|profile| profile.id == branch);
        let premises = premises.ok_or(VoiceError::Corrupt("a branch without a profile"))?;
        let catalogue = self.parts.bookings.catalogue(scope, branch).await?;
        let windows = catalogue.snapshot().opening.rows().filter_map(|(day, from, until)| {
            chrono::Weekday::try_from(day.checked_sub(1)?).ok().map(|day| (day, from, until))
        });
        let hours = bookable_hours(windows);
        Ok(Place { premises, catalogue, hours })
    }

    /// Learns what is needed to speak of these branches; the called one and those known already cost nothing.
    pub(crate) async fn visit(&self, talk: &Conversation, branches: Vec<BranchId>) -> Result<(), VoiceError> {
        for branch in branches {
            if branch == talk.branch || talk.at(branch).is_some() {
                continue;
            }
            let Place { premises, catalogue, hours } = self.place(&talk.scope, branch).await?;
            let there = Conversation {
                scope: talk.scope.clone(),
                branch,
                call: talk.call,
                may_be_over: talk.may_be_over,
                provider_call: talk.provider_call.clone(),
                caller: talk.caller.clone(),
                number_is_unusable: talk.number_is_unusable,
                now: talk.now,
                tenant: talk.tenant.clone(),
                premises,
                catalogue,
                hours,
                places: Places::default(),
            };
            talk.places.0.lock().unwrap_or_else(PoisonError::into_inner).insert(branch, Arc::new(there));
        }
        Ok(())
    }
}

impl Conversation {
    /// The conversation as it would be in another branch; `None` for the called one, and for one never visited.
    pub(crate) fn at(&self, branch: BranchId) -> Option<Arc<Self>> {
        self.places.0.lock().unwrap_or_else(PoisonError::into_inner).get(&branch).map(Arc::clone)
    }

    /// Says something about a branch, from there.
    pub(crate) fn about<R>(&self, branch: BranchId, say: impl FnOnce(&Self) -> R) -> R {
        match self.at(branch) {
            Some(there) => say(&there),
            None => say(self),
        }
    }

    /// "in Eppendorf", for an appointment that is not where the caller has called.
    pub(crate) fn elsewhere(&self, branch: BranchId) -> Option<String> {
        self.at(branch).map(|there| format!("in der Filiale {}", speech::plain(&there.premises.name)))
    }
}
