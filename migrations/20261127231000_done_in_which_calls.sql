-- What a call has done, with the call of each entry: what another call did meanwhile does not make a word false. That an
-- entry is of the call stays for workers that are still to be replaced.
DROP FUNCTION app.done_in_call(uuid, uuid);
CREATE FUNCTION app.done_in_call(tenant uuid, making_call uuid)
    RETURNS TABLE (appointment_id uuid, timezone text, status text, is_refused boolean, kind text, is_of_call boolean,
                   before jsonb, after jsonb, at timestamptz, call_id uuid)
    LANGUAGE plpgsql STABLE ROWS 4 SET role = tenant AS $$
#variable_conflict use_column
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY
        SELECT a.id, a.timezone, a.status,
               coalesce((SELECT r.reason FROM public.calendar_reviews r
                          WHERE r.tenant_id = $1 AND r.appointment_id = a.id
                          ORDER BY r.opened_at DESC, r.id DESC LIMIT 1) = 'copy_refused', false),
               c.kind, c.call_id IS NOT DISTINCT FROM $2, c.before, c.after, c.at, c.call_id
          FROM (SELECT DISTINCT d.appointment_id FROM public.call_appointments d
                 WHERE d.tenant_id = $1 AND d.call_id = $2) AS touched
          JOIN public.appointments a ON a.tenant_id = $1 AND a.id = touched.appointment_id
          JOIN public.appointment_changes c ON c.tenant_id = $1 AND c.appointment_id = a.id
         ORDER BY a.id, c.at, c.id;
END $$;
REVOKE ALL ON FUNCTION app.done_in_call(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.done_in_call(uuid, uuid) TO worker, tenant, askpro_owner;
