-- Question: How old is what we owe?
-- Calls: at most 2
SELECT Division, greatest(0, date_diff('month', DueDate, TIMESTAMP '2026-06-30')) // 12 AS years_overdue,
       round(sum(AmountDC), 2) AS amount
FROM cashflow.Payments
WHERE Status = 20 AND DueDate < TIMESTAMP '2026-06-30'
GROUP BY ALL
ORDER BY ALL
