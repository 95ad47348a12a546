-- Question: In which countries do our customers of 2025 live?
-- Calls: at most 4
SELECT coalesce(a.Country, '?') AS country, count(*) AS invoices, round(sum(i.AmountDC), 2) AS revenue
FROM salesinvoice.SalesInvoices i
JOIN crm.Accounts a ON a.ID = i.InvoiceTo
WHERE i.InvoiceDate >= TIMESTAMP '2025-01-01' AND i.InvoiceDate < TIMESTAMP '2026-01-01'
GROUP BY ALL
ORDER BY country
