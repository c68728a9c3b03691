-- When somebody noticed that nobody had called in time.
ALTER TABLE public.callbacks ADD COLUMN escalated_at timestamptz;
COMMENT ON COLUMN public.callbacks.escalated_at IS
    'Product time at which it was found overdue and made urgent; null as long as nobody had to be reminded.';
