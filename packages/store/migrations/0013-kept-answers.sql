-- Answers that are kept for a while. Their pages lie sealed in the folder that folder_id names; without a row here they
-- open for nobody.
ALTER TABLE sql_database ADD COLUMN max_age_seconds integer;

CREATE TABLE answer_cache (
  folder_id text NOT NULL,
  -- A hash of the grant and the first request.
  chain text NOT NULL,
  organisation_id text NOT NULL,
  grant_id text NOT NULL,
  platform text NOT NULL,
  table_name text NOT NULL,
  columns text[] NOT NULL,
  partition text NOT NULL,
  calls integer NOT NULL,
  bytes bigint NOT NULL,
  fetched_at bigint NOT NULL,
  last_used_at bigint NOT NULL,
  PRIMARY KEY (folder_id, chain)
);
CREATE INDEX answer_cache_use ON answer_cache (folder_id, last_used_at);
CREATE INDEX answer_cache_grant ON answer_cache (grant_id, table_name);
CREATE INDEX answer_cache_written ON answer_cache (organisation_id, platform, partition);

-- Grows with every write: what was read before one is not kept after it.
CREATE TABLE answer_cache_epoch (
  organisation_id text NOT NULL,
  platform text NOT NULL,
  epoch bigint NOT NULL,
  PRIMARY KEY (organisation_id, platform)
);
