-- After a vacuum, and after each new count, every connection makes its plans about the table again. The claim's plans need no
-- counts, and it begins behind most of what is done: a few thousand more dead rows cost it less than making its plans again.
-- Every job leaves dead rows, so that what was only added asks for no vacuum of its own.
ALTER TABLE engine.jobs SET (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_threshold = -1,
                             autovacuum_analyze_threshold = 100000);

-- Each change of a catalogue changes its branch, many times in one transaction, and each look for a branch walks over what is
-- left of that: to be cleared away soon, also by a server that clears young tables away less eagerly.
ALTER TABLE public.branches SET (autovacuum_vacuum_threshold = 50);
