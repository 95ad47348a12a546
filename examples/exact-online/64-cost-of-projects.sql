-- Question: What did we spend on each project in 2025?
-- Calls: at most 2
SELECT Division, coalesce(ProjectDescription, 'none') AS project, count(*) AS bookings, round(sum(Amount), 2) AS costs
FROM project.CostTransactions
WHERE Date >= TIMESTAMP '2025-01-01' AND Date < TIMESTAMP '2026-01-01'
GROUP BY ALL
ORDER BY ALL
