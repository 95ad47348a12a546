-- Statements that people and keys keep by name; `owner` is one of these, and what is shared the organisation sees too.
CREATE TABLE saved_query (
  id text PRIMARY KEY,
  organisation_id text NOT NULL,
  owner text NOT NULL,
  name text NOT NULL,
  sql text NOT NULL,
  is_shared boolean NOT NULL,
  created_at bigint NOT NULL,
  changed_at bigint NOT NULL
);
CREATE INDEX saved_query_owner ON saved_query (organisation_id, owner);
CREATE INDEX saved_query_shared ON saved_query (organisation_id) WHERE is_shared;
