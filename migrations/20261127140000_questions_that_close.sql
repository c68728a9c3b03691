-- A question that a comparison finds no reason for any more is closed without an answer, and may be asked again.
ALTER TABLE public.calendar_reviews ADD COLUMN by_itself boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT calendar_reviews_by_itself_closed CHECK (resolved_at IS NOT NULL OR NOT by_itself);
