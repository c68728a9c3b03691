-- The indexes of this table are told apart by their size alone until the server has counted it. So it is counted early, also
-- by a server that counts young tables less eagerly. Others need no counts to find the one good plan.
ALTER TABLE public.appointments SET (autovacuum_analyze_threshold = 50);
