-- Upgrades under way: written before the old version is stopped, so that whoever comes after a dead orchestrator
-- finishes them. A row goes when one of the two versions is whole again.
CREATE TABLE upgrades (
  job         text PRIMARY KEY,
  phase       text NOT NULL CHECK (phase IN ('stopping', 'gating', 'rolling back')),
  -- The version to go back to and the new one: rows of jobs, with where the old one stopped.
  old         jsonb NOT NULL,
  new         jsonb NOT NULL,
  -- Flink's ids of the new version's runs, also of those that were only asked for: rows of any forbid a rollback.
  runs        text[] NOT NULL,
  -- Sum of the offsets that the old version had read.
  read_before bigint NOT NULL,
  -- Why the new version gives way.
  reason      text,
  -- What becomes of each step's state, for the history.
  state       text[] NOT NULL,
  since       timestamptz NOT NULL DEFAULT now()
);

-- Flink's id of a run that was asked for, until it is known to run: asked for again under the same id, it runs once.
ALTER TABLE jobs ADD COLUMN asked_job_id text;
