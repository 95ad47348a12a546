-- Question: What did we sell in 2025, by item and month, over all companies?
-- Calls: at most 4
SELECT l.ItemCode, month(i.InvoiceDate) AS month, round(sum(l.AmountDC), 2) AS revenue, sum(l.Quantity) AS quantity
FROM salesinvoice.SalesInvoices i
JOIN salesinvoice.SalesInvoiceLines l ON l.InvoiceID = i.InvoiceID
WHERE i.InvoiceDate >= TIMESTAMP '2025-01-01' AND i.InvoiceDate < TIMESTAMP '2026-01-01'
GROUP BY ALL
ORDER BY ALL
