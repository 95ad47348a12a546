-- Who has a grant of a user on a client, and which grants use a client: one index answers both. A second one on the
-- client alone was taken for the first question too, and then read every grant of the client.
DROP INDEX token_grant_client;
DROP INDEX token_grant_rival;
CREATE INDEX token_grant_client_user ON token_grant (platform, region, client_id, platform_user_id)
  WHERE deleted_at IS NULL;
