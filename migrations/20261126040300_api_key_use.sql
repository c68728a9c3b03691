-- From where a key may be used, and when it was used last.
ALTER TABLE public.api_keys
    ADD COLUMN allowed_networks cidr[] NOT NULL DEFAULT '{}',
    ADD COLUMN last_used_at timestamptz,
    ADD CONSTRAINT api_keys_allowed_networks_valid CHECK (cardinality(allowed_networks) <= 32);
COMMENT ON COLUMN public.api_keys.allowed_networks IS 'Networks that it may be used from; empty is from anywhere.';
COMMENT ON COLUMN public.api_keys.last_used_at IS 'Real time of its last use, exact to the minute.';
GRANT UPDATE (last_used_at) ON public.api_keys TO tenant;
