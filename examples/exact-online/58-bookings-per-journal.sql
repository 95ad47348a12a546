-- Question: How many lines were booked in each journal in 2025?
-- Calls: at most 2
SELECT Division, JournalCode, count(DISTINCT EntryID) AS entries, count(*) AS lines
FROM financialtransaction.TransactionLines
WHERE FinancialYear = 2025
GROUP BY ALL
ORDER BY ALL
