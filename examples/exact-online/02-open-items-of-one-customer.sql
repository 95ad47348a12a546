-- Question: What do customers whose name begins with "Hotel" still owe us?
-- Calls: at most 4
SELECT a.Division, trim(a.Name) AS customer, r.InvoiceNumber, r.DueDate, r.AmountDC
FROM crm.Accounts a
JOIN cashflow.Receivables r ON r.Account = a.ID
WHERE a.Name LIKE 'Hotel%' AND r.Status < 50
ORDER BY a.Division, r.InvoiceNumber
