-- Question: How many relations of each kind are there?
-- Calls: at most 2
SELECT Division, Status, count(*) AS relations FROM crm.Accounts GROUP BY ALL ORDER BY ALL
