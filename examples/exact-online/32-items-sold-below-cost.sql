-- Question: Which invoice lines were priced below the cost price of the item?
-- Calls: at most 4
SELECT l.Division, l.InvoiceID, l.LineNumber, i.Code, l.NetPrice, i.CostPriceStandard
FROM salesinvoice.SalesInvoiceLines l
JOIN logistics.Items i ON i.ID = l.Item
WHERE l.NetPrice < i.CostPriceStandard AND l.Quantity >= 30
ORDER BY ALL
