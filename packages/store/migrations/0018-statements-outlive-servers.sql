-- Statements that nobody listens to outlive their server, and a write's rows are on record before each call.
ALTER TABLE statement
  -- The slot of the process that runs it; whoever takes the slot over goes on with it. NULL once it has ended.
  ADD COLUMN owner text,
  -- How to go on with it.
  ADD COLUMN job jsonb,
  ADD COLUMN is_cancelled boolean NOT NULL DEFAULT false,
  -- What its rows are, where they are kept below.
  ADD COLUMN result jsonb;
CREATE INDEX statement_owner ON statement (owner) WHERE ended_at IS NULL;

-- Rows of a write that is under way; once it has ended they stand in its record.
CREATE TABLE written_row (
  statement_id text NOT NULL REFERENCES statement (id) ON DELETE CASCADE,
  row integer NOT NULL,
  -- 'sending' between the decision to send and the answer.
  outcome text NOT NULL,
  content jsonb NOT NULL,
  PRIMARY KEY (statement_id, row)
);

-- Results that every server can answer with, sealed, in parts.
CREATE TABLE statement_result (
  statement_id text NOT NULL REFERENCES statement (id) ON DELETE CASCADE,
  part integer NOT NULL,
  sealed bytea NOT NULL,
  kept_at bigint NOT NULL,
  PRIMARY KEY (statement_id, part)
);
CREATE INDEX statement_result_age ON statement_result (kept_at);
