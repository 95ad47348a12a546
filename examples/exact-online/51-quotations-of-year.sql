-- Question: Which quotations were made in 2025, and for how much?
-- Calls: at most 2
SELECT Division, trim(OrderAccountName) AS customer, QuotationNumber, QuotationDate, AmountDC
FROM crm.Quotations
WHERE QuotationDate >= TIMESTAMP '2025-01-01' AND QuotationDate < TIMESTAMP '2026-01-01'
ORDER BY ALL
