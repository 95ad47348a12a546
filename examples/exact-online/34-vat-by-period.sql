-- Question: What are the VAT amounts of 2025 by period and code?
-- Calls: at most 2
SELECT Division, FinancialPeriod, VATCode, round(sum(AmountVATFC), 2) AS vat, round(sum(AmountVATBaseFC), 2) AS base
FROM financialtransaction.TransactionLines
WHERE FinancialYear = 2025 AND VATCode IS NOT NULL
GROUP BY ALL
ORDER BY ALL
