-- Question: To which ten suppliers do we owe most?
-- Calls: at most 2
SELECT AccountName, round(sum(AmountDC), 2) AS owed
FROM cashflow.Payments
WHERE Status = 20
GROUP BY AccountName
ORDER BY owed DESC, AccountName
LIMIT 10
