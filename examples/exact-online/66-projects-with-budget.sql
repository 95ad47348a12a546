-- Question: Which projects have a budget, for which customer?
-- Calls: at most 2
SELECT Division, Code, Description, trim(AccountName) AS customer, BudgetedAmount
FROM project.Projects
WHERE BudgetedAmount > 0
ORDER BY Division, Code
