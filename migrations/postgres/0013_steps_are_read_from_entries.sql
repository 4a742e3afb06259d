-- The steps of a run are read from its entries, which `run_entries` lead to. What they say was kept a
-- second time, compressed: an eighth of what a commit of batches took, and a third of what one of single
-- facts did.
DROP TABLE run_steps;
