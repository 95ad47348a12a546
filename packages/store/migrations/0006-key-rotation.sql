-- Keys that were replaced stay until nothing is sealed with them any more; organisations whose keys were destroyed.

ALTER TABLE vault_key ADD COLUMN retired_at bigint;
CREATE INDEX vault_key_retired ON vault_key (retired_at) WHERE retired_at IS NOT NULL;
CREATE INDEX vault_key_organisation ON vault_key (organisation_id);

-- No key is ever made for these again.
CREATE TABLE vault_shredded (
  organisation_id text PRIMARY KEY,
  at bigint NOT NULL
);
