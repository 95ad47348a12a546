-- Question: How many invoices are draft, open and processed, and for how much?
-- Calls: at most 2
SELECT Division, CASE Status WHEN 10 THEN 'draft' WHEN 20 THEN 'open' ELSE 'processed' END AS status,
       count(*) AS invoices, round(sum(AmountDC), 2) AS amount
FROM salesinvoice.SalesInvoices
GROUP BY ALL
ORDER BY ALL
