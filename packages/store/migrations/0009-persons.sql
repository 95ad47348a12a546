-- People: who they are, how they log in, and in which organisations they have which role. The tables of the log-in are
-- those of better-auth under our names; nothing in them logs anybody in: passwords are scrypt hashes, session tokens and
-- links SHA-256 hashes, TOTP secrets and backup codes sealed.

CREATE TABLE person (
  id text PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE,
  email_verified boolean NOT NULL DEFAULT false,
  image text,
  two_factor_enabled boolean DEFAULT false,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE person_session (
  id text PRIMARY KEY,
  person_id text NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  token text NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  ip_address text,
  user_agent text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX person_session_person ON person_session (person_id);

CREATE TABLE person_login (
  id text PRIMARY KEY,
  person_id text NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  account_id text NOT NULL,
  provider_id text NOT NULL,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (provider_id, account_id)
);
CREATE INDEX person_login_person ON person_login (person_id);

CREATE TABLE person_verification (
  id text PRIMARY KEY,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX person_verification_identifier ON person_verification (identifier);
CREATE INDEX person_verification_expires ON person_verification (expires_at);

CREATE TABLE person_two_factor (
  id text PRIMARY KEY,
  person_id text NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  secret text NOT NULL,
  backup_codes text NOT NULL,
  verified boolean DEFAULT true,
  failed_verification_count integer DEFAULT 0,
  locked_until timestamptz
);
CREATE INDEX person_two_factor_person ON person_two_factor (person_id);

CREATE TABLE login_rate (
  id text PRIMARY KEY,
  key text NOT NULL UNIQUE,
  count integer NOT NULL,
  last_request bigint NOT NULL
);

-- Log-ins that failed, by a hash of the address: also for addresses that nobody has, so that nothing is learnt.
CREATE TABLE login_failure (
  subject bytea PRIMARY KEY,
  failures integer NOT NULL,
  last_at bigint NOT NULL
);
CREATE INDEX login_failure_age ON login_failure (last_at);

CREATE TABLE member (
  organisation_id text NOT NULL REFERENCES organisation (id),
  person_id text NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  role text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (organisation_id, person_id)
);
CREATE INDEX member_person ON member (person_id);

CREATE TABLE invitation (
  id text PRIMARY KEY,
  organisation_id text NOT NULL REFERENCES organisation (id),
  email text NOT NULL,
  role text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  invited_by text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  accepted_at bigint,
  revoked_at bigint
);
CREATE INDEX invitation_organisation ON invitation (organisation_id, created_at);

CREATE TABLE setup_link (
  hash bytea PRIMARY KEY,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint
);

-- Where a key may be used from: addresses and networks; null for everywhere.
ALTER TABLE api_key ADD COLUMN addresses text[];

-- The trigger on rows does not see a table emptied at once.
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
