-- What should run: one row per job, written before Flink is asked for anything.
CREATE TABLE jobs (
  name         text PRIMARY KEY,
  pipeline     text NOT NULL,
  sql_hash     text NOT NULL,
  -- Settings and statements as applied, with ${NAME} for addresses: a lost job is submitted from these.
  definition   jsonb NOT NULL,
  desired      text NOT NULL CHECK (desired IN ('running', 'stopped')),
  flink_job_id text,
  -- Where the run above was restored from; the next one is too, if this one left no checkpoint.
  restore_path text,
  updated_at   timestamptz NOT NULL DEFAULT now()
);

-- What was done, by whom and why; rows are only ever added.
CREATE TABLE history (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL DEFAULT now(),
  who         text NOT NULL,
  action      text NOT NULL,
  subject     text NOT NULL,
  detail      jsonb NOT NULL DEFAULT '{}'
);
