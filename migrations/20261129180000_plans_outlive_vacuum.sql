-- After a vacuum, and after each new count, every connection makes its plans about the table again. The claim's plans need no
-- counts, and it begins behind most of what is done, so that some thousand dead rows more cost it less than new plans do.
ALTER TABLE engine.jobs SET (autovacuum_vacuum_threshold = 5000, autovacuum_analyze_threshold = 100000);
