-- Where a grant's API is, on platforms that tell it with the token: a server that starts need not ask again. It counts
-- only for the address that the platform was asked at, which an operator may change.
CREATE TABLE grant_host (
  grant_id text PRIMARY KEY,
  base_url text NOT NULL,
  host text NOT NULL,
  found_at bigint NOT NULL
);
