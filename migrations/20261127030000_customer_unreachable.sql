-- What became of an appointment in the outside calendar may have to be told to somebody who left no number and no address.
ALTER TABLE public.calendar_reviews DROP CONSTRAINT calendar_reviews_reason_valid,
    ADD CONSTRAINT calendar_reviews_reason_valid CHECK (reason IN ('copy_refused', 'double_booked', 'moved_onto_taken',
        'not_assignable', 'copy_missing', 'changed_there', 'customer_unreachable', 'account_refused'));
