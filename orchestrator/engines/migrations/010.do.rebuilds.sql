-- A rebuild is an upgrade with a phase before and one within: the new version fills tables beside the live ones while the
-- old one goes on, then the live ones are made equal. What it needs for that is kept beside the two versions.
ALTER TABLE upgrades DROP CONSTRAINT upgrades_phase_check;
ALTER TABLE upgrades ADD CONSTRAINT upgrades_phase_check
  CHECK (phase IN ('filling', 'stopping', 'swapping', 'gating', 'rolling back'));

-- The job that fills the tables, its run and savepoint; the tables, each with the snapshot that it had before.
ALTER TABLE upgrades ADD COLUMN rebuild jsonb;
