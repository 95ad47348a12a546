-- Question: Which sales items have not been on an order above 1,000 euros?
-- Calls: at most 4
SELECT i.Division, i.Code, i.Description
FROM logistics.Items i
WHERE i.IsSalesItem
  AND NOT EXISTS (FROM salesorder.SalesOrderLines l WHERE l.Item = i.ID AND l.AmountDC > 1000)
ORDER BY i.Division, i.Code
