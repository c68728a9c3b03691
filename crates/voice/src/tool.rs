//! The tools by all their names.

use serde::Serialize;

mod fields;
mod table;

pub use fields::SHARED_FIELDS;
pub use table::TOOLS;

/// One real-time tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// Who is calling, what time it is, what the company allows.
    GetCurrentContext,
    /// The time at the branch.
    CurrentTimeBerlin,
    /// Whether the caller is a known customer.
    CheckCustomer,
    /// What a spoken date means.
    ParseDate,
    /// Whether a time is free; holds it if it is.
    CheckAvailability,
    /// Times near the asked one.
    GetAlternatives,
    /// The next free time of a service.
    FindNextAvailable,
    /// Look or book in one tool; books only when told so.
    CollectAppointmentInfo,
    /// Hold a time for this call.
    ReserveSlot,
    /// Give a held time back.
    ReleaseSlotReservation,
    /// Book.
    BookAppointment,
    /// Book what is held for this call.
    ConfirmBooking,
    /// The caller's own next appointments.
    QueryAppointment,
    /// The same, asked with a name.
    QueryAppointmentByName,
    /// All future appointments of the caller.
    GetCustomerAppointments,
    /// Cancel an appointment of the caller.
    CancelAppointment,
    /// Move an appointment of the caller.
    RescheduleAppointment,
    /// Let a person call back.
    RequestCallback,
    /// Note a wish that could not be met, so that somebody calls when a time becomes free.
    JoinWaitingList,
    /// The services, at most five of them, or their categories.
    ListServices,
    /// All services.
    GetAvailableServices,
    /// One service in detail.
    GetServiceInfo,
    /// When the branch is open.
    GetOpeningHours,
    /// The telephony side ends the call; nothing to do here.
    EndCall,
    /// The telephony side transfers the call; nothing to do here.
    TransferCall,
    /// A tool of the service desk, which this company does not use.
    ServiceDesk,
}

/// One row of the tool table.
#[derive(Debug, Clone, Copy)]
pub struct ToolEntry {
    /// The tool.
    pub tool: Tool,
    /// Its name on the wire.
    pub name: &'static str,
    /// Other names that agents use for it.
    pub aliases: &'static [&'static str],
    /// Whether it changes something that outlives the call.
    pub effect: Effectful,
    /// Arguments it reads, each with its aliases.
    pub arguments: &'static [&'static [&'static str]],
    /// Fields of `data` it may fill, in groups that tools share.
    pub fields: &'static [&'static [&'static str]],
}

impl ToolEntry {
    /// Each field of `data` that the tool may fill, once.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> + use<> {
        let groups = self.fields;
        groups.iter().enumerate().flat_map(move |(index, group)| {
            group.iter().copied().filter(move |field| {
                groups.get(..index).is_none_or(|before| before.iter().all(|group| !group.contains(field)))
            })
        })
    }
}

/// Whether a tool changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effectful {
    /// Never: it only looks, or holds a time for a few minutes.
    Never,
    /// Only with an explicit confirmation.
    WhenConfirmed,
    /// Always.
    Always,
}

impl Tool {
    /// The tool that is meant by a name: case, dashes and a version suffix (`_v17`, `-v4`) do not matter.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        // The longest real name has 24 characters; anything much longer is no name of a tool.
        if name.len() > 64 {
            return None;
        }
        let plain = name.trim().to_ascii_lowercase().replace('-', "_");
        let stem = match plain.rsplit_once("_v") {
            Some((stem, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => stem,
            _ => plain.as_str(),
        };
        TOOLS.iter().find(|entry| entry.name == stem || entry.aliases.contains(&stem)).map(|entry| entry.tool)
    }

    /// The tool's row in the table.
    #[must_use]
    pub fn entry(self) -> &'static ToolEntry {
        TOOLS.iter().find(|entry| entry.tool == self).unwrap_or(&TOOLS[0])
    }

    /// Whether the tool may change something for somebody who is on the line: book, hold, promise. What only looks, and
    /// what gives back, does not.
    #[must_use]
    pub fn acts(self) -> bool {
        self.entry().effect != Effectful::Never || matches!(self, Self::CheckAvailability | Self::ReserveSlot)
    }

    /// Whether the tool goes on with what another use of it, or of another tool, had to ask.
    pub(crate) const fn goes_on(self) -> bool {
        matches!(
            self,
            Self::CheckAvailability
                | Self::ReserveSlot
                | Self::CollectAppointmentInfo
                | Self::BookAppointment
                | Self::ConfirmBooking
                | Self::GetAlternatives
                | Self::FindNextAvailable
                | Self::CancelAppointment
                | Self::RescheduleAppointment
                | Self::RequestCallback
                | Self::JoinWaitingList
        )
    }

    /// Whether what is told with it beside the wish is for the staff, and stands at an appointment.
    pub(crate) const fn takes_remarks(self) -> bool {
        matches!(self, Self::CollectAppointmentInfo | Self::BookAppointment | Self::ConfirmBooking)
    }

    /// Whether the tool leaves the call's holds alone while the call goes on. A caller who asks for the price meanwhile
    /// keeps the time that is held; the other tools renew, use or give back what is held, or end the call.
    #[must_use]
    pub const fn leaves_holds(self) -> bool {
        !matches!(
            self,
            Self::CheckAvailability
                | Self::ReserveSlot
                | Self::ReleaseSlotReservation
                | Self::CollectAppointmentInfo
                | Self::BookAppointment
                | Self::ConfirmBooking
                | Self::RescheduleAppointment
                | Self::EndCall
                | Self::TransferCall
        )
    }

    /// The tool's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_means_one_tool() {
        let mut seen = BTreeSet::new();
        for entry in TOOLS {
            for name in std::iter::once(&entry.name).chain(entry.aliases) {
                assert!(seen.insert(*name), "{name} stands twice");
                assert_eq!(Tool::from_name(name), Some(entry.tool));
                assert_eq!(entry.tool.entry().name, entry.name);
            }
        }
    }

    #[test]
    fn dashes_case_and_versions_do_not_matter() {
        for name in
            ["check_availability_v17", "check-availability", "CHECK_AVAILABILITY", "check-availability-v4"]
        {
            assert_eq!(Tool::from_name(name), Some(Tool::CheckAvailability), "{name}");
        }
        for name in ["", "check_availability_v", "drop_tables", &"x".repeat(70)] {
            assert_eq!(Tool::from_name(name), None, "{name}");
        }
    }
}
