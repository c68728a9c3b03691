-- What is open at a calendar that does not answer is tried again after growing times, not every minute.
ALTER TABLE public.calendar_copies ADD COLUMN next_try_at timestamptz;
COMMENT ON COLUMN public.calendar_copies.next_try_at IS
    'Product time before which the rounds leave the copy alone; NULL for one that may be tried at once. The job that follows a change of the appointment, and the comparison of both calendars, do not ask.';
