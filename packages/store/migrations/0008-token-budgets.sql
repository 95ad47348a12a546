-- How often an app asked the token endpoint for one user's tokens, and when it was refused: counted by all processes
-- and for all grants of this user and client together. `user_key` is the platform's id of the user, or a grant's id as
-- long as nobody knows whose that is.
CREATE TABLE token_budget (
  platform text NOT NULL,
  region text NOT NULL,
  client_id text NOT NULL,
  user_key text NOT NULL,
  -- The day (UTC) that is being counted.
  day_start bigint NOT NULL,
  day_used integer NOT NULL,
  -- The last refusals, oldest first.
  error_at bigint[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (platform, region, client_id, user_key)
) WITH (fillfactor = 70);
