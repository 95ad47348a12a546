-- Question: What is the largest open item of each company?
-- Calls: at most 2
SELECT Division, AccountName, InvoiceNumber, AmountDC
FROM cashflow.Receivables
WHERE Status = 20
QUALIFY row_number() OVER (PARTITION BY Division ORDER BY AmountDC DESC, InvoiceNumber) = 1
ORDER BY Division
