-- An offer of the waiting list is reserved at the outside calendar that has a say, or says that it could not be asked.
ALTER TABLE public.wish_offers
    ADD COLUMN unasked                   boolean NOT NULL DEFAULT false,
    ADD COLUMN reservation_connection_id uuid,
    ADD COLUMN reservation_uid           text,
    ADD COLUMN reserved_until            timestamptz,
    ADD CONSTRAINT wish_offers_reservation_connection_fk FOREIGN KEY (tenant_id, reservation_connection_id)
        REFERENCES public.calendar_connections (tenant_id, id),
    ADD CONSTRAINT wish_offers_reservation_uid_valid CHECK (reservation_uid ~ '^[!-~]{1,200}$'),
    ADD CONSTRAINT wish_offers_reservation_whole CHECK (
        (reservation_connection_id IS NULL) = (reserved_until IS NULL)
        AND (reservation_uid IS NULL OR reserved_until IS NOT NULL));
COMMENT ON COLUMN public.wish_offers.unasked IS 'The outside calendar did not answer when the offer was made.';
COMMENT ON COLUMN public.wish_offers.reservation_uid IS
    'The provider''s name for the reservation; NULL beside reserved_until: it is not known whether it was made.';
COMMENT ON COLUMN public.wish_offers.reserved_until IS
    'Product time from which the reservation hides nothing, whether it was ended or not; NULL: there is none any more.';
-- What may still hide a person's time although its offer has ended.
CREATE INDEX wish_offers_left_reserved ON public.wish_offers (tenant_id, staff_id, reserved_until)
    WHERE reserved_until IS NOT NULL AND state <> 'open';
