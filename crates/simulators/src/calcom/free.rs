//! When a host works, and when a host is free.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::event_type::{EventType, Scheduling};
use super::state::Tenant;
use super::world::Host;

/// From and until.
pub(crate) type Span = (DateTime<Utc>, DateTime<Utc>);

/// Minutes as a span of time.
pub(crate) fn minutes(minutes: u32) -> TimeDelta {
    TimeDelta::minutes(i64::from(minutes))
}

/// Working hours that touch a span, merged where they meet, in order.
pub(crate) fn working(host: &Host, range: Span) -> Vec<Span> {
    let zone = host.time_zone;
    let last = range.1.with_timezone(&zone).date_naive();
    let mut day = range.0.with_timezone(&zone).date_naive();
    let mut spans = Vec::new();
    while day <= last {
        let hours: Vec<(NaiveTime, NaiveTime)> = match host.overrides.iter().find(|other| other.date == day) {
            Some(other) => other.hours.clone(),
            None => {
                let weekly = host.hours.iter().filter(|hours| hours.days.contains(&day.weekday()));
                weekly.map(|hours| (hours.from, hours.to)).collect()
            }
        };
        for (from, to) in hours {
            let until = if to == NaiveTime::MIN { day.checked_add_days(Days::new(1)) } else { Some(day) };
            if let Some(until) = until {
                spans.push((resolve(zone, day, from), resolve(zone, until, to)));
            }
        }
        let Some(next) = day.succ_opt() else { break };
        day = next;
    }
    merge(spans)
}

/// A local time as an instant; one that a clock change skips is as long after the change as it would have been.
fn resolve(zone: Tz, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local = day.and_time(time);
    let found = zone.from_local_datetime(&local).earliest().map(|at| at.with_timezone(&Utc));
    found.unwrap_or_else(|| {
        let before = zone.from_local_datetime(&(local - TimeDelta::hours(3))).earliest();
        before.map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc) + TimeDelta::hours(3))
    })
}

fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|(from, to)| from < to);
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
    }
    merged
}

/// What to leave out when asking who is free.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen<'a> {
    /// A booking that is about to move away.
    pub(crate) without: Option<&'a str>,
    /// Whether reserved slots are occupied, at this instant.
    pub(crate) reserved_at: Option<DateTime<Utc>>,
}

/// One host with what occupies them around a span.
pub(crate) struct Diary<'a> {
    pub(crate) host: &'a Host,
    pub(crate) working: Vec<Span>,
    occupied: Vec<Span>,
}

impl<'a> Diary<'a> {
    /// The diaries of an event type's hosts.
    pub(crate) fn all(tenant: &'a Tenant, event: &EventType, range: Span, seen: Seen<'_>) -> Vec<Self> {
        let hosts = event.hosts.iter().filter_map(|&id| tenant.account.find_host(id));
        hosts.map(|host| Self::of(tenant, host, event, range, seen)).collect()
    }

    fn of(tenant: &'a Tenant, host: &'a Host, event: &EventType, range: Span, seen: Seen<'_>) -> Self {
        // The buffers of the neighbours add up, as they do at Cal.com.
        let (before, after) = (minutes(event.before_buffer), minutes(event.after_buffer));
        let wide = (range.0 - TimeDelta::days(1), range.1 + TimeDelta::days(1));
        let mut occupied: Vec<Span> = host
            .busy
            .iter()
            .filter(|busy| busy.start < wide.1 && wide.0 < busy.end)
            .map(|busy| (busy.start - after, busy.end + before))
            .collect();
        for booking in &tenant.bookings {
            let near = booking.start < wide.1 && wide.0 < booking.end;
            let counts = booking.status.occupies() && seen.without != Some(booking.uid.as_str());
            if near && counts && booking.hosts.contains(&host.id) {
                let own = tenant.account.find_event_type(booking.event_type_id);
                let own_before = minutes(own.map_or(0, |own| own.before_buffer));
                let own_after = minutes(own.map_or(0, |own| own.after_buffer));
                occupied.push(booking.span_with(own_before + after, own_after + before));
            }
        }
        if let Some(now) = seen.reserved_at {
            let reserved = tenant.reservations.iter();
            let reserved = reserved.filter(|one| one.host == host.id && one.until > now);
            occupied.extend(reserved.map(|one| (one.start, one.end)));
        }
        Self { host, working: working(host, wide), occupied }
    }

    /// Whether the host works all along and has nothing else to do.
    pub(crate) fn is_free(&self, span: Span) -> bool {
        self.works(span) && !self.occupied.iter().any(|other| other.0 < span.1 && span.0 < other.1)
    }

    pub(crate) fn works(&self, span: Span) -> bool {
        self.working.iter().any(|hours| hours.0 <= span.0 && span.1 <= hours.1)
    }
}

/// Whether an event type can take place, if these of its hosts are free.
pub(crate) fn suffices(event: &EventType, free: usize) -> bool {
    match event.scheduling {
        Some(Scheduling::Managed) => false,
        Some(Scheduling::Collective) => free > 0 && free == event.hosts.len(),
        Some(Scheduling::RoundRobin) | None => free > 0,
    }
}

/// Who does it: all of them, or the one who has least to do with this event type.
pub(crate) fn choose(tenant: &Tenant, event: &EventType, free: &[u64], preferred: Option<u64>) -> Vec<u64> {
    if event.scheduling == Some(Scheduling::Collective) {
        return free.to_vec();
    }
    if let Some(preferred) = preferred.filter(|host| free.contains(host)) {
        return vec![preferred];
    }
    let load = |host: u64| {
        let bookings = tenant.bookings.iter().filter(|booking| booking.event_type_id == event.id);
        bookings.filter(|booking| booking.status.occupies() && booking.hosts.contains(&host)).count()
    };
    free.iter().copied().min_by_key(|&host| load(host)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;
    use crate::calcom::Hours;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_of_a_clock_change_has_its_real_length() {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        let mut host = Host::new(1, "Anna", "anna@example.org");
        host.hours = vec![Hours { days: vec![Weekday::Sun], from: NaiveTime::MIN, to: NaiveTime::MIN }];
        let of = |host: &Host, day: &str| {
            let noon = at(&format!("{day}T12:00:00Z"));
            working(host, (noon, noon)).iter().map(|span| (span.1 - span.0).num_hours()).sum::<i64>()
        };
        assert_eq!(of(&host, "2026-10-25"), 25);
        assert_eq!(of(&host, "2027-03-28"), 23);
        host.hours[0].from = time("02:30:00");
        let noon = at("2027-03-28T12:00:00Z");
        assert_eq!(working(&host, (noon, noon))[0].0, at("2027-03-28T01:30:00Z"));
    }

    #[test]
    fn hours_that_meet_are_one_span() {
        let spans = vec![(at("2026-11-23T10:00:00Z"), at("2026-11-23T11:00:00Z"))];
        let mut more = spans.clone();
        more.push((at("2026-11-23T09:00:00Z"), at("2026-11-23T10:00:00Z")));
        more.push((at("2026-11-23T12:00:00Z"), at("2026-11-23T12:00:00Z")));
        assert_eq!(merge(more), [(at("2026-11-23T09:00:00Z"), at("2026-11-23T11:00:00Z"))]);
    }
}
