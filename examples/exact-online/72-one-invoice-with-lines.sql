-- Question: What is on invoice 20000005?
-- Calls: at most 2
SELECT Division, InvoiceNumber, trim(InvoiceToName) AS customer, line.ItemCode AS item, line.Quantity AS quantity, line.AmountDC AS amount
FROM (
  SELECT Division, InvoiceNumber, InvoiceToName, unnest(SalesInvoiceLines) AS line
  FROM salesinvoice.SalesInvoices
  WHERE InvoiceNumber = 20000005
)
ORDER BY ALL
