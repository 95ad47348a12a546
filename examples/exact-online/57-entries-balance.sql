-- Question: Do all entries of the third period of 2025 balance?
-- Calls: at most 2
SELECT Division, EntryNumber, count(*) AS lines, round(sum(AmountDC), 2) AS difference
FROM financialtransaction.TransactionLines
WHERE FinancialYear = 2025 AND FinancialPeriod = 3
GROUP BY ALL
ORDER BY ALL
