-- Question: Which customers have had no invoice since 2025?
-- Calls: at most 4
SELECT a.Division, a.Code, trim(a.Name) AS customer
FROM crm.Accounts a
WHERE a.Status = 'C'
  AND NOT EXISTS (
    FROM salesinvoice.SalesInvoices i WHERE i.InvoiceTo = a.ID AND i.InvoiceDate >= TIMESTAMP '2025-01-01'
  )
ORDER BY a.Division, a.Code
