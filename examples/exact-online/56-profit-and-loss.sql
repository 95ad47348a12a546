-- Question: What is the result of 2025, month by month?
-- Calls: at most 4
SELECT t.Division, t.FinancialPeriod, round(-sum(t.AmountDC), 2) AS result
FROM financialtransaction.TransactionLines t
JOIN financial.GLAccounts g ON g.ID = t.GLAccount
WHERE t.FinancialYear = 2025 AND g.BalanceType = 'W'
GROUP BY ALL
ORDER BY ALL
