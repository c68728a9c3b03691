-- Appointments that belong together: services one after the other, and recurring ones.
ALTER TABLE public.appointments
    ADD COLUMN sequence_id uuid,
    ADD COLUMN series_id uuid,
    ADD CONSTRAINT appointments_tie_valid CHECK (num_nonnulls(sequence_id, series_id) <= 1);
COMMENT ON COLUMN public.appointments.sequence_id IS 'Shared by appointments of one customer that follow each other.';
COMMENT ON COLUMN public.appointments.series_id IS 'Shared by appointments that recur by one rule.';
CREATE INDEX appointments_by_sequence ON public.appointments (tenant_id, sequence_id) WHERE sequence_id IS NOT NULL;
CREATE INDEX appointments_by_series ON public.appointments (tenant_id, series_id) WHERE series_id IS NOT NULL;
