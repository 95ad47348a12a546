-- Question: What comes in and goes out per month of 2026, by due date?
-- Calls: at most 4
SELECT date_trunc('month', due) AS month, round(sum(amount) FILTER (amount > 0), 2) AS incoming,
       round(sum(amount) FILTER (amount < 0), 2) AS outgoing
FROM (
  SELECT DueDate AS due, AmountDC AS amount FROM cashflow.Receivables
  WHERE Status < 50 AND DueDate >= TIMESTAMP '2026-01-01' AND DueDate < TIMESTAMP '2027-01-01'
  UNION ALL
  SELECT DueDate, -AmountDC FROM cashflow.Payments
  WHERE Status < 50 AND DueDate >= TIMESTAMP '2026-01-01' AND DueDate < TIMESTAMP '2027-01-01'
)
GROUP BY month
ORDER BY month
