-- Question: Which subscriptions end in or after 2024?
-- Calls: at most 2
SELECT Division, Number, trim(OrderedByName) AS customer, EndDate
FROM subscription.Subscriptions
WHERE EndDate >= TIMESTAMP '2024-01-01'
ORDER BY EndDate, Division, Number
