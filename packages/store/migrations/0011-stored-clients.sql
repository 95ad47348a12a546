-- App registrations that organisations keep: client ID, sealed secret, redirect addresses. A grant that was handed over
-- on one holds no secret of its own but, sealed, this row's id.
CREATE TABLE oauth_client (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  platform text NOT NULL,
  region text NOT NULL,
  client_id text NOT NULL,
  label text,
  redirect_uris text[] NOT NULL,
  serves_descendants boolean NOT NULL,
  sealed_secret bytea NOT NULL,
  -- A secret that was given in place of the other and has not worked yet; `use_new`: it is the next one to be tried.
  sealed_new_secret bytea,
  use_new boolean NOT NULL DEFAULT false,
  new_secret_at bigint,
  new_secret_refused_at bigint,
  created_at bigint NOT NULL,
  deleted_at bigint
);
CREATE UNIQUE INDEX oauth_client_registration ON oauth_client (organisation_id, platform, region, client_id)
  WHERE deleted_at IS NULL;
-- Who asks which grants use a client, and which of them wait for its secret.
CREATE INDEX token_grant_client ON token_grant (platform, region, client_id) WHERE deleted_at IS NULL;
