-- Question: What was booked on ledger account 1700?
-- Calls: at most 2
SELECT Division, Date, EntryNumber, LineNumber, Description, AmountDC
FROM financialtransaction.TransactionLines
WHERE GLAccountCode = '1700'
ORDER BY Division, Date, EntryNumber, LineNumber
