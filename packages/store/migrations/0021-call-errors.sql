-- Errors that a platform answered within the last hour, for platforms that block an app which makes too many. What is
-- certain to fail again is answered from here: `request` is a hash of it, null where asking again may help.
CREATE TABLE call_error (
  grant_id text NOT NULL,
  client_id text NOT NULL,
  partition text NOT NULL,
  endpoint text NOT NULL,
  at bigint NOT NULL,
  request text,
  kind text NOT NULL,
  text text NOT NULL
);
CREATE INDEX call_error_place ON call_error (grant_id, client_id, partition, endpoint, at DESC);
CREATE INDEX call_error_at ON call_error (at);
