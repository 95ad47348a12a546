-- Question: How much do we owe in foreign currencies?
-- Calls: at most 2
SELECT Division, Currency, count(*) AS invoices, round(sum(AmountFC), 2) AS amount
FROM cashflow.Payments
WHERE Status <> 50 AND Currency <> 'EUR'
GROUP BY ALL
ORDER BY ALL
