-- Who is written to when a grant needs attention, and what they were written about.

CREATE TABLE contact (
  id text PRIMARY KEY,
  organisation_id text NOT NULL REFERENCES organisation (id),
  email text NOT NULL,
  language text NOT NULL CHECK (language IN ('en', 'nl')),
  created_at bigint NOT NULL,
  UNIQUE (organisation_id, email)
);

-- One per grant and cause a day (of UTC). `due_at` of one that is not settled is its next attempt, or the end of the
-- claim of the process that is sending it.
CREATE TABLE alarm (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organisation_id text NOT NULL REFERENCES organisation (id),
  grant_id text NOT NULL,
  cause text NOT NULL,
  day bigint NOT NULL,
  at bigint NOT NULL,
  due_at bigint NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  settled_at bigint,
  UNIQUE (grant_id, cause, day)
);
CREATE INDEX alarm_due ON alarm (due_at) WHERE settled_at IS NULL;
CREATE INDEX alarm_age ON alarm (at);

-- Which contact's mail server took a letter with it.
CREATE TABLE alarm_letter (
  alarm_id bigint NOT NULL REFERENCES alarm (id) ON DELETE CASCADE,
  contact_id text NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
  sent_at bigint NOT NULL,
  PRIMARY KEY (alarm_id, contact_id)
);

-- In the transaction that writes the event, so that none is forgotten. What is uncertain for less than a minute mends
-- itself; half a minute gathers what comes together into one letter.
CREATE FUNCTION enqueue_alarm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alarm (organisation_id, grant_id, cause, day, at, due_at)
  VALUES (NEW.organisation_id, NEW.subject, substr(NEW.action, 7), NEW.at / 86400000, NEW.at,
    NEW.at + CASE NEW.action WHEN 'grant.ambiguous' THEN 60000 ELSE 30000 END)
  ON CONFLICT (grant_id, cause, day) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER audit_event_alarm AFTER INSERT ON audit_event FOR EACH ROW
  WHEN (NEW.action IN ('grant.expiring', 'grant.ambiguous', 'grant.needs_consent'))
  EXECUTE FUNCTION enqueue_alarm();
