-- Question: What does the receivables report of each company add up to, per currency?
-- Calls: at most 2
SELECT Division, coalesce(CurrencyCode, '?') AS currency, count(*) AS invoices, round(sum(Amount), 2) AS amount
FROM read_financial.ReceivablesList
GROUP BY ALL
ORDER BY ALL
