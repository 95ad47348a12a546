-- Consents that were begun here. What is secret of one (state, verifier, a client secret, the result) is sealed; states
-- and browsers are recognised by hashes.
CREATE TABLE preauthentication (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  actor text NOT NULL,
  platform text NOT NULL,
  region text NOT NULL,
  client_id text NOT NULL,
  stored_client text,
  redirect_uri text NOT NULL,
  returns_by text NOT NULL,
  output text NOT NULL,
  scopes text[],
  label text,
  external_id text,
  -- waiting, exchanging, done, refused, shown, expired
  state text NOT NULL,
  state_hash bytea NOT NULL UNIQUE,
  start_hash bytea NOT NULL UNIQUE,
  -- The browser that opened the start address; nobody else's ends it.
  browser_hash bytea,
  sealed_secrets bytea,
  sealed_result bytea,
  result_until bigint,
  grant_id text,
  problem jsonb,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX preauthentication_organisation ON preauthentication (organisation_id, id);
CREATE INDEX preauthentication_secret ON preauthentication (expires_at) WHERE sealed_secrets IS NOT NULL;
CREATE INDEX preauthentication_result ON preauthentication (result_until) WHERE sealed_result IS NOT NULL;
