-- A partner's connect page: how it looks and where customers may be sent back to.
CREATE TABLE connect_settings (
  organisation_id text PRIMARY KEY,
  -- Null: as the organisation is called.
  name text,
  colour text,
  logo bytea,
  logo_type text,
  text_en text,
  text_nl text,
  -- The partner's own host name for these pages; null: this server's.
  origin text,
  return_addresses text[] NOT NULL DEFAULT '{}',
  changed_at bigint NOT NULL
);

-- A link that one customer connects one account through, once. Its secret is recognised by a hash.
CREATE TABLE connect_link (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  actor text NOT NULL,
  secret_hash bytea NOT NULL UNIQUE,
  platform text NOT NULL,
  region text NOT NULL,
  stored_client text NOT NULL,
  redirect_uri text NOT NULL,
  scopes text[],
  label text,
  external_id text,
  -- The grant that the customer is asked to renew.
  renews text,
  return_address text NOT NULL,
  -- The partner's own, given back as it came.
  state text,
  language text,
  -- The browser that went on first; nobody else's goes on or ends it.
  browser_hash bytea,
  -- The consent that was begun last; what became of the link is read from it.
  preauthentication_id text,
  cancelled_at bigint,
  revoked_at bigint,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX connect_link_organisation ON connect_link (organisation_id, id);

ALTER TABLE preauthentication
  ADD COLUMN connect_link_id text,
  -- The grant that this consent must turn out to be of.
  ADD COLUMN renews text,
  -- Why it was refused, for who branches on that: cancelled, other-person; null: anything else.
  ADD COLUMN reason text;

-- Of a grant whose user is not known yet: the grant whose user it must turn out to be.
ALTER TABLE token_grant ADD COLUMN renews text;
