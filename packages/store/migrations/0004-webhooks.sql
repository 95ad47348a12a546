-- Webhooks: who wants to hear of which events, and every delivery as a row that is written with the event itself.

CREATE TABLE webhook (
  id text PRIMARY KEY,
  organisation_id text NOT NULL REFERENCES organisation (id),
  url text NOT NULL,
  description text,
  -- NULL: all events.
  events text[],
  -- Whether events of the organisations below are wanted too.
  descendants boolean NOT NULL,
  sealed_secret bytea NOT NULL,
  -- After a rotation the one before signs too, until then.
  sealed_previous_secret bytea,
  previous_secret_until bigint,
  created_at bigint NOT NULL,
  -- A receiver that does not answer is left alone until then; each failure in a row makes the pause longer.
  failures integer NOT NULL DEFAULT 0,
  not_before bigint NOT NULL DEFAULT 0,
  deleted_at bigint
);
CREATE INDEX webhook_organisation ON webhook (organisation_id) WHERE deleted_at IS NULL;

-- `state`: pending, delivered, dead. `due_at` of a pending row is its next attempt, or the end of the lease of the
-- process that is sending it: one that dies leaves a row that becomes due by itself.
CREATE TABLE webhook_delivery (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  webhook_id text NOT NULL REFERENCES webhook (id),
  event_id bigint NOT NULL,
  type text NOT NULL,
  subject text NOT NULL,
  body jsonb NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  due_at bigint NOT NULL,
  lease text,
  last_status integer,
  last_error text,
  created_at bigint NOT NULL,
  ended_at bigint
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook_id, id);
CREATE INDEX webhook_delivery_ended ON webhook_delivery (ended_at) WHERE ended_at IS NOT NULL;

-- The outbox: in the transaction that writes the event, whoever writes it and however, so that none is forgotten.
CREATE FUNCTION enqueue_webhook_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_delivery (webhook_id, event_id, type, subject, body, due_at, created_at)
  WITH RECURSIVE above (id, depth) AS (
    SELECT NEW.organisation_id, 0
    UNION ALL
    SELECT o.parent_id, depth + 1 FROM above JOIN organisation o ON o.id = above.id
    WHERE o.parent_id IS NOT NULL AND depth < 64
  )
  SELECT w.id, NEW.id, NEW.action, NEW.subject,
    jsonb_build_object(
      'type', NEW.action,
      'at', NEW.at,
      'data', jsonb_build_object(
        'grant', NEW.subject,
        'organisation', NEW.organisation_id,
        'state', g.state,
        'platform', g.platform,
        'region', g.region,
        'clientId', g.client_id,
        'label', g.label,
        'externalId', g.external_id,
        'generation', g.generation,
        'facts', NEW.facts)),
    NEW.at, NEW.at
  FROM above JOIN webhook w ON w.organisation_id = above.id
    LEFT JOIN token_grant g ON g.id = NEW.subject
  WHERE w.deleted_at IS NULL AND (above.depth = 0 OR w.descendants)
    AND (w.events IS NULL OR NEW.action = ANY (w.events));
  RETURN NULL;
END $$;
CREATE TRIGGER audit_event_outbox AFTER INSERT ON audit_event FOR EACH ROW
  WHEN (NEW.action IN (
    'grant.created', 'grant.pending', 'grant.refreshed', 'grant.ambiguous', 'grant.needs_consent',
    'grant.misconfigured', 'grant.recovered', 'grant.expiring', 'grant.superseded', 'grant.rival', 'grant.revoked',
    'grant.deleted'))
  EXECUTE FUNCTION enqueue_webhook_deliveries();
