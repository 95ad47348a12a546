-- Question: What does the aged debtors list look like, customer by customer?
-- Calls: at most 2
SELECT Division, AccountCode, AccountName,
       round(sum(AmountDC) FILTER (DueDate >= DATE '2026-05-31'), 2) AS current,
       round(sum(AmountDC) FILTER (DueDate < DATE '2026-05-31' AND DueDate >= DATE '2026-04-01'), 2) AS days_30_to_90,
       round(sum(AmountDC) FILTER (DueDate < DATE '2026-04-01'), 2) AS older
FROM cashflow.Receivables
WHERE Status = 20
GROUP BY ALL
ORDER BY Division, AccountCode
