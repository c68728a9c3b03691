-- A write that was lost may take effect until long after it was sent: that time runs with everything that was promised.
COMMENT ON COLUMN public.calendar_copies.sent_at IS
    'Product time at which the last write was sent; the lease beside it runs in real time.';
