-- Question: From which suppliers did we buy in 2025, and for how much?
-- Calls: at most 2
SELECT Division, trim(SupplierName) AS supplier, count(*) AS invoices, round(sum(AmountDC), 2) AS amount
FROM purchaseentry.PurchaseEntries
WHERE EntryDate >= TIMESTAMP '2025-01-01' AND EntryDate < TIMESTAMP '2026-01-01'
GROUP BY ALL
ORDER BY ALL
