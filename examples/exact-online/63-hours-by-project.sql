-- Question: How many hours were spent on each project in the first quarter of 2025?
-- Calls: at most 2
SELECT Division, coalesce(ProjectCode, 'none') AS project, sum(Quantity) AS hours, round(sum(Amount), 2) AS amount
FROM project.TimeTransactions
WHERE Date >= TIMESTAMP '2025-01-01' AND Date < TIMESTAMP '2025-04-01'
GROUP BY ALL
ORDER BY ALL
