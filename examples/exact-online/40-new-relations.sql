-- Question: Which relations were added in 2025?
-- Calls: at most 2
SELECT Division, Code, trim(Name) AS name, Created
FROM crm.Accounts
WHERE Created >= TIMESTAMP '2025-01-01' AND Created < TIMESTAMP '2026-01-01'
ORDER BY Created, Code
