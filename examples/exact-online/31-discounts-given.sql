-- Question: On which invoice lines did we give a discount of 9 percent or more?
-- Calls: at most 2
SELECT Division, ItemCode, count(*) AS lines, round(sum(AmountDC), 2) AS amount
FROM salesinvoice.SalesInvoiceLines
WHERE Discount >= 0.09
GROUP BY ALL
ORDER BY ALL
