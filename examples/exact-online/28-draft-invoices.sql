-- Question: Which draft invoices of 2026 wait to be sent?
-- Calls: at most 2
SELECT Division, InvoiceNumber, trim(InvoiceToName) AS customer, InvoiceDate, AmountDC
FROM salesinvoice.SalesInvoices
WHERE Status = 10 AND InvoiceDate >= TIMESTAMP '2026-01-01'
ORDER BY Division, InvoiceNumber
