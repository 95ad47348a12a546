-- Question: Which customers with open items cannot be sent a reminder by e-mail?
-- Calls: at most 4
SELECT DISTINCT a.Division, a.Code, trim(a.Name) AS customer, a.Phone
FROM crm.Accounts a
WHERE a.Email IS NULL
  AND EXISTS (FROM cashflow.Receivables r WHERE r.Account = a.ID AND r.Status = 20)
ORDER BY a.Division, a.Code
