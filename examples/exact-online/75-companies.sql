-- Question: Which companies does this database reach?
-- Calls: at most 0
SELECT id, name FROM sluis.partitions ORDER BY id
