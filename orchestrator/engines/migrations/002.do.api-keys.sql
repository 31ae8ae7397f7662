-- API keys: who may send events. The secret itself is nowhere; a salted hash of it is.
CREATE TABLE api_keys (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  salt        bytea NOT NULL,
  hash        bytea NOT NULL,
  -- 'ingest:<pipeline>', 'ingest:*' or 'metrics'
  scopes      text[] NOT NULL,
  -- Events per second, and how many at once after a pause; NULL: no limit.
  rate        integer CHECK (rate > 0),
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz,
  revoked_at  timestamptz
);
