-- A question about a booking that stands in the outside calendar is not asked again once it was answered, as long as nothing
-- about it has changed: every comparison looks for it.
CREATE INDEX calendar_reviews_answered ON public.calendar_reviews (tenant_id, connection_id, uid)
    WHERE resolved_at IS NOT NULL AND uid IS NOT NULL;
