-- Question: How do the actual amounts of 2025 compare with the budget, by ledger account?
-- Calls: at most 4
WITH actual AS (
  SELECT Division, GLAccount, sum(AmountDC) AS amount
  FROM financialtransaction.TransactionLines WHERE FinancialYear = 2025 GROUP BY ALL
)
SELECT b.Division, b.GLAccountCode, round(sum(b.AmountDC), 2) AS budget, round(sum(a.amount), 2) AS actual
FROM budget.Budgets b
LEFT JOIN actual a ON a.GLAccount = b.GLAccount AND a.Division = b.Division
GROUP BY ALL
ORDER BY ALL
