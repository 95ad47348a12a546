-- Question: What is the revenue of each company per month of 2025?
-- Calls: at most 2
SELECT Division, month(InvoiceDate) AS month, round(sum(AmountDC), 2) AS revenue
FROM salesinvoice.SalesInvoices
WHERE InvoiceDate >= TIMESTAMP '2025-01-01' AND InvoiceDate < TIMESTAMP '2026-01-01' AND Status = 50
GROUP BY ALL
ORDER BY ALL
