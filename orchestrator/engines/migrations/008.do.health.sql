-- How each applied pipeline is, as the orchestrator's watch last saw it: for `status`, which looks only once.
CREATE TABLE health (
  pipeline   text PRIMARY KEY,
  state      text NOT NULL CHECK (state IN ('healthy', 'lagging', 'stalled', 'failing', 'stopped', 'unknown')),
  -- A sentence; nothing where it is healthy.
  why        text NOT NULL,
  since      timestamptz NOT NULL DEFAULT clock_timestamp(),
  looked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The fastest that a job was seen to read while more waited than it read: what it can do. For `plan`'s forecast.
CREATE TABLE catch_up_rates (
  job                text PRIMARY KEY,
  records_per_second double precision NOT NULL,
  at                 timestamptz NOT NULL DEFAULT clock_timestamp()
);
