-- Question: What is the average invoice per quarter since 2024?
-- Calls: at most 2
SELECT year(InvoiceDate) AS year, quarter(InvoiceDate) AS quarter, count(*) AS invoices, round(avg(AmountDC), 2) AS average
FROM salesinvoice.SalesInvoices
WHERE InvoiceDate >= TIMESTAMP '2024-01-01'
GROUP BY ALL
ORDER BY ALL
