-- The vault: sealed token chains, their intents, and the keys that seal them.

-- Every key is itself sealed under the key-encryption key `kek_id`. `organisation_id` is '' for installation-wide keys.
CREATE TABLE vault_key (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  purpose text NOT NULL,
  kek_id text NOT NULL,
  sealed bytea NOT NULL,
  is_current boolean NOT NULL,
  created_at bigint NOT NULL
);
CREATE UNIQUE INDEX vault_key_current ON vault_key (organisation_id, purpose) WHERE is_current;

-- One row per grant. `chain` counts consents, `generation` counts spends and never goes back. A row with a spend_id
-- is being spent: only the process that wrote it may send, and whoever finds it dead must declare it ambiguous.
CREATE TABLE token_grant (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  platform text NOT NULL,
  region text NOT NULL,
  client_id text NOT NULL,
  redirect_uri text NOT NULL,
  sealed_secret bytea NOT NULL,
  platform_user jsonb,
  platform_user_id text,
  label text,
  external_id text,
  state text NOT NULL,
  chain integer NOT NULL,
  generation integer NOT NULL,
  sealed_tokens bytea,
  sealed_alternates bytea,
  has_access boolean NOT NULL,
  has_refresh boolean NOT NULL,
  -- The tokens were issued then, as far as is known; the issuer's clocks count from it.
  received_at bigint NOT NULL,
  access_expires_at bigint,
  refresh_idle_expires_at bigint,
  refresh_absolute_expires_at bigint,
  proven_access boolean NOT NULL DEFAULT false,
  proven_refresh boolean NOT NULL DEFAULT false,
  proven_client boolean NOT NULL DEFAULT false,
  not_before bigint,
  due_at bigint,
  failures integer NOT NULL DEFAULT 0,
  problem jsonb,
  spend_id text,
  spend_kind text,
  spend_generation integer,
  spend_process text,
  spend_started_at bigint,
  spend_sends integer NOT NULL DEFAULT 0,
  spend_lost_at bigint,
  spend_refusals integer NOT NULL DEFAULT 0,
  spend_was_early boolean NOT NULL DEFAULT false,
  created_at bigint NOT NULL,
  last_refreshed_at bigint,
  deleted_at bigint
);
CREATE UNIQUE INDEX token_grant_user ON token_grant (organisation_id, platform, region, client_id, platform_user_id)
  WHERE platform_user_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX token_grant_external ON token_grant (organisation_id, external_id)
  WHERE external_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX token_grant_organisation ON token_grant (organisation_id, id) WHERE deleted_at IS NULL;
CREATE INDEX token_grant_due ON token_grant (due_at) WHERE due_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX token_grant_spending ON token_grant (spend_process) WHERE spend_id IS NOT NULL;

-- Recognises a refresh token that is handed over again, without keeping it: a keyed hash.
CREATE TABLE token_fingerprint (
  fingerprint bytea PRIMARY KEY,
  grant_id text NOT NULL,
  organisation_id text NOT NULL,
  chain integer NOT NULL,
  generation integer NOT NULL,
  created_at bigint NOT NULL
);
CREATE INDEX token_fingerprint_grant ON token_fingerprint (grant_id);

-- Processes that may hold a spend; each proves that it lives by an advisory lock on `lock_key`. A row stays as long as
-- the process's spool is kept: its answers may be needed again when the database forgets.
CREATE TABLE vault_process (
  id text PRIMARY KEY,
  lock_key integer NOT NULL,
  started_at bigint NOT NULL,
  replayed_recovery bigint NOT NULL DEFAULT 0
);

-- The database was found to be an older copy of itself. While one of these is open, no single-use token is spent:
-- every registered process first puts back what its spool knows.
CREATE TABLE vault_recovery (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reason text NOT NULL,
  detected_at bigint NOT NULL,
  ended_at bigint
);
CREATE UNIQUE INDEX vault_recovery_open ON vault_recovery ((true)) WHERE ended_at IS NULL;
