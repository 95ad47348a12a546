-- Question: How did revenue grow from year to year?
-- Calls: at most 2
WITH yearly AS (
  SELECT year(InvoiceDate) AS year, sum(AmountDC) AS revenue FROM salesinvoice.SalesInvoices GROUP BY ALL
)
SELECT year, round(revenue, 2) AS revenue, round(100 * (revenue / lag(revenue) OVER (ORDER BY year) - 1), 1) AS growth
FROM yearly
ORDER BY year
