-- Question: How much VAT did we charge, by VAT code?
-- Calls: at most 4
SELECT l.Division, trim(l.VATCode) AS code, v.Description, round(sum(l.AmountDC), 2) AS base, round(sum(l.VATAmountDC), 2) AS vat
FROM salesinvoice.SalesInvoiceLines l
LEFT JOIN vat.VATCodes v ON v.Code = l.VATCode AND v.Division = l.Division
GROUP BY ALL
ORDER BY ALL
