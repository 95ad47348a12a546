-- When a grant is next warned of: its refresh token nears the end of its life and nothing has renewed it.
ALTER TABLE token_grant ADD COLUMN warn_at bigint;
UPDATE token_grant SET warn_at = received_at + (refresh_idle_expires_at - received_at) / 2
  WHERE refresh_idle_expires_at IS NOT NULL AND has_refresh AND deleted_at IS NULL;
CREATE INDEX token_grant_warn ON token_grant (warn_at) WHERE warn_at IS NOT NULL AND deleted_at IS NULL;
