-- With every appointment it is asked what its customer still waits for.
CREATE INDEX wishes_open_by_customer ON public.wishes (tenant_id, customer_id) WHERE status IN ('waiting', 'offered');
