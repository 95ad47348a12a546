-- Question: Which manual journal lines are above 2,000 euros?
-- Calls: at most 2
SELECT Division, EntryNumber, LineNumber, GLAccountCode, Description, AmountDC
FROM generaljournalentry.GeneralJournalEntryLines
WHERE AmountDC > 2000
ORDER BY Division, EntryNumber, LineNumber
