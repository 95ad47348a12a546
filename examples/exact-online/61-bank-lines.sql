-- Question: What moved on the bank in the first half of 2025?
-- Calls: at most 2
SELECT Division, Date, EntryNumber, AccountName, Description, AmountDC
FROM financialtransaction.BankEntryLines
WHERE Date >= TIMESTAMP '2025-01-01' AND Date < TIMESTAMP '2025-07-01'
ORDER BY Date, Division, EntryNumber, LineNumber
