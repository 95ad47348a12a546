-- Question: Which item groups bring the revenue?
-- Calls: at most 4
SELECT i.ItemGroupCode, round(sum(l.AmountDC), 2) AS revenue
FROM salesinvoice.SalesInvoiceLines l
JOIN logistics.Items i ON i.ID = l.Item
GROUP BY ALL
ORDER BY revenue DESC, i.ItemGroupCode
