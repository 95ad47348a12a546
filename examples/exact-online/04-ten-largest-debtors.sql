-- Question: Which ten customers owe us most?
-- Calls: at most 2
SELECT Division, AccountName, count(*) AS invoices, round(sum(AmountDC), 2) AS open
FROM cashflow.Receivables
WHERE Status IN (20, 30)
GROUP BY Division, AccountName
ORDER BY open DESC, AccountName
LIMIT 10
