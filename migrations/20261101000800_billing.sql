-- What a call cost us, and what it costs the customer. Both only grow: a correction is an entry of its own.

CREATE TABLE public.call_provider_costs (
    tenant_id      uuid        NOT NULL,
    call_id        uuid        NOT NULL,
    version        integer     NOT NULL,
    usd_microcents bigint      NOT NULL,
    fx_rate_ppm    bigint      NOT NULL,
    fx_source      text        NOT NULL,
    external_minor bigint      NOT NULL,
    method         text        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    CONSTRAINT call_provider_costs_pk PRIMARY KEY (tenant_id, call_id, version),
    CONSTRAINT call_provider_costs_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT call_provider_costs_version_valid CHECK (version >= 1),
    CONSTRAINT call_provider_costs_fx_rate_valid CHECK (fx_rate_ppm BETWEEN 700000 AND 1200000),
    CONSTRAINT call_provider_costs_method_valid CHECK (method IN ('actual', 'estimated'))
);
COMMENT ON COLUMN public.call_provider_costs.fx_rate_ppm IS 'Euro for one US dollar, times a million.';
ALTER TABLE public.call_provider_costs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_provider_costs TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON public.call_provider_costs TO tenant;
CREATE TRIGGER call_provider_costs_append_only BEFORE UPDATE OR DELETE ON public.call_provider_costs
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER call_provider_costs_no_truncate BEFORE TRUNCATE ON public.call_provider_costs
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

CREATE TABLE public.call_charges (
    tenant_id             uuid        NOT NULL,
    call_id               uuid        NOT NULL,
    entry_no              integer     NOT NULL,
    kind                  text        NOT NULL,
    amount_minor          bigint      NOT NULL,
    currency              text        NOT NULL,
    duration_ms           bigint      NOT NULL,
    rate_minor_per_minute bigint      NOT NULL,
    created_at            timestamptz NOT NULL,
    CONSTRAINT call_charges_pk PRIMARY KEY (tenant_id, call_id, entry_no),
    CONSTRAINT call_charges_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id),
    CONSTRAINT call_charges_entry_no_valid CHECK (entry_no >= 1),
    CONSTRAINT call_charges_kind_valid CHECK (kind IN ('charge', 'correction')),
    CONSTRAINT call_charges_first_valid CHECK ((entry_no = 1) = (kind = 'charge')),
    CONSTRAINT call_charges_currency_valid CHECK (currency IN ('EUR', 'CHF', 'USD')),
    CONSTRAINT call_charges_basis_valid CHECK (duration_ms >= 0 AND rate_minor_per_minute >= 0)
);
ALTER TABLE public.call_charges ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_charges TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON public.call_charges TO tenant;
CREATE TRIGGER call_charges_append_only BEFORE UPDATE OR DELETE ON public.call_charges
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER call_charges_no_truncate BEFORE TRUNCATE ON public.call_charges
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- No leading tenant: rates of exchange are the same for all.
CREATE TABLE public.fx_rates (
    base      text        NOT NULL,
    quote     text        NOT NULL,
    valid_on  date        NOT NULL,
    rate_ppm  bigint      NOT NULL,
    source    text        NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fx_rates_pk PRIMARY KEY (base, quote, valid_on, source),
    CONSTRAINT fx_rates_codes_valid CHECK (base ~ '^[A-Z]{3}$' AND quote ~ '^[A-Z]{3}$' AND base <> quote),
    CONSTRAINT fx_rates_rate_valid CHECK (rate_ppm > 0),
    CONSTRAINT fx_rates_source_valid CHECK (source IN ('fallback', 'reference', 'manual'))
);
GRANT SELECT ON public.fx_rates TO tenant, gateway, worker, support;
GRANT INSERT, UPDATE ON public.fx_rates TO worker;
