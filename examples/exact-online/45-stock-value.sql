-- Question: What is the stock worth, by item group?
-- Calls: at most 2
SELECT Division, ItemGroupCode, round(sum(Stock * CostPriceStandard), 2) AS value
FROM logistics.Items
WHERE Stock > 0
GROUP BY ALL
ORDER BY ALL
