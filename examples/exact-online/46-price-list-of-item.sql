-- Question: What are the sales prices of item I00039?
-- Calls: at most 2
SELECT Division, ItemCode, AccountName, Currency, Quantity, Unit, Price
FROM logistics.SalesItemPrices
WHERE ItemCode = 'I00039'
ORDER BY ALL
