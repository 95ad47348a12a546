-- Question: What must still be delivered, by item?
-- Calls: at most 26
SELECT Division, ItemCode, sum(Quantity - QuantityDelivered) AS to_deliver
FROM salesorder.SalesOrderLines
WHERE QuantityDelivered < Quantity
GROUP BY ALL
ORDER BY ALL
