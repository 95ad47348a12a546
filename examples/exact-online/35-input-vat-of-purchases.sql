-- Question: How much VAT on purchases of 2025 may we claim, by VAT code?
-- Calls: at most 2
SELECT Division, line.VATCode AS code, round(sum(line.VATAmountDC), 2) AS vat
FROM (
  SELECT Division, unnest(PurchaseEntryLines) AS line
  FROM purchaseentry.PurchaseEntries
  WHERE EntryDate >= TIMESTAMP '2025-01-01' AND EntryDate < TIMESTAMP '2026-01-01'
)
GROUP BY ALL
ORDER BY ALL
