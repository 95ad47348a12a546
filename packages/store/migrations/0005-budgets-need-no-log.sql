-- Call budgets are counted at every call and are told by the platform's next answer if they are forgotten: a crash may
-- empty them, and no call needs to wait for the disk.
ALTER TABLE call_budget SET UNLOGGED;
