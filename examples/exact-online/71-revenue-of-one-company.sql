-- Question: What did company 2198801 invoice in 2025?
-- Calls: at most 1
SELECT round(sum(AmountDC), 2) AS revenue, count(*) AS invoices
FROM salesinvoice.SalesInvoices
WHERE Division = 2198801 AND InvoiceDate >= TIMESTAMP '2025-01-01' AND InvoiceDate < TIMESTAMP '2026-01-01'
