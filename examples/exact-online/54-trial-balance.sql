-- Question: What is the trial balance of 2025?
-- Calls: at most 2
SELECT Division, GLAccountCode, min(GLAccountDescription) AS description,
       round(sum(AmountDC) FILTER (AmountDC > 0), 2) AS debit, round(-sum(AmountDC) FILTER (AmountDC < 0), 2) AS credit,
       round(sum(AmountDC), 2) AS balance
FROM financialtransaction.TransactionLines
WHERE FinancialYear = 2025
GROUP BY Division, GLAccountCode
ORDER BY Division, GLAccountCode
