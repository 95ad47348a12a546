/** Who owes most: a question over two tables that needs neither of them whole. */
export const firstQuery = `select a.Name, a.City, count(*) as Invoices, sum(i.AmountDC) as Amount
from salesinvoice.SalesInvoices i
join crm.Accounts a on a.ID = i.InvoiceTo
where i.InvoiceDate >= date '2026-01-01'
group by all
order by Amount desc
limit 5`
