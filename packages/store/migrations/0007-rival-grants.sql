-- Finds the grants of one platform user on one client in every organisation.
CREATE INDEX token_grant_rival ON token_grant (platform, region, client_id, platform_user_id)
  WHERE platform_user_id IS NOT NULL AND deleted_at IS NULL;
