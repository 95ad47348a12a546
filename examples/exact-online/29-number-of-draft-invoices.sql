-- Question: How many draft invoices are there?
-- Calls: at most 2
SELECT count(*) AS drafts FROM salesinvoice.SalesInvoices WHERE Status = 10
