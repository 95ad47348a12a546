-- Question: What left the warehouse in May 2025?
-- Calls: at most 4
SELECT d.Division, d.DeliveryNumber, d.DeliveryDate, l.ItemCode, l.QuantityDelivered
FROM salesorder.GoodsDeliveries d
JOIN salesorder.GoodsDeliveryLines l ON l.EntryID = d.EntryID
WHERE d.DeliveryDate >= TIMESTAMP '2025-05-01' AND d.DeliveryDate < TIMESTAMP '2025-06-01'
ORDER BY ALL
