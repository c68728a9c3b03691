-- What was said to be with somebody and is with somebody else: a person looks at that, too.
ALTER TABLE public.call_reviews
    DROP CONSTRAINT call_reviews_mismatch_valid,
    ADD CONSTRAINT call_reviews_mismatch_valid CHECK (mismatch IN ('booking_claimed', 'firm_claimed', 'person_claimed',
        'move_claimed', 'cancellation_claimed', 'booking_untold', 'move_untold', 'cancellation_untold'));
