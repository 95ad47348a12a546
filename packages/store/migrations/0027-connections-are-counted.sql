-- How often a process has connected: one whose lock is missing at two looks may have had it in between, and then lives.
ALTER TABLE vault_process ADD COLUMN connects integer NOT NULL DEFAULT 1;
