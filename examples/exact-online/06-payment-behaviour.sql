-- Question: How many days after the due date do customers pay?
-- Calls: at most 2
SELECT Division, count(*) AS paid,
       round(avg(date_diff('day', DueDate, LastPaymentDate)), 1) AS average_days,
       median(date_diff('day', DueDate, LastPaymentDate)) AS median_days
FROM cashflow.Receivables
WHERE LastPaymentDate IS NOT NULL
GROUP BY Division
ORDER BY Division
