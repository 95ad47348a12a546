-- A strict database fails where a partition may not be read; others leave it out and warn.
ALTER TABLE sql_database ADD COLUMN is_strict boolean NOT NULL DEFAULT false;
