-- Question: Who wrote how many hours in January 2026?
-- Calls: at most 4
SELECT t.Division, e.FullName, sum(t.Quantity) AS hours
FROM project.TimeTransactions t
JOIN payroll.Employees e ON e.ID = t.Employee AND e.Division = t.Division
WHERE t.Date >= TIMESTAMP '2026-01-01' AND t.Date < TIMESTAMP '2026-02-01'
GROUP BY ALL
ORDER BY ALL
