-- Question: Whom do we call about unpaid invoices above 2,000 euros that are past their due date?
-- Calls: at most 4
SELECT r.Division, r.AccountName, a.Phone, a.Email, r.InvoiceNumber, r.DueDate, r.AmountDC
FROM cashflow.Receivables r
JOIN crm.Accounts a ON a.ID = r.Account
WHERE r.Status = 20 AND r.AmountDC > 2000 AND r.DueDate < TIMESTAMP '2026-06-30'
ORDER BY r.AmountDC DESC, r.InvoiceNumber
