-- A booking whose answer was lost is looked for around the time that was asked for. The appointment may have been moved
-- since, by more than one looks around.
ALTER TABLE public.calendar_copies ADD COLUMN sent_start timestamptz;
COMMENT ON COLUMN public.calendar_copies.sent_start IS
    'The start that the last write asked for; NULL before the first, and for writes that were sent before this was kept.';
