-- Question: On which payment conditions are the open items?
-- Calls: at most 2
SELECT Division, coalesce(PaymentCondition, 'none') AS condition, count(*) AS items, round(sum(AmountDC), 2) AS open
FROM cashflow.Receivables
WHERE Status = 20
GROUP BY ALL
ORDER BY ALL
