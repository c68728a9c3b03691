-- The index of this constraint begins with the same columns as those by which occupied time is looked for, but knows
-- nothing of the order of time: a reader who took it walked through all that a person ever had, and readers did as long
-- as the table had no statistics. Over expressions it does the same for the constraint and is of no use to readers.
-- Both columns are NOT NULL, so the nil id stands for nothing.
ALTER TABLE public.occupancy
    DROP CONSTRAINT occupancy_no_overlap,
    ADD CONSTRAINT occupancy_no_overlap EXCLUDE USING gist (
        (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000')) WITH =,
        (coalesce(resource_id, '00000000-0000-0000-0000-000000000000')) WITH =,
        span WITH &&);
