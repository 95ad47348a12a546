-- The tenant wall, the keys that open it, and the two tables that every promise leans on: audit and idempotency.

CREATE TABLE organisation (
  id text PRIMARY KEY,
  parent_id text REFERENCES organisation (id),
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  created_at bigint NOT NULL
);
CREATE INDEX organisation_parent ON organisation (parent_id);

-- Only the SHA-256 of a key is kept: a key has 190 bits of its own, so a slow hash would protect nothing more.
CREATE TABLE api_key (
  id text PRIMARY KEY,
  organisation_id text NOT NULL REFERENCES organisation (id),
  name text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  descendants boolean NOT NULL DEFAULT false,
  databases text[],
  created_at bigint NOT NULL,
  expires_at bigint,
  revoked_at bigint,
  last_used_at bigint
);
CREATE INDEX api_key_organisation ON api_key (organisation_id, created_at);

-- Append-only: no statement of ours updates or deletes here, and the trigger holds us to it.
CREATE TABLE audit_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id text NOT NULL,
  at bigint NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  facts jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_event_organisation ON audit_event (organisation_id, id);
CREATE INDEX audit_event_subject ON audit_event (subject, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events are append-only';
END $$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The key is claimed before anything is sent; `answer` is null while the first request still runs.
CREATE TABLE idempotency_key (
  organisation_id text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  body_hash bytea NOT NULL,
  subject text,
  status integer,
  answer jsonb,
  created_at bigint NOT NULL,
  PRIMARY KEY (organisation_id, route, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
