-- Question: Which lines does entry 20000010 have?
-- Calls: at most 2
SELECT Division, LineNumber, GLAccountCode, Description, AmountDC
FROM financialtransaction.TransactionLines
WHERE EntryNumber = 20000010
ORDER BY Division, LineNumber
