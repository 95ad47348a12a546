-- Question: Who were our ten best customers of 2025?
-- Calls: at most 2
SELECT InvoiceTo, min(trim(InvoiceToName)) AS customer, count(*) AS invoices, round(sum(AmountDC), 2) AS revenue
FROM salesinvoice.SalesInvoices
WHERE InvoiceDate BETWEEN TIMESTAMP '2025-01-01' AND TIMESTAMP '2025-12-31'
GROUP BY InvoiceTo
ORDER BY revenue DESC, InvoiceTo
LIMIT 10
