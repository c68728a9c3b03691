-- Lists for support: what happened when, for how long and at what cost; never who, from where, or what was said.
--
-- The views read with the owner's rights, and the owner is bound by row level security as well: whoever reads names one
-- company (app.tenant_id) and sees that company, and nothing without one. The inbox and the jobs are the platform's.

CREATE SCHEMA support;
GRANT USAGE ON SCHEMA support TO support;

CREATE VIEW support.calls WITH (security_barrier) AS
    SELECT c.tenant_id, c.id, c.branch_id, c.created_at, c.direction, c.agent_version, c.status,
           c.disconnection_reason, c.started_at, c.ended_at, c.duration_ms, c.outcome, c.successful, c.in_voicemail,
           c.customer_id IS NOT NULL AS has_customer, c.link_method, c.version,
           k.provider_usd_microcents, k.telephony_usd_microcents, k.billed_seconds,
           (SELECT sum(e.amount_minor)::bigint FROM public.call_charges e
             WHERE e.tenant_id = c.tenant_id AND e.call_id = c.id) AS charged_minor
      FROM public.calls c
      LEFT JOIN public.call_costs k
        ON k.tenant_id = c.tenant_id AND k.call_created_at = c.created_at AND k.call_id = c.id;

CREATE VIEW support.appointments WITH (security_barrier) AS
    SELECT a.tenant_id, a.id, a.branch_id, a.service_id, a.staff_id, a.call_id, a.starts_at, a.ends_at, a.timezone,
           a.status, a.source, a.price_minor, a.currency, a.fee_minor, a.reschedule_count, a.sync_state, a.cancelled_at,
           a.created_at, a.updated_at, a.version
      FROM public.appointments a;

CREATE VIEW support.callbacks WITH (security_barrier) AS
    SELECT b.tenant_id, b.id, b.branch_id, b.call_id, b.priority, b.status, b.due_at, b.created_at, b.updated_at,
           b.version
      FROM public.callbacks b;

CREATE VIEW support.jobs WITH (security_barrier) AS
    SELECT j.id, j.tenant_id, j.kind, j.queue, j.priority, j.run_at, j.state, j.attempt, j.max_attempts, j.run,
           j.leased_at, j.lease_until, j.correlation, j.created_at
      FROM engine.jobs j;

CREATE VIEW support.inbox WITH (security_barrier) AS
    SELECT w.id, w.provider, w.event, w.received_at, w.tenant_id, w.state, w.attempts, w.processed_at,
           octet_length(w.body) AS body_octets
      FROM intake.webhook_inbox w;

-- The owner reads jobs for that view alone; it could not see them otherwise.
CREATE POLICY jobs_support_list ON engine.jobs FOR SELECT TO askpro_owner USING (true);

GRANT SELECT ON ALL TABLES IN SCHEMA support TO support;
