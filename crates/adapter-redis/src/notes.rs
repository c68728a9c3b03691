//! Notes of ongoing calls.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use appointment::model::{DateRange, SequenceId, Slot};
use appointment::policy::change::ChangeAct;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use deadpool_redis::redis;
use kernel::{
    AppointmentId, CallId, CustomerId, IdempotencyKey, Money, PersonName, ServiceId, StaffId, TenantId,
    TenantScope,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use voice::{
    AskedWhom, Before, CallMemory, CallNotes, ForWhom, Instead, LastQuestion, Matter, NamedTime, Question,
    Told, ToldFee, Unfinished, Unmet, WishedTime,
};

use crate::key::{CacheKey, Kind};
use crate::link::Redis;

/// Half an hour after the last use: longer than any pause in a call.
const TO_LIVE: Duration = Duration::from_secs(30 * 60);

/// Calls at most of which this process remembers that it alone has their latest notes. Beyond it, another gateway may
/// answer from older ones.
const MAX_UNSENT: usize = 10_000;

/// Notes that every gateway sees, with those of this process behind them.
///
/// What could not be shared when it was said is shared at the next use of the call here; until then this process
/// believes itself. Another gateway may meanwhile know an older state of the call. That costs a question and no more:
/// what is held for a call is in the database, and a yes that rests on older notes is asked back.
#[derive(Clone)]
pub struct RedisNotes {
    redis: Redis,
    local: Arc<dyn CallMemory>,
    unsent: Arc<Mutex<HashSet<(TenantId, CallId)>>>,
}

impl RedisNotes {
    /// Notes in `redis`, and in `local` for when it is away.
    #[must_use]
    pub fn new(redis: Redis, local: Arc<dyn CallMemory>) -> Self {
        Self { redis, local, unsent: Arc::default() }
    }

    async fn send(&self, scope: &TenantScope, call: CallId, notes: &CallNotes) {
        let key = self.redis.key(&CacheKey::of(scope, Kind::Notes, call.as_uuid()));
        let Ok(text) = serde_json::to_string(&Written::of(notes)) else { return };
        let sent = self
            .redis
            .ask(|mut connection| async move {
                let mut command = redis::cmd("SET");
                command.arg(key).arg(text).arg("PX").arg(milliseconds(TO_LIVE));
                command.exec_async(&mut connection).await
            })
            .await;
        let mut unsent = lock(&self.unsent);
        if sent.is_some() {
            unsent.remove(&(scope.tenant(), call));
        } else if unsent.len() < MAX_UNSENT {
            unsent.insert((scope.tenant(), call));
        }
    }
}

#[async_trait]
impl CallMemory for RedisNotes {
    async fn recall(&self, scope: &TenantScope, call: CallId) -> CallNotes {
        let is_unsent = lock(&self.unsent).contains(&(scope.tenant(), call));
        if is_unsent {
            let notes = self.local.recall(scope, call).await;
            self.send(scope, call, &notes).await;
            return notes;
        }
        let key = self.redis.key(&CacheKey::of(scope, Kind::Notes, call.as_uuid()));
        let found: Option<Option<String>> = self
            .redis
            .ask(|mut connection| async move {
                let mut command = redis::cmd("GETEX");
                command.arg(key).arg("PX").arg(milliseconds(TO_LIVE));
                command.query_async(&mut connection).await
            })
            .await;
        let shared = found.flatten().and_then(|text| serde_json::from_str::<Written>(&text).ok());
        match shared {
            Some(written) => {
                let notes = written.notes();
                self.local.remember(scope, call, notes.clone()).await;
                notes
            }
            // Away, or emptied: what this process remembers is the best there is.
            None => self.local.recall(scope, call).await,
        }
    }

    async fn remember(&self, scope: &TenantScope, call: CallId, notes: CallNotes) {
        self.local.remember(scope, call, notes.clone()).await;
        self.send(scope, call, &notes).await;
    }
}

/// Notes as they are written. Fields may be added; what cannot be read is forgotten.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    service: Option<Uuid>,
    staff: Option<Uuid>,
    day: Option<NaiveDate>,
    #[serde(default)]
    wished: Option<WrittenWish>,
    refused: Option<DateTime<Utc>>,
    #[serde(default)]
    for_whom: WrittenWhom,
    #[serde(default)]
    booked_for_others: Vec<Uuid>,
    #[serde(default)]
    named_slots: Vec<(Vec<WrittenSlot>, WrittenWhom)>,
    asked: Option<WrittenQuestion>,
    #[serde(default)]
    asked_back_about: Vec<DateTime<Utc>>,
    #[serde(default)]
    may_hold: bool,
    #[serde(default)]
    told_fee: Option<WrittenFee>,
    #[serde(default)]
    called_off: Vec<Uuid>,
    #[serde(default)]
    cancel_was_last: bool,
    offered: Vec<WrittenSlot>,
    #[serde(default)]
    then: Vec<Uuid>,
    #[serde(default)]
    offered_all: Vec<Vec<WrittenSlot>>,
    #[serde(default)]
    unfinished: Option<(WrittenMatter, Map<String, Value>)>,
    #[serde(default)]
    is_other_time: bool,
    #[serde(default)]
    moving: Option<(Uuid, bool)>,
    #[serde(default)]
    unmet: Option<(String, Option<WrittenInstead>)>,
    #[serde(default)]
    before: Option<(String, Box<Written>)>,
    #[serde(default)]
    noted_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenMatter {
    New,
    Cancel,
    Move,
    Callback,
}

impl WrittenMatter {
    const fn of(matter: Matter) -> Self {
        match matter {
            Matter::New => Self::New,
            Matter::Cancel => Self::Cancel,
            Matter::Move => Self::Move,
            Matter::Callback => Self::Callback,
        }
    }

    const fn matter(self) -> Matter {
        match self {
            Self::New => Matter::New,
            Self::Cancel => Matter::Cancel,
            Self::Move => Matter::Move,
            Self::Callback => Matter::Callback,
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenInstead {
    Callback,
    WaitingList,
}

impl WrittenInstead {
    const fn of(instead: Instead) -> Self {
        match instead {
            Instead::Callback => Self::Callback,
            Instead::WaitingList => Self::WaitingList,
        }
    }

    const fn instead(self) -> Instead {
        match self {
            Self::Callback => Instead::Callback,
            Self::WaitingList => Instead::WaitingList,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenQuestion {
    Book(WrittenSlot),
    BookBeside(WrittenSlot),
    Move(Uuid, WrittenSlot),
    BookAll { slots: Vec<WrittenSlot>, beside: bool },
    MoveAll(Uuid, Vec<WrittenSlot>),
    Cancel { appointment: Uuid, of_all: bool },
    Answered(Uuid),
    Closed,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct WrittenWhom {
    name: Option<PersonName>,
    other_person: Option<bool>,
    is_of_last: bool,
    #[serde(default)]
    asked: WrittenAsked,
    #[serde(default)]
    remark: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenAsked {
    #[default]
    Nothing,
    Who,
    IsIt(PersonName),
    IsNew,
}

impl WrittenWhom {
    fn of(whom: &ForWhom) -> Self {
        let ForWhom { name, other_person, is_of_last, asked, told } = whom.clone();
        let Told { remark, email, phone } = told;
        let asked = match asked {
            AskedWhom::Nothing => WrittenAsked::Nothing,
            AskedWhom::Who => WrittenAsked::Who,
            AskedWhom::IsIt(name) => WrittenAsked::IsIt(name),
            AskedWhom::IsNew => WrittenAsked::IsNew,
        };
        Self { name, other_person, is_of_last, asked, remark, email, phone }
    }

    fn whom(&self) -> ForWhom {
        let Self { name, other_person, is_of_last, asked, remark, email, phone } = self;
        let told = Told { remark: remark.clone(), email: email.clone(), phone: phone.clone() };
        let asked = match asked {
            WrittenAsked::Nothing => AskedWhom::Nothing,
            WrittenAsked::Who => AskedWhom::Who,
            WrittenAsked::IsIt(name) => AskedWhom::IsIt(name.clone()),
            WrittenAsked::IsNew => AskedWhom::IsNew,
        };
        ForWhom { name: name.clone(), other_person: *other_person, is_of_last: *is_of_last, asked, told }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenFee {
    appointment: Uuid,
    act: String,
    minor: i64,
    currency: String,
    #[serde(default)]
    of_all: bool,
}

impl WrittenFee {
    fn of(told: &ToldFee) -> Self {
        Self {
            appointment: told.appointment.as_uuid(),
            act: told.act.as_str().to_owned(),
            minor: told.fee.minor(),
            currency: told.fee.currency().code().to_owned(),
            of_all: told.of_all,
        }
    }

    /// `None` for an act or a currency of a newer version: then the fee is told once more.
    fn told(&self) -> Option<ToldFee> {
        Some(ToldFee {
            appointment: AppointmentId::from_uuid(self.appointment),
            act: ChangeAct::parse(&self.act)?,
            fee: Money::new(self.minor, self.currency.parse().ok()?),
            of_all: self.of_all,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenWish {
    first: NaiveDate,
    last: NaiveDate,
    hours: Option<(u16, u16)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenSlot {
    service: Uuid,
    staff: Uuid,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl WrittenSlot {
    fn of(slot: &Slot) -> Self {
        let Slot { service, staff, start, end } = *slot;
        Self { service: service.as_uuid(), staff: staff.as_uuid(), start, end }
    }

    fn all(slots: &[Slot]) -> Vec<Self> {
        slots.iter().map(Self::of).collect()
    }

    fn slot(&self) -> Slot {
        Slot {
            service: ServiceId::from_uuid(self.service),
            staff: StaffId::from_uuid(self.staff),
            start: self.start,
            end: self.end,
        }
    }
}

fn slots_of(written: &[WrittenSlot]) -> Vec<Slot> {
    written.iter().map(WrittenSlot::slot).collect()
}

impl Written {
    fn of(notes: &CallNotes) -> Self {
        let asked = match &notes.asked {
            LastQuestion::Unknown => None,
            LastQuestion::Open(Question::Book(slot)) => Some(WrittenQuestion::Book(WrittenSlot::of(slot))),
            LastQuestion::Open(Question::BookBeside(slot)) => {
                Some(WrittenQuestion::BookBeside(WrittenSlot::of(slot)))
            }
            LastQuestion::Open(Question::Move(id, slot)) => {
                Some(WrittenQuestion::Move(id.as_uuid(), WrittenSlot::of(slot)))
            }
            LastQuestion::Open(Question::BookAll { slots, beside }) => {
                Some(WrittenQuestion::BookAll { slots: WrittenSlot::all(slots), beside: *beside })
            }
            LastQuestion::Open(Question::MoveAll(id, slots)) => {
                Some(WrittenQuestion::MoveAll(id.as_uuid(), WrittenSlot::all(slots)))
            }
            LastQuestion::Open(Question::Cancel { appointment, of_all }) => {
                Some(WrittenQuestion::Cancel { appointment: appointment.as_uuid(), of_all: *of_all })
            }
            LastQuestion::Answered(id) => Some(WrittenQuestion::Answered(id.as_uuid())),
            LastQuestion::Closed => Some(WrittenQuestion::Closed),
        };
        Self {
            service: notes.service.map(|id| id.as_uuid()),
            staff: notes.staff.map(|id| id.as_uuid()),
            day: notes.day,
            wished: notes.wished.map(|WishedTime { days, hours }| WrittenWish {
                first: days.first(),
                last: days.last(),
                hours,
            }),
            refused: notes.refused,
            for_whom: WrittenWhom::of(&notes.for_whom),
            booked_for_others: notes.booked_for_others.iter().map(CustomerId::as_uuid).collect(),
            named_slots: notes
                .named_times
                .iter()
                .map(|named| (WrittenSlot::all(&named.slots), WrittenWhom::of(&named.for_whom)))
                .collect(),
            cancel_was_last: notes.cancel_was_last,
            asked,
            asked_back_about: notes.asked_back.clone(),
            may_hold: notes.may_hold,
            told_fee: notes.told_fee.as_ref().map(WrittenFee::of),
            called_off: notes.cancelled.iter().map(AppointmentId::as_uuid).collect(),
            offered: WrittenSlot::all(&notes.offered),
            then: notes.then.iter().map(ServiceId::as_uuid).collect(),
            offered_all: notes.offered_all.iter().map(|slots| WrittenSlot::all(slots)).collect(),
            unfinished: notes
                .unfinished
                .as_ref()
                .map(|unfinished| (WrittenMatter::of(unfinished.matter), unfinished.args.clone())),
            is_other_time: notes.unfinished.as_ref().is_some_and(|unfinished| unfinished.is_other_time),
            moving: notes.moving.map(|(id, of_all)| (id.as_uuid(), of_all)),
            unmet: notes
                .unmet
                .as_ref()
                .map(|unmet| (unmet.about.clone(), unmet.offered.map(WrittenInstead::of))),
            before: notes
                .before
                .as_ref()
                .map(|before| (before.by.as_str().to_owned(), Box::new(Self::of(&before.notes)))),
            noted_at: notes.noted_at,
        }
    }

    fn notes(&self) -> CallNotes {
        let asked = match &self.asked {
            None => LastQuestion::Unknown,
            Some(WrittenQuestion::Book(slot)) => LastQuestion::Open(Question::Book(slot.slot())),
            Some(WrittenQuestion::BookBeside(slot)) => LastQuestion::Open(Question::BookBeside(slot.slot())),
            Some(WrittenQuestion::Move(id, slot)) => {
                LastQuestion::Open(Question::Move(AppointmentId::from_uuid(*id), slot.slot()))
            }
            Some(WrittenQuestion::BookAll { slots, beside }) => {
                LastQuestion::Open(Question::BookAll { slots: slots_of(slots), beside: *beside })
            }
            Some(WrittenQuestion::MoveAll(id, slots)) => {
                LastQuestion::Open(Question::MoveAll(SequenceId::from_uuid(*id), slots_of(slots)))
            }
            Some(WrittenQuestion::Cancel { appointment, of_all }) => LastQuestion::Open(Question::Cancel {
                appointment: AppointmentId::from_uuid(*appointment),
                of_all: *of_all,
            }),
            Some(WrittenQuestion::Answered(id)) => LastQuestion::Answered(AppointmentId::from_uuid(*id)),
            Some(WrittenQuestion::Closed) => LastQuestion::Closed,
        };
        CallNotes {
            service: self.service.map(ServiceId::from_uuid),
            staff: self.staff.map(StaffId::from_uuid),
            day: self.day,
            wished: self.wished.as_ref().map(|written| WishedTime {
                days: DateRange::new(written.first, written.last),
                hours: written.hours,
            }),
            refused: self.refused,
            for_whom: self.for_whom.whom(),
            booked_for_others: self.booked_for_others.iter().copied().map(CustomerId::from_uuid).collect(),
            named_times: self
                .named_slots
                .iter()
                .map(|(slots, whom)| NamedTime { slots: slots_of(slots), for_whom: whom.whom() })
                .collect(),
            cancel_was_last: self.cancel_was_last,
            asked,
            asked_back: self.asked_back_about.clone(),
            may_hold: self.may_hold,
            told_fee: self.told_fee.as_ref().and_then(WrittenFee::told),
            cancelled: self.called_off.iter().copied().map(AppointmentId::from_uuid).collect(),
            offered: slots_of(&self.offered),
            then: self.then.iter().copied().map(ServiceId::from_uuid).collect(),
            offered_all: self.offered_all.iter().map(|slots| slots_of(slots)).collect(),
            unfinished: self.unfinished.as_ref().map(|(matter, args)| Unfinished {
                matter: matter.matter(),
                args: args.clone(),
                is_other_time: self.is_other_time,
            }),
            moving: self.moving.map(|(id, of_all)| (AppointmentId::from_uuid(id), of_all)),
            unmet: self.unmet.as_ref().map(|(about, offered)| Unmet {
                about: about.clone(),
                offered: offered.map(WrittenInstead::instead),
            }),
            before: self.before.as_ref().map(|(by, written)| {
                Box::new(Before { by: IdempotencyKey::new(by), notes: written.notes() })
            }),
            noted_at: self.noted_at,
        }
    }
}

/// What Redis takes as a time to live.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
