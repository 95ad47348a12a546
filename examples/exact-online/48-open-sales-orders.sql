-- Question: Which sales orders are open or partly delivered, and for how much?
-- Calls: at most 2
SELECT Division, trim(OrderedByName) AS customer, count(*) AS orders, round(sum(AmountDC), 2) AS amount
FROM salesorder.SalesOrders
WHERE Status IN (12, 20)
GROUP BY ALL
ORDER BY ALL
