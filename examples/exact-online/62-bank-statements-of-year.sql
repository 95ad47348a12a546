-- Question: Which bank statements were entered for 2025?
-- Calls: at most 2
SELECT Division, JournalCode, FinancialPeriod, EntryNumber, OpeningBalanceFC, ClosingBalanceFC
FROM financialtransaction.BankEntries
WHERE FinancialYear = 2025
ORDER BY Division, JournalCode, EntryNumber
