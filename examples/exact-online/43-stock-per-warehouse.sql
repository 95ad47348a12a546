-- Question: What is in stock, per warehouse?
-- Calls: at most 2
SELECT Division, coalesce(WarehouseCode, '?') AS warehouse, count(*) AS items, sum(CurrentStock) AS stock
FROM inventory.ItemWarehouses
GROUP BY ALL
ORDER BY ALL
