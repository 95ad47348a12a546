/** Who owes most: a question over two tables that needs neither of them whole. */
export const firstQuery = `select a.Name, a.City, count(*) as Invoices, sum(i.AmountDC)::decimal(18, 2) as Amount
from salesinvoice.SalesInvoices i
join crm.Accounts a on a.ID = i.InvoiceTo
where i.InvoiceDate >= date '2026-01-01'
group by all
order by Amount desc
limit 5`

/** Customers of both books: their VAT numbers are what the two platforms have in common. */
export const sharedCustomersQuery = `select a.VATNumber
from salesinvoice.SalesInvoices i
join crm.Accounts a on a.ID = i.InvoiceTo
where i.InvoiceDate >= date '2026-01-01' and a.VATNumber is not null
group by 1
order by sum(i.AmountDC) desc, 1
limit 8`

/** Turnover (invoiced, VAT included) per customer in two platforms' books, in one statement. */
export const bothBooksQuery = `select e.VATNumber, e.Name, e.Amount as ExactOnline, t.Amount as Twinfield
from (select a.VATNumber, min(a.Name) as Name, sum(i.AmountDC)::decimal(18, 2) as Amount
      from eol.salesinvoice.SalesInvoices i
      join eol.crm.Accounts a on a.ID = i.InvoiceTo
      where i.InvoiceDate >= date '2026-01-01'
      group by 1) e
join (select c.VatNumber, sum(l.line_basevaluesigned)::decimal(18, 2) as Amount
      from twf.browse.Customers_130_1 l
      join twf.dimensions.Customers c on c.Office = l.Office and c.Code = l.line_dim2
      where l.head_code = 'VRK' and l.head_yearperiod >= '2026/01'
      group by 1) t on t.VatNumber = e.VATNumber
order by e.Amount + t.Amount desc
limit 5`
