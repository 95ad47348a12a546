-- Question: Which five items did we invoice most often?
-- Calls: at most 2
SELECT ItemCode, min(ItemDescription) AS description, count(*) AS lines, sum(Quantity) AS quantity
FROM salesinvoice.SalesInvoiceLines
GROUP BY ItemCode
ORDER BY quantity DESC, ItemCode
LIMIT 5
