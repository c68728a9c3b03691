-- Making a month locks its tables whole. Work that is under way comes first: whoever makes months gives up after a tenth
-- of a second, far below the deadline of a caller and the patience of the deadlock detector, and comes again. The same
-- holds for dropping them, which waited for two seconds.
ALTER FUNCTION app.ensure_partitions(integer, integer) SET lock_timeout = '100ms';
ALTER FUNCTION app.drop_forgotten_months(timestamptz) SET lock_timeout = '100ms';
