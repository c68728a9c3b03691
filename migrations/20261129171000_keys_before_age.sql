-- An outcome is found by its key. A server that has counted the table while it was small takes an index that begins with the
-- company and reads all of the company's outcomes, since that index is a page less deep. This one cannot serve for that:
-- only who asks for an age says that there is one.
CREATE INDEX idempotent_outcomes_to_erase ON public.idempotent_outcomes (tenant_id, created_at)
    WHERE created_at IS NOT NULL;
DROP INDEX public.idempotent_outcomes_by_age;
