-- How each applied pipeline is, as the orchestrator's watch last saw it: for `status`, which looks only once.
CREATE TABLE health (
  pipeline   text PRIMARY KEY,
  state      text NOT NULL CHECK (state IN ('healthy', 'lagging', 'stalled', 'failing', 'stopped', 'unknown')),
  -- One sentence; empty where it is healthy.
  why        text NOT NULL,
  since      timestamptz NOT NULL DEFAULT clock_timestamp(),
  looked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
