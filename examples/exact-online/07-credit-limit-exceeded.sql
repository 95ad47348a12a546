-- Question: Which customers owe more than their credit limit?
-- Calls: at most 4
WITH owed AS (
  SELECT Division, Account, sum(AmountDC) AS open FROM cashflow.Receivables WHERE Status = 20 GROUP BY ALL
)
SELECT o.Division, trim(a.Name) AS customer, round(o.open, 2) AS open, a.CreditLineSales
FROM owed o
JOIN crm.Accounts a ON a.ID = o.Account
WHERE o.open > a.CreditLineSales
ORDER BY o.Division, customer, open
