-- Question: Which invoices on the payables report are from before 2023?
-- Calls: at most 2
SELECT Division, InvoiceNumber, InvoiceDate, AccountName, Amount
FROM read_financial.PayablesList
WHERE InvoiceDate < TIMESTAMP '2023-01-01'
ORDER BY InvoiceDate, Division, InvoiceNumber
