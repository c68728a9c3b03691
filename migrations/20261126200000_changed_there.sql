-- A booking may become longer or shorter in the outside calendar: what it was is remembered, so that it shows.
ALTER TABLE public.calendar_copies ADD COLUMN remote_end timestamptz;
COMMENT ON COLUMN public.calendar_copies.remote_end IS
    'When the copy ends, as it was when it was heard of last; NULL for one that was last heard of before this was kept.';

ALTER TABLE public.calendar_reviews DROP CONSTRAINT calendar_reviews_reason_valid,
    ADD CONSTRAINT calendar_reviews_reason_valid CHECK (reason IN ('copy_refused', 'double_booked', 'moved_onto_taken',
        'not_assignable', 'copy_missing', 'changed_there', 'account_refused'));
