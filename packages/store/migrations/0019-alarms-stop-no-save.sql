-- An alarm is written in the transaction that saves what a platform answered: it must never be what makes that fail. An
-- organisation may be gone by then, or be going.
ALTER TABLE alarm DROP CONSTRAINT alarm_organisation_id_fkey;
