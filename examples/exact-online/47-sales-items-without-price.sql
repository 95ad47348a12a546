-- Question: Which webshop items have no sales price of their own?
-- Calls: at most 4
SELECT i.Division, i.Code, i.Description
FROM logistics.Items i
WHERE i.IsWebshopItem = 1 AND NOT EXISTS (FROM logistics.SalesItemPrices p WHERE p.Item = i.ID AND p.Price < 500)
ORDER BY ALL
