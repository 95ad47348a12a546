-- Databases, the call budgets that all processes share, and what earlier reads taught about row counts.

CREATE TABLE sql_database (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  name text NOT NULL,
  title text,
  created_at bigint NOT NULL,
  UNIQUE (organisation_id, name)
);

CREATE TABLE database_source (
  database_id text NOT NULL REFERENCES sql_database (id) ON DELETE CASCADE,
  position integer NOT NULL,
  alias text NOT NULL,
  grant_id text NOT NULL,
  platform text NOT NULL,
  -- NULL: all partitions that the grant reaches.
  partitions text[],
  PRIMARY KEY (database_id, position),
  UNIQUE (database_id, alias)
);
CREATE INDEX database_source_grant ON database_source (grant_id);

CREATE TABLE partition_list (
  grant_id text PRIMARY KEY,
  partitions jsonb NOT NULL,
  read_at bigint NOT NULL
);

-- One row per OAuth client and partition; windows are the platform's own (a clock minute, a UTC day).
CREATE TABLE call_budget (
  platform text NOT NULL,
  client_id text NOT NULL,
  key text NOT NULL,
  minute_start bigint NOT NULL,
  minute_used integer NOT NULL,
  minute_limit integer NOT NULL,
  day_start bigint NOT NULL,
  day_used integer NOT NULL,
  day_limit integer NOT NULL,
  PRIMARY KEY (platform, client_id, key)
);

-- What one read of an endpoint cost: `request` is a hash of filter, columns, order and limit, or '' for a full read.
CREATE TABLE read_memory (
  grant_id text NOT NULL,
  endpoint text NOT NULL,
  partition text NOT NULL,
  request text NOT NULL,
  rows integer NOT NULL,
  calls integer NOT NULL,
  read_at bigint NOT NULL,
  PRIMARY KEY (grant_id, endpoint, partition, request)
);
CREATE INDEX read_memory_age ON read_memory (read_at);

CREATE TABLE statement (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  database_name text NOT NULL,
  actor text NOT NULL,
  started_at bigint NOT NULL,
  ended_at bigint,
  record jsonb NOT NULL
);
CREATE INDEX statement_database ON statement (organisation_id, database_name, started_at DESC);
CREATE INDEX statement_age ON statement (started_at);
