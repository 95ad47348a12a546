-- Whose tokens a handover brings is known only once they were verified: until then two rows may carry the same external
-- id, or the same customer could never consent again under it.
DROP INDEX token_grant_external;
CREATE UNIQUE INDEX token_grant_external ON token_grant (organisation_id, external_id)
  WHERE external_id IS NOT NULL AND deleted_at IS NULL AND platform_user_id IS NOT NULL;
