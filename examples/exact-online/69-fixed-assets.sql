-- Question: Which fixed assets do we have, and what is left of their value?
-- Calls: at most 2
SELECT Division, Code, Description, InvestmentAmountFC, DepreciatedAmount, InvestmentAmountFC - DepreciatedAmount AS left_over
FROM assets.Assets
WHERE InvestmentAmountFC IS NOT NULL
ORDER BY Division, Code
