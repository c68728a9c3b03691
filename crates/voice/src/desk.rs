//! The desk: one question in, one truthful sentence out.

use std::sync::Arc;

use appointment::BookingService;
use appointment::waiting::WishDesk;
use call::{CallService, EffectRef, Opening, ToolUse, ToolUseId, redact_arguments};
use chrono::TimeDelta;
use customer::CustomerService;
use futures_util::future::join;
use kernel::{Classify, Clock, CorrelationId, ErrorClass, IdGenerator, TenantScope};
use serde_json::{Map, Value};
use servicedesk::CallbackService;
use tenancy::{Allowance, TenantRepository, TenantResolver};

use crate::args::{Args, Unusable, Why};
use crate::conversation::{Conversation, NoConversation, crowded};
use crate::error::{VoiceError, looked_in_vain, not_known_yet, unknown_tool, wrong_mode};
use crate::moving_on::{self, GoesOn};
use crate::names;
use crate::once::Once;
use crate::ports::{
    CallMemory, CallNotes, CopySettler, FailedIdentifications, LastQuestion, OutcomeStore, TraceSink,
};
use crate::reply::{NextAction, ToolReply};
use crate::request::{EnvelopeCall, Mode, ToolRequest};
use crate::status::Status;
use crate::tool::{Effectful, Tool};
use crate::tools;
use crate::trace::{self, Stopwatch, TraceLine};
use crate::unfinished;
use crate::unmet;

/// What the desk works with.
pub struct Parts {
    /// From numbers and calls to tenants.
    pub resolver: TenantResolver,
    /// Profiles of companies and branches.
    pub tenants: Arc<dyn TenantRepository>,
    /// The record of calls.
    pub calls: CallService,
    /// Catalogues, availability and bookings.
    pub bookings: BookingService,
    /// Who is calling.
    pub customers: CustomerService,
    /// Promises that a person keeps.
    pub callbacks: CallbackService,
    /// The waiting list.
    pub wishes: WishDesk,
    /// Outcomes of earlier requests.
    pub outcomes: Arc<dyn OutcomeStore>,
    /// Notes of ongoing calls.
    pub memory: Arc<dyn CallMemory>,
    /// Copies of appointments in outside calendars.
    pub copies: Arc<dyn CopySettler>,
    /// How much each company's callers may ask for.
    pub allowance: Arc<dyn Allowance>,
    /// Numbers that have named appointments of others.
    pub attempts: Arc<dyn FailedIdentifications>,
    /// Where uses of tools are recorded.
    pub trace: Arc<dyn TraceSink>,
    /// How long after the recorded end of a call, in product time, its tools still act.
    pub grace_after_end: TimeDelta,
    /// Product time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
}

/// Answers tools and the question who should pick up. Cheap to share; one for a process.
pub struct VoiceDesk {
    pub(crate) parts: Parts,
}

/// A reply with the line that is logged for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// What goes to the agent.
    pub reply: ToolReply,
    /// What goes to the log.
    pub trace: TraceLine,
}

/// What a tool gives back: a reply, and the effect it rests on if there is one.
pub(crate) struct Done {
    pub(crate) reply: ToolReply,
    pub(crate) effect: Option<EffectRef>,
}

impl From<ToolReply> for Done {
    fn from(reply: ToolReply) -> Self {
        Self { reply, effect: None }
    }
}

/// A tool ends with what it did, with a refusal to be spoken, or with a failure.
pub(crate) enum Stop {
    Reply(Box<ToolReply>),
    Failed(VoiceError),
}

impl<E: Into<VoiceError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Box<ToolReply>> for Stop {
    fn from(reply: Box<ToolReply>) -> Self {
        Self::Reply(reply)
    }
}

impl From<ToolReply> for Stop {
    fn from(reply: ToolReply) -> Self {
        Self::Reply(Box::new(reply))
    }
}

impl From<Unusable> for Stop {
    fn from(unusable: Unusable) -> Self {
        let message = match unusable.why {
            Why::TooLong => "Das war leider zu viel auf einmal, können Sie es bitte kürzer sagen?",
            Why::WrongType | Why::TooSmall => {
                "Das konnte ich leider nicht richtig aufnehmen, können Sie es bitte noch einmal sagen?"
            }
        };
        let reply = ToolReply::new(Status::InvalidArguments, message)
            .with("reason", unusable.why.as_str())
            .with("argument", unusable.name)
            .next(NextAction::AskCaller);
        Self::Reply(Box::new(reply))
    }
}

pub(crate) type ToolResult = Result<Done, Stop>;

impl VoiceDesk {
    /// A desk over these parts.
    #[must_use]
    pub const fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// Replaces the notes of a call, and with them the time of which they are.
    pub(crate) async fn note(&self, talk: &Conversation, notes: CallNotes) {
        let notes = CallNotes { noted_at: Some(self.parts.clock.now()), ..notes };
        self.parts.memory.remember(&talk.scope, talk.call, notes).await;
    }

    /// A call has begun: it is made known, so that a tool may name it a moment later. What fails here is no loss: the
    /// first tool with an envelope, or the worker, records the call.
    pub async fn begun(&self, call: EnvelopeCall, correlation: CorrelationId) {
        let line = self.line_of_envelope(&call, Opening::Started, correlation).await;
        if let Err(NoConversation::Failed(error)) = line {
            tracing::warn!(%error, "a call that has begun could not be made known");
        }
    }

    /// Answers a tool. It never fails: what goes wrong inside becomes a sentence that is true.
    pub async fn answer(&self, request: ToolRequest) -> Answered {
        let ((mut answered, tool_use), told) = trace::listening(self.answer_measured(request)).await;
        let hops = &mut answered.trace.hops;
        hops.extend(told.iter().map(|(part, sum, _)| (*part, trace::whole_micros(*sum))));
        let transactions = told.iter().find(|(part, ..)| *part == trace::DATABASE);
        answered.trace.transactions = transactions.map_or(0, |(.., count)| *count);
        if let Some((scope, mut tool_use)) = tool_use {
            tool_use.hops.clone_from(hops);
            self.parts.trace.submit(&scope, tool_use);
        }
        answered
    }

    async fn answer_measured(&self, request: ToolRequest) -> (Answered, Option<(TenantScope, ToolUse)>) {
        let mut watch = Stopwatch::start();
        let tool = Tool::from_name(&request.tool);
        let started_at = self.parts.clock.now();
        let conversation = self.converse(&request).await;
        watch.lap("resolve");
        let (mut reply, effect, talk) = match (conversation, tool) {
            (Err(NoConversation::Refused(reply)), Some(Tool::CurrentTimeBerlin))
                if reply.status == Status::CallUnknown =>
            {
                (tools::context::current_time_without_call(self, &request).await, None, None)
            }
            (Err(NoConversation::Refused(reply)), _) => (*reply, None, None),
            // It may be the repetition of what is done already, so nothing is claimed of it.
            (Err(NoConversation::Crowded), Some(tool)) if tool.entry().effect != Effectful::Never => {
                (not_known_yet(), None, None)
            }
            (Err(NoConversation::Crowded), _) => (crowded(), None, None),
            (Err(NoConversation::Failed(error)), _) => {
                log_failure(tool, &error);
                (looked_in_vain(error.class()), None, None)
            }
            (Ok(talk), None) => (unknown_tool(), None, Some(talk)),
            (Ok(talk), Some(tool)) => {
                let done = self.run(tool, &request, &talk).await;
                (done.reply, done.effect, Some(talk))
            }
        };
        watch.lap("tool");
        tools::context::measured(tool, &mut reply, watch.total());
        reply.call_id = match &talk {
            Some(talk) => Some(talk.provider_call.as_str().to_owned()),
            None => request.call.as_ref().and_then(|call| call.call_id.clone()).filter(|id| id.len() <= 100),
        };
        let trace = TraceLine {
            tool: tool.map_or("unknown", Tool::name),
            tenant: talk.as_ref().map(|talk| talk.scope.tenant()),
            call: talk.as_ref().map(|talk| talk.call),
            hops: watch.hops(),
            transactions: 0,
        };
        let tool_use = talk.map(|talk| {
            let tool_use = ToolUse {
                id: ToolUseId::generate(&*self.parts.ids),
                call: talk.call,
                tool: trace.tool.to_owned(),
                tool_call_id: request.tool_call_id.clone(),
                args_redacted: redact_arguments(&request.args),
                status: reply.status.code().to_owned(),
                success: reply.success,
                effect,
                started_at,
                duration_us: watch.total(),
                hops: Vec::new(),
            };
            (talk.scope, tool_use)
        });
        (Answered { reply, trace }, tool_use)
    }

    /// What is said when the deadline comes first, or when there was no room to begin. It claims nothing: the work goes on,
    /// or the same was asked for before, and the next call of the tool finds its outcome. A tool of an unknown name may be
    /// one with an effect.
    #[must_use]
    pub fn overdue(tool: &str, call_id: Option<&str>) -> ToolReply {
        let has_effect = Tool::from_name(tool).is_none_or(|tool| tool.entry().effect != Effectful::Never);
        let mut reply = if has_effect { not_known_yet() } else { looked_in_vain(ErrorClass::Busy) };
        reply.call_id = call_id.filter(|id| id.len() <= 100).map(str::to_owned);
        reply
    }

    async fn run(&self, tool: Tool, request: &ToolRequest, talk: &Conversation) -> Done {
        match self.refusal_after_end(tool, talk).await {
            Ok(None) => {}
            Ok(Some(refusal)) => return refusal.into(),
            Err(error) => {
                log_failure(Some(tool), &error);
                return looked_in_vain(error.class()).into();
            }
        }
        let args = Args::new(&request.args);
        let once = Once::of(tool, request, talk);
        // The future of the largest tool: on the heap, it leaves the stack to what is below.
        let found = if tool.goes_on() { Some(self.found(talk, &once).await) } else { None };
        let work = Box::pin(self.dispatch(tool, request, talk, (&once, found)));
        let done = if tool.leaves_holds() {
            join(work, self.meanwhile(tool, args, talk)).await.0
        } else {
            work.await
        };
        match done {
            Ok(done) => {
                // Another day was looked at, and nothing of it is held: what was held before is not given up.
                if tool == Tool::CheckAvailability
                    && !done.reply.data.contains_key("held_until")
                    && self.parts.memory.recall(&talk.scope, talk.call).await.may_hold
                {
                    self.keep_holds(talk).await;
                }
                done
            }
            Err(Stop::Reply(reply)) => {
                // What is held must not lapse over a question that the tool itself asks.
                if !tool.leaves_holds() && tool != Tool::ReleaseSlotReservation {
                    self.keep_holds(talk).await;
                }
                (*reply).into()
            }
            Err(Stop::Failed(error)) => {
                log_failure(Some(tool), &error);
                let may_have_happened = tool.entry().effect != Effectful::Never && error.leaves_commit_open();
                if may_have_happened {
                    return not_known_yet().into();
                }
                // Trying again helps against a crowd; against a defect only a person does.
                let is_hopeless = error.class() != ErrorClass::Busy && tool != Tool::RequestCallback;
                let instead =
                    if is_hopeless { tools::callback::instead(self, talk, tool).await } else { None };
                instead.unwrap_or_else(|| looked_in_vain(error.class()).into())
            }
        }
    }

    /// Beside a tool that leaves the holds alone: renews what the call holds, if anything could have made a hold; most
    /// questions before that need no look at the store. A question that waited for its answer is over if the tool ends
    /// with one of its own.
    async fn meanwhile(&self, tool: Tool, args: Args<'_>, talk: &Conversation) {
        let notes = self.parts.memory.recall(&talk.scope, talk.call).await;
        let holds = notes.may_hold;
        match &notes.asked {
            LastQuestion::Open(question) if tools::asks_something_else(tool, args, talk, question) => {
                self.note(talk, notes.closed()).await;
            }
            LastQuestion::Answered(_) | LastQuestion::Unknown if tools::asks_anything(tool) => {
                self.note(talk, notes.closed()).await;
            }
            // Something else is asked than what was offered instead.
            _ if notes.unmet.is_some() && tools::asks_anything(tool) => {
                self.note(talk, CallNotes { unmet: None, ..notes }).await;
            }
            _ => {}
        }
        if holds {
            self.keep_holds(talk).await;
        }
    }

    /// Renews what the call holds. Losing it costs one question, so a failure is none of the tool.
    async fn keep_holds(&self, talk: &Conversation) {
        if let Err(error) = self.parts.bookings.keep_holds(&talk.scope, talk.call).await {
            tracing::debug!(%error, "holds were not renewed");
        }
    }

    /// The notes as an invocation finds them: its repetition finds what it has found itself, if it did nothing.
    async fn found(&self, talk: &Conversation, once: &Once) -> CallNotes {
        let notes = self.parts.memory.recall(&talk.scope, talk.call).await;
        let Some(found) = once.found_before(&notes) else { return notes };
        // What came of it may be known by now; then nothing is taken back.
        match self.parts.outcomes.find(&talk.scope, once.key()).await {
            Ok(None) => {
                let again = CallNotes { before: notes.before, ..found.clone() };
                self.parts.memory.remember(&talk.scope, talk.call, again).await;
                found
            }
            Ok(Some(_)) | Err(_) => notes,
        }
    }

    /// Runs a tool with what it was told, now and in answer to what it had asked.
    async fn dispatch(
        &self,
        tool: Tool,
        request: &ToolRequest,
        talk: &Conversation,
        (once, found): (&Once, Option<CallNotes>),
    ) -> ToolResult {
        let Some(notes) = found else {
            return self.act(tool, (Args::new(&request.args), request.mode), talk, once).await;
        };
        if let Some((instead, is_yes)) = unmet::answer(tool, &request.args, &notes) {
            let (tool, args) = (instead.tool(), &request.args);
            let result = if is_yes {
                self.act(tool, (Args::new(args), request.mode), talk, once).await
            } else {
                Ok(tools::yes::said_no(self, talk, notes.clone()).await.into())
            };
            return self.left(tool, (args, once), talk, notes, result).await;
        }
        // A new time is no yes to where something would be moved.
        let says_where = [names::NEW_DATE, names::NEW_TIME];
        let is_new_time = tool == Tool::ConfirmBooking && Args::new(&request.args).says_any(&says_where)?;
        let tool = if is_new_time { Tool::RescheduleAppointment } else { tool };
        let unconfirmed = is_new_time.then(|| {
            let said = request.args.clone().into_iter();
            said.filter(|(name, _)| !names::CONFIRM.contains(&name.as_str())).collect()
        });
        let said = unconfirmed.as_ref().unwrap_or(&request.args);
        let completed = unfinished::completed(tool, said, talk, &notes);
        let args = completed.as_ref().unwrap_or(said);
        let result = match moving_on::as_move(self, tool, Args::new(args), talk, &notes).await {
            Ok(GoesOn::There(move_there)) => {
                let args = (Args::new(&move_there), request.mode);
                self.act(Tool::RescheduleAppointment, args, talk, once).await
            }
            Ok(GoesOn::Looking(moving, of_all)) => {
                let result = self.act(tool, (Args::new(args), request.mode), talk, once).await;
                let moving = (moving, of_all);
                let now = self.parts.memory.recall(&talk.scope, talk.call).await.wished;
                let wished = now.filter(|_| now != notes.wished).or(moving_on::wished(talk, &notes));
                tools::moving::goes_on(self, talk, moving, wished).await;
                result
            }
            Ok(GoesOn::Not) => self.act(tool, (Args::new(args), request.mode), talk, once).await,
            Err(stop) => Err(stop),
        };
        let result = tools::remark::keeping(self, (tool, Args::new(args)), talk, result).await;
        self.left(tool, (args, once), talk, notes, result).await
    }

    /// The same result, once what the next invocation may need to know of this one is noted.
    async fn left(
        &self,
        tool: Tool,
        (args, once): (&Map<String, Value>, &Once),
        talk: &Conversation,
        found: CallNotes,
        result: ToolResult,
    ) -> ToolResult {
        // A promise, and a wish, are known by what they say, and not by the invocation.
        let is_of_words = matches!(tool, Tool::RequestCallback | Tool::JoinWaitingList);
        let is_done = matches!(&result, Ok(done) if done.effect.is_some()) && !is_of_words;
        let before = if is_done { None } else { once.finding(found) };
        let left = self.parts.memory.recall(&talk.scope, talk.call).await;
        let left = unfinished::keeping((tool, args), talk, &result, left);
        let unmet = unmet::left(args, talk, &result, &left);
        // That is no word of the call: what is held since the last one stays younger than its notes.
        self.parts.memory.remember(&talk.scope, talk.call, CallNotes { before, unmet, ..left }).await;
        result
    }

    async fn act(
        &self,
        tool: Tool,
        (args, mode): (Args<'_>, Mode),
        talk: &Conversation,
        once: &Once,
    ) -> ToolResult {
        match tool {
            Tool::GetCurrentContext => tools::context::get_current_context(self, talk).await,
            Tool::CurrentTimeBerlin => Ok(tools::context::current_time(talk.local_now()).into()),
            Tool::CheckCustomer => tools::customer::check_customer(self, talk).await,
            Tool::ParseDate => tools::parse_date::parse_date(args, talk),
            Tool::ListServices | Tool::GetAvailableServices => tools::services::list(tool, args, talk),
            Tool::GetServiceInfo => tools::services::get_service_info(args, talk),
            Tool::GetOpeningHours => tools::hours::get_opening_hours(args, talk),
            Tool::CheckAvailability => tools::availability::check(self, args, talk).await,
            Tool::ReserveSlot => tools::holding::reserve(self, args, talk).await,
            Tool::GetAlternatives => tools::alternatives::get_alternatives(self, args, talk).await,
            Tool::FindNextAvailable => tools::alternatives::find_next(self, args, talk).await,
            Tool::ReleaseSlotReservation => tools::holding::release(self, args, talk).await,
            Tool::CollectAppointmentInfo => tools::booking::collect(self, args, mode, talk, once).await,
            Tool::BookAppointment => tools::booking::book(self, args, talk, once).await,
            Tool::ConfirmBooking => tools::booking::confirm(self, args, talk, once).await,
            Tool::QueryAppointment | Tool::QueryAppointmentByName | Tool::GetCustomerAppointments => {
                tools::appointments::query(self, tool, args, talk).await
            }
            Tool::CancelAppointment => tools::calling_off::cancel(self, args, talk, once).await,
            Tool::RescheduleAppointment => tools::moving::reschedule(self, args, talk, once).await,
            Tool::RequestCallback => tools::callback::request(self, args, talk, once).await,
            Tool::JoinWaitingList => tools::waiting_list::join(self, args, talk, once).await,
            Tool::EndCall => Ok(ToolReply::new(Status::Ok, "Vielen Dank für Ihren Anruf, auf Wiederhören.")
                .next(NextAction::EndCall)
                .into()),
            Tool::TransferCall => Ok(ToolReply::new(Status::Ok, "Einen Moment bitte.").into()),
            Tool::ServiceDesk => Ok(wrong_mode().into()),
        }
    }
}

/// A failure is logged once, here, where it is turned into speech.
fn log_failure(tool: Option<Tool>, error: &VoiceError) {
    let tool = tool.map_or("unknown", Tool::name);
    match error.class() {
        kernel::ErrorClass::Fault => tracing::error!(tool, error = %chain(error), "a tool failed"),
        _ => tracing::warn!(tool, error = %chain(error), "a tool could not be answered"),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
