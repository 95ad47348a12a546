-- Question: Which relations may have been entered twice?
-- Calls: at most 2
SELECT Division, lower(trim(Name)) AS name, coalesce(City, '?') AS city, count(*) AS times, list(Code ORDER BY Code) AS codes
FROM crm.Accounts
GROUP BY ALL
HAVING count(*) > 1
ORDER BY ALL
