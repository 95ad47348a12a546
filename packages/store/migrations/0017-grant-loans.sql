-- A grant that an organisation lends to one below it: databases there read these partitions through it, and nothing else
-- of it can be had from there.
CREATE TABLE grant_loan (
  grant_id text NOT NULL,
  -- Whom it is lent to.
  organisation_id text NOT NULL,
  partitions text[] NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (grant_id, organisation_id)
);
CREATE INDEX grant_loan_organisation ON grant_loan (organisation_id);
