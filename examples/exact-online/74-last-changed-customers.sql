-- Question: Which five relations were changed last?
-- Calls: at most 2
SELECT Division, Code, trim(Name) AS name, Modified
FROM crm.Accounts
ORDER BY Modified DESC NULLS LAST
LIMIT 5
