-- What calls cost at the provider is the platform's knowledge: the role `tenant`, in which requests of companies are
-- answered, has no right on it any more. `ledger` has all the rights of `tenant` and these; only the worker and
-- administrators may switch to it. Row level security binds it to one company like everybody else.
--
-- What a company may see of the price of its calls stands in call_charges, which knows nothing of costs.
--
-- A gateway of an older release reads the costs with every call that it looks up, and is refused from here on: this
-- migration goes together with a restart of the gateways.
GRANT USAGE ON SCHEMA public, app, engine TO ledger;

REVOKE ALL ON public.call_costs, public.call_provider_costs FROM tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.call_costs TO ledger;
GRANT SELECT, INSERT ON public.call_provider_costs TO ledger;

ALTER POLICY own_tenant ON public.call_costs TO ledger, askpro_owner;
ALTER POLICY own_tenant ON public.call_provider_costs TO ledger, askpro_owner;
