-- Question: Which supplier invoices fall due in the third quarter of 2026?
-- Calls: at most 2
SELECT Division, AccountName, InvoiceNumber, DueDate, AmountDC
FROM cashflow.Payments
WHERE Status = 20 AND DueDate >= TIMESTAMP '2026-07-01' AND DueDate < TIMESTAMP '2026-10-01'
ORDER BY DueDate, Division, InvoiceNumber
