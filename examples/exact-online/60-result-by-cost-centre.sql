-- Question: How is 2025 spread over the cost centres?
-- Calls: at most 2
SELECT Division, coalesce(CostCenter, 'none') AS cost_centre, round(sum(AmountDC), 2) AS amount
FROM financialtransaction.TransactionLines
WHERE FinancialYear = 2025
GROUP BY ALL
ORDER BY ALL
