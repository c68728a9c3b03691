-- Each change of a call names the end that its routing entry has; only one of them changes it.
CREATE TRIGGER call_keys_changed BEFORE UPDATE ON public.call_keys
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
