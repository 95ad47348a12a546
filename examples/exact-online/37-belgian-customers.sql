-- Question: Which Belgian relations do we have, with their VAT numbers?
-- Calls: at most 2
SELECT Division, Code, trim(Name) AS name, VATNumber FROM crm.Accounts WHERE Country = 'BE' ORDER BY Division, Code
