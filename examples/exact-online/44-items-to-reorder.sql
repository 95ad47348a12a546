-- Question: Which items have less stock than their reorder point, where that is above 100?
-- Calls: at most 2
SELECT Division, ItemCode, WarehouseCode, CurrentStock, ReorderPoint
FROM inventory.ItemWarehouses
WHERE ReorderPoint > 100 AND CurrentStock < ReorderPoint
ORDER BY ALL
