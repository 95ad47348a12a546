-- Question: Which open orders should have been delivered before 2024?
-- Calls: at most 2
SELECT Division, OrderNumber, trim(DeliverToName) AS deliver_to, DeliveryDate
FROM salesorder.SalesOrders
WHERE Status IN (12, 20) AND DeliveryDate < TIMESTAMP '2024-01-01'
ORDER BY DeliveryDate, Division, OrderNumber
