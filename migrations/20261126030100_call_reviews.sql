-- What was said in a call and not done, or done and not said: a person looks at it.

CREATE TABLE public.call_reviews (
    tenant_id   uuid        NOT NULL,
    call_id     uuid        NOT NULL,
    mismatch    text        NOT NULL,
    -- The sentence that shows it, as it was recognised; absent where nothing was said.
    sentence    text,
    opened_at   timestamptz NOT NULL,
    resolved_at timestamptz,
    -- The same is found about a call once.
    CONSTRAINT call_reviews_pk PRIMARY KEY (tenant_id, call_id, mismatch),
    CONSTRAINT call_reviews_call_fk FOREIGN KEY (tenant_id, call_id) REFERENCES public.call_keys (tenant_id, call_id)
        ON DELETE CASCADE,
    CONSTRAINT call_reviews_mismatch_valid CHECK (mismatch IN ('booking_claimed', 'move_claimed', 'cancellation_claimed',
        'booking_untold', 'move_untold', 'cancellation_untold')),
    CONSTRAINT call_reviews_sentence_valid CHECK (char_length(sentence) <= 500)
);
CREATE INDEX call_reviews_open ON public.call_reviews (tenant_id, opened_at) WHERE resolved_at IS NULL;
ALTER TABLE public.call_reviews ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON public.call_reviews TO tenant, askpro_owner
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON public.call_reviews TO tenant;
