-- Question: Which VAT codes are in use, of which type and rate?
-- Calls: at most 2
SELECT Division, Code, Description, Type, Percentage FROM vat.VATCodes WHERE NOT IsBlocked ORDER BY Division, Code
