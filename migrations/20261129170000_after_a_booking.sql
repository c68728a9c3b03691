-- What is read after each booking, as one message each instead of three.

CREATE FUNCTION app.appointment_by_id(tenant uuid, appointment uuid)
    RETURNS SETOF app.whole_appointments
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    RETURN QUERY SELECT a.* FROM app.whole_appointments a WHERE a.tenant_id = $1 AND a.id = $2;
END $$;

-- Without those who are nobody's customer, so that whoever looks for a number has one index that fits and not two: a plan that
-- is made while the table is empty takes the newer one.
DROP INDEX public.wishes_open_by_customer;
CREATE INDEX wishes_open_by_customer ON public.wishes (tenant_id, customer_id)
    WHERE customer_id IS NOT NULL AND status IN ('waiting', 'offered');

-- Open wishes for a customer and those to call a number, each once, at most so many of either. Found by their key and put in
-- order then, since an index in the order of time is no way of finding them.
CREATE FUNCTION app.open_wishes(tenant uuid, waiting_customer uuid, number text, most bigint)
    RETURNS SETOF public.wishes
    LANGUAGE plpgsql STABLE ROWS 1 SET role = tenant AS $$
DECLARE
    setting text;
BEGIN
    setting := set_config('app.tenant_id', $1::text, true);
    IF $2 IS NOT NULL THEN
        RETURN QUERY
            SELECT f.*
              FROM (SELECT w.* FROM public.wishes w
                     WHERE w.tenant_id = $1 AND w.customer_id = $2 AND w.status IN ('waiting', 'offered') OFFSET 0) f
             ORDER BY f.created_at, f.id LIMIT $4;
    END IF;
    IF $3 IS NOT NULL THEN
        RETURN QUERY
            SELECT f.*
              FROM (SELECT w.* FROM public.wishes w
                     WHERE w.tenant_id = $1 AND w.phone_e164 = $3 AND w.status IN ('waiting', 'offered') OFFSET 0) f
             WHERE $2 IS NULL OR f.customer_id IS DISTINCT FROM $2
             ORDER BY f.created_at, f.id LIMIT $4;
    END IF;
END $$;

REVOKE ALL ON FUNCTION app.appointment_by_id(uuid, uuid), app.open_wishes(uuid, uuid, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.appointment_by_id(uuid, uuid), app.open_wishes(uuid, uuid, text, bigint)
    TO gateway, worker, tenant, askpro_owner;
