-- What became of a write may be learned after the appointment was changed again: then what was done there meanwhile is not
-- known to be the later word.
ALTER TABLE public.calendar_copies ADD COLUMN changed_since boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN public.calendar_copies.changed_since IS
    'Whether the appointment was changed since sent_at, while nobody knew what had become of what was sent.';
