-- Question: What did we order in 2025, by supplier?
-- Calls: at most 2
SELECT Division, trim(SupplierName) AS supplier, count(*) AS orders, round(sum(AmountDC), 2) AS amount
FROM purchaseorder.PurchaseOrders
WHERE OrderDate >= TIMESTAMP '2025-01-01' AND OrderDate < TIMESTAMP '2026-01-01'
GROUP BY ALL
ORDER BY ALL
