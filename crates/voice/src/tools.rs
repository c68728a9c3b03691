//! One file per matter; each shows the dialogue it serves.

pub(crate) mod alternatives;
pub(crate) mod anybody;
pub(crate) mod appointments;
pub(crate) mod asker;
pub(crate) mod availability;
pub(crate) mod booking;
pub(crate) mod callback;
pub(crate) mod calling_off;
pub(crate) mod context;
pub(crate) mod copy;
pub(crate) mod customer;
pub(crate) mod held;
pub(crate) mod holding;
pub(crate) mod hours;
pub(crate) mod looked;
pub(crate) mod meant;
pub(crate) mod mixed_up;
pub(crate) mod moving;
pub(crate) mod new_time;
pub(crate) mod offers;
pub(crate) mod parse_date;
pub(crate) mod party;
pub(crate) mod person;
pub(crate) mod preference;
pub(crate) mod refusals;
pub(crate) mod remark;
pub(crate) mod sequence;
pub(crate) mod services;
pub(crate) mod shall_move;
pub(crate) mod standing;
pub(crate) mod waiting_list;
pub(crate) mod wish;
pub(crate) mod yes;

use appointment::model::Service;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::ports::Question;
use crate::tool::Tool;

/// Whether the tool ends with a question of its own that a yes may answer, and takes no notes itself.
pub(crate) const fn asks_anything(tool: Tool) -> bool {
    matches!(
        tool,
        Tool::ParseDate
            | Tool::QueryAppointment
            | Tool::QueryAppointmentByName
            | Tool::GetCustomerAppointments
            | Tool::ListServices
            | Tool::GetAvailableServices
            | Tool::GetServiceInfo
            | Tool::GetOpeningHours
    )
}

/// The same, except that whoever asks what the service costs has not gone on to another matter.
pub(crate) fn asks_something_else(
    tool: Tool,
    args: Args<'_>,
    talk: &Conversation,
    question: &Question,
) -> bool {
    let is_part = |service: &Service| question.slots().iter().any(|slot| slot.service == service.id);
    let is_about_it = tool == Tool::GetServiceInfo
        && matches!(services::named(args, talk), Ok(Some(service)) if is_part(service));
    asks_anything(tool) && !is_about_it
}
