-- Question: Who are the main contacts at our relations in Delft?
-- Calls: at most 4
SELECT a.Division, trim(a.Name) AS customer, c.FullName, c.Phone, c.Email
FROM crm.Accounts a
JOIN crm.Contacts c ON c.Account = a.ID AND c.Division = a.Division
WHERE a.City = 'Delft' AND c.IsMainContact
ORDER BY ALL
