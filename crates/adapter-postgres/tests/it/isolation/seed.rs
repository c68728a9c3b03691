//! A row in every tenant table, for one company. The attempts prove that no table was forgotten.

use sqlx::PgPool;
use testkit::scenario::Salon;

/// What [`Salon::insert`] leaves empty. `$1` tenant, `$2` branch, `$3` staff, `$4` service, `$5` customer, `$6` call,
/// `$7` when the call became known, `$8` colleague. Every reference that a table can have is there at least once.
const REST: &[&str] = &[
    "UPDATE calls SET customer_id = $5, link_method = 'phone_match' WHERE tenant_id = $1",
    "INSERT INTO closed_days VALUES ($1, $2, '2026-12-25', 'Erster Weihnachtstag', 'holiday')",
    "INSERT INTO opening_exceptions VALUES ($1, $2, '2026-12-24', 540, 720)",
    "INSERT INTO absences VALUES ($1, gen_random_uuid(), $3, app.now(), app.now() + interval '1 day', 'Urlaub')",
    "INSERT INTO change_policies (tenant_id, act, level) VALUES ($1, 'cancel', 'company')",
    "INSERT INTO change_policies (tenant_id, act, level, branch_id) VALUES ($1, 'cancel', 'branch', $2)",
    "INSERT INTO change_policies (tenant_id, act, level, service_id) VALUES ($1, 'cancel', 'service', $4)",
    "INSERT INTO change_policies (tenant_id, act, level, staff_id) VALUES ($1, 'move', 'staff', $3)",
    "INSERT INTO service_synonyms VALUES ($1, $4, 'Haare schneiden')",
    "INSERT INTO appointments (tenant_id, id, branch_id, customer_id, service_id, staff_id, call_id, starts_at, ends_at,
                               timezone, status, source, price_minor, currency, sync_state, created_at)
     VALUES ($1, $6, $2, $5, $4, $3, $6, '2026-12-01 10:00+00', '2026-12-01 10:30+00', 'Europe/Berlin', 'confirmed',
             'voice_agent', 3200, 'EUR', 'not_needed', app.now())",
    "INSERT INTO appointment_phases VALUES ($1, $6, 0, 'staffed', '2026-12-01 10:00+00', '2026-12-01 10:30+00')",
    "INSERT INTO appointment_changes VALUES ($1, gen_random_uuid(), $6, 'booked', 'test', $6, NULL, '{}', app.now())",
    "INSERT INTO holds VALUES ($1, $6, $6, '+491701112233', $2, $4, $8, '2026-12-01 11:00+00', '2026-12-01 11:30+00',
                               $6, app.now() + interval '2 minutes', app.now())",
    "INSERT INTO occupancy (tenant_id, resource_id, span, kind, appointment_id)
     VALUES ($1, $3, '[2026-12-01 10:00+00, 2026-12-01 10:30+00)', 'appointment', $6)",
    "INSERT INTO occupancy (tenant_id, resource_id, span, kind, hold_id, expires_at)
     VALUES ($1, $8, '[2026-12-01 11:00+00, 2026-12-01 11:30+00)', 'hold', $6, app.now() + interval '2 minutes')",
    "INSERT INTO facility_groups VALUES ($1, $6, 'room', 'Kabine')",
    "INSERT INTO facilities (tenant_id, id, branch_id, group_id, name) VALUES ($1, $6, $2, $6, 'Kabine 1')",
    "INSERT INTO service_facilities VALUES ($1, $4, $6, 'stay', '{}')",
    "INSERT INTO occupancy (tenant_id, resource_kind, resource_id, span, kind, appointment_id)
     VALUES ($1, 'facility', $6, '[2026-12-01 10:00+00, 2026-12-01 10:30+00)', 'appointment', $6)",
    "INSERT INTO wishes (tenant_id, id, branch_id, service_id, staff_id, customer_id, call_id, phone_e164, first_day,
                         last_day, from_minute, until_minute, status, created_at)
     VALUES ($1, $6, $2, $4, $3, $5, $6, '+491701112233', '2026-12-01', '2026-12-02', 540, 720, 'offered', app.now())",
    "INSERT INTO wish_offers (tenant_id, id, wish_id, branch_id, freed_appointment_id, freed_staff_id, freed_starts_at,
                              freed_ends_at, service_id, staff_id, starts_at, ends_at, state, appointment_id, made_at,
                              expires_at, settled_at)
     VALUES ($1, $6, $6, $2, $6, $3, '2026-12-01 10:00+00', '2026-12-01 10:30+00', $4, $8, '2026-12-01 12:00+00',
             '2026-12-01 12:30+00', 'accepted', $6, app.now(), app.now() + interval '1 hour', app.now())",
    "INSERT INTO occupancy (tenant_id, resource_id, span, kind, offer_id, expires_at)
     VALUES ($1, $8, '[2026-12-01 12:00+00, 2026-12-01 12:30+00)', 'offer', $6, app.now() + interval '1 hour')",
    "INSERT INTO call_appointments VALUES ($1, $6, $6, 'booked')",
    "INSERT INTO idempotent_outcomes VALUES ($1, 'key', sha256('request'), '{}')",
    "INSERT INTO callbacks (tenant_id, id, branch_id, customer_id, call_id, reason, priority, status, due_at, created_at)
     VALUES ($1, $6, $2, $5, $6, 'requested', 'normal', 'pending', app.now(), app.now())",
    "INSERT INTO call_contents VALUES ($1, $7, $6, 'Zusammenfassung', NULL, true)",
    "INSERT INTO call_transcripts VALUES ($1, $7, $6, 0, 'caller', 0, 'Guten Tag')",
    "INSERT INTO call_days VALUES ($1, '2026-11-01', $2, 'ended', 1, 60000)",
    "INSERT INTO call_costs VALUES ($1, $7, $6, 1000000)",
    "INSERT INTO call_tool_uses (tenant_id, started_at, id, call_id, tool, status, success, duration_us)
     VALUES ($1, $7, gen_random_uuid(), $6, 'check_availability', 'available', true, 1000)",
    "INSERT INTO call_reviews VALUES ($1, $6, 'booking_claimed', 'Ihr Termin ist gebucht.', app.now(), NULL)",
    "INSERT INTO call_provider_costs VALUES ($1, $6, 1, 1000000, 856000, 'fallback', 1, 'actual', app.now())",
    "INSERT INTO call_charges VALUES ($1, $6, 1, 'charge', 15, 'EUR', 60000, 15, app.now())",
    "INSERT INTO audit_log VALUES ($1, app.now(), gen_random_uuid(), 'test', 'test.done', 'obj', '{}', gen_random_uuid())",
    "INSERT INTO calendar_connections
        (tenant_id, id, provider, base_url, api_key_sealed, webhook_secret_sealed, key_id, created_at)
     VALUES ($1, $6, 'calcom', 'https://api.cal.com', sha256('key'), sha256('secret'), 'one', app.now())",
    "UPDATE wish_offers SET reservation_connection_id = $6, reserved_until = app.now() WHERE tenant_id = $1",
    "INSERT INTO calendar_links VALUES ($1, $4, $3, $6, '4711', NULL)",
    "INSERT INTO calendar_copies
        (tenant_id, appointment_id, connection_id, event_type_ref, placed_connection_id, placed_event_type_ref, state,
         uid, attempts, version)
     VALUES ($1, $6, $6, '4711', $6, '4711', 'settled', 'uid', 0, 1)",
    "INSERT INTO calendar_reviews VALUES ($1, $6, $6, 'copy_refused', $6, 'uid', 'slot_taken', app.now(), NULL)",
    "INSERT INTO calendar_differences
        (tenant_id, connection_id, became, appointment_id, uid, detail, first_found_at, last_found_at)
     VALUES ($1, $6, 'followed', $6, 'uid', 'here at ten', app.now(), app.now())",
    "INSERT INTO api_keys (prefix, tenant_id, secret_hash, name, created_at)
     VALUES ('seed' || right('0000' || (abs(hashtext($1::text)) % 10000), 4), $1, sha256('secret'), 'key', app.now())",
];

/// A company with a row in every tenant table.
pub(super) async fn everything(admin: &PgPool, number: u128) -> Salon {
    let salon = Salon::insert(admin, number).await;
    for sql in REST {
        // Every parameter is given a type, whether the statement uses it or not.
        let text = format!(
            "WITH parameters AS (SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::timestamptz, \
             $8::uuid) {sql}"
        );
        sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(salon.tenant.as_uuid())
            .bind(salon.branch.as_uuid())
            .bind(salon.staff.as_uuid())
            .bind(salon.service.as_uuid())
            .bind(salon.customer.as_uuid())
            .bind(salon.call.as_uuid())
            .bind(salon.created_at)
            .bind(salon.colleague.as_uuid())
            .execute(admin)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    salon
}
