-- Question: Which sales invoices are open, by age, in each company?
-- Calls: at most 2
SELECT Division,
       CASE WHEN DueDate >= DATE '2026-06-30' THEN '0 not due'
            WHEN DueDate >= DATE '2026-06-30' - 30 THEN '1 up to 30 days'
            WHEN DueDate >= DATE '2026-06-30' - 90 THEN '2 up to 90 days'
            ELSE '3 older' END AS age,
       count(*) AS items,
       round(sum(AmountDC), 2) AS amount
FROM cashflow.Receivables
WHERE Status = 20
GROUP BY ALL
ORDER BY Division, age
