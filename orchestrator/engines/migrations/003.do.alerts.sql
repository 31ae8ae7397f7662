-- Alerts that jobs raised, and what became of telling the webhook: one row per pipeline, alert and key.
CREATE TABLE alerts (
  pipeline     text NOT NULL,
  alert        text NOT NULL,
  key          jsonb NOT NULL,
  -- Sent with every try: by it a receiver knows a try that it has heard before.
  id           uuid NOT NULL UNIQUE,
  -- What it says now: the count of a window that goes on may grow after it was told.
  value        jsonb NOT NULL,
  raised_at    timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'refused', 'given up')),
  attempts     integer NOT NULL DEFAULT 0,
  last_error   text,
  next_try_at  timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  PRIMARY KEY (pipeline, alert, key)
);

CREATE INDEX alerts_waiting ON alerts (next_try_at) WHERE state = 'waiting';
CREATE INDEX alerts_updated ON alerts (pipeline, updated_at);
