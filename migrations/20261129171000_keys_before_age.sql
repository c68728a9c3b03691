-- An outcome is found by its key. A server that has counted the table while it was small takes an index that begins with the
-- company and reads all of the company's outcomes, since that index is a page less deep. This one cannot serve for that.
DROP INDEX public.idempotent_outcomes_by_age;
CREATE INDEX idempotent_outcomes_by_age ON public.idempotent_outcomes (created_at, tenant_id);

-- Each change of a call names the end that its routing entry has; only one of them changes it.
CREATE TRIGGER call_keys_changed BEFORE UPDATE ON public.call_keys
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
