-- Restore points: what belongs together, so that a pipeline goes back as a whole or not at all.
CREATE TABLE restore_points (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline        text NOT NULL,
  -- When every job of it had ended.
  at              timestamptz NOT NULL DEFAULT now(),
  kind            text NOT NULL CHECK (kind IN ('taken', 'stop', 'upgrade', 'rewind')),
  why             text NOT NULL DEFAULT '',
  -- Jobs: record, savepoint, offsets in Kafka. Tables: snapshot, columns, the jobs' last commits.
  detail          jsonb NOT NULL,
  -- Set while a rewind to it is under way: no job of the pipeline is started meanwhile.
  rewind_begun_at timestamptz
);

CREATE INDEX restore_points_pipeline ON restore_points (pipeline, id);
CREATE UNIQUE INDEX restore_points_rewind ON restore_points (pipeline) WHERE rewind_begun_at IS NOT NULL;
