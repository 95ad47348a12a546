import type { CorpusStatement, CorpusValues } from './corpus-statement.ts'

/** Subqueries, common table expressions and set operations. */
export function subqueryStatements(v: CorpusValues): CorpusStatement[] {
  const first = v.firstInvoiceNumber
  return [
    {
      name: 'IN a subquery',
      sql: 'SELECT ID, Name FROM crm.Accounts WHERE ID IN (SELECT InvoiceTo FROM salesinvoice.SalesInvoices WHERE AmountDC > 4900)',
      scans: [
        'crm.Accounts(ID, Name) keys ID from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) where AmountDC > 4900 keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'IN a subquery, filters on both sides',
      sql: `SELECT ID FROM crm.Accounts WHERE City = 'Leiden' AND ID IN (SELECT InvoiceTo FROM salesinvoice.SalesInvoices WHERE InvoiceNumber < ${first + 100})`,
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) where InvoiceNumber < 20000101 keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'NOT IN a subquery with NULLs',
      sql: 'SELECT ID FROM crm.Accounts WHERE MainContact NOT IN (SELECT ID FROM crm.Contacts)',
      scans: ['crm.Accounts(ID, MainContact)', 'crm.Contacts(ID)'],
    },
    {
      name: 'NOT IN a subquery that may yield NULL',
      sql: "SELECT ID FROM crm.Accounts WHERE Status = 'C' AND ID NOT IN (SELECT OrderedBy FROM salesinvoice.SalesInvoices)",
      scans: ["crm.Accounts(ID, Status) where Status = 'C'", 'salesinvoice.SalesInvoices(OrderedBy)'],
    },
    {
      name: 'NOT IN a subquery, neither side with NULL',
      sql: "SELECT ID FROM crm.Accounts WHERE City = 'Leiden' AND ID NOT IN (SELECT ID FROM crm.Accounts WHERE Status = 'C')",
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden'",
        "crm.Accounts(ID, Status) where Status = 'C' keys ID from 0.ID",
      ],
    },
    {
      name: 'IN a subquery as a value',
      sql: "SELECT ID, ID IN (SELECT InvoiceTo FROM salesinvoice.SalesInvoices) AS has_invoice FROM crm.Accounts WHERE City = 'Leiden'",
      scans: ['salesinvoice.SalesInvoices(InvoiceTo)', "crm.Accounts(ID, City) where City = 'Leiden'"],
    },
    {
      name: 'EXISTS',
      sql: "SELECT a.ID FROM crm.Accounts a WHERE EXISTS (SELECT 1 FROM salesinvoice.SalesInvoices i WHERE i.InvoiceTo = a.ID AND i.Status = 10) AND a.City = 'Leiden'",
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(InvoiceTo, Status) where Status = 10 keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'NOT EXISTS',
      sql: "SELECT a.ID FROM crm.Accounts a WHERE a.City = 'Leiden' AND NOT EXISTS (SELECT 1 FROM salesinvoice.SalesInvoices i WHERE i.InvoiceTo = a.ID)",
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden'",
        'salesinvoice.SalesInvoices(InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'NOT EXISTS with a filter inside',
      sql: "SELECT a.ID FROM crm.Accounts a WHERE a.City = 'Leiden' AND NOT EXISTS (SELECT 1 FROM salesinvoice.SalesInvoices i WHERE i.InvoiceTo = a.ID AND i.AmountDC > 100)",
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden'",
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) where AmountDC > 100 keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'EXISTS with a second correlated condition',
      sql: "SELECT a.ID FROM crm.Accounts a WHERE a.City = 'Leiden' AND EXISTS (SELECT 1 FROM salesinvoice.SalesInvoices i WHERE i.InvoiceTo = a.ID AND i.AmountDC > a.CreditLineSales)",
      scans: [
        "crm.Accounts(ID, City, CreditLineSales) where City = 'Leiden' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'EXISTS without correlation needs one row',
      sql: "SELECT Code FROM logistics.Items WHERE ItemGroupCode = 'I00001' AND EXISTS (SELECT 1 FROM crm.Accounts WHERE Status = 'C')",
      scans: [
        "logistics.Items(Code, ItemGroupCode) where ItemGroupCode = 'I00001'",
        "crm.Accounts(Status) where Status = 'C' limit 1",
      ],
    },
    {
      name: 'a correlated sum',
      sql: "SELECT a.Name, (SELECT sum(i.AmountDC) FROM salesinvoice.SalesInvoices i WHERE i.InvoiceTo = a.ID) AS total FROM crm.Accounts a WHERE a.City = 'Leiden'",
      scans: [
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) keys InvoiceTo from 1.ID',
        "crm.Accounts(ID, City, Name) where City = 'Leiden'",
      ],
    },
    {
      name: 'a correlated count',
      sql: "SELECT a.Name, (SELECT count(*) FROM crm.Contacts c WHERE c.Account = a.ID) AS contacts FROM crm.Accounts a WHERE a.Code IN ('1', '2', '3')",
      scans: [
        'crm.Contacts(Account) keys Account from 1.ID',
        "crm.Accounts(ID, Code, Name) where Code in ('1', '2', '3')",
      ],
    },
    {
      name: 'a scalar subquery',
      sql: 'SELECT InvoiceNumber FROM salesinvoice.SalesInvoices WHERE AmountDC > (SELECT avg(AmountDC) * 1.5 FROM salesinvoice.SalesInvoices WHERE Status = 50)',
      scans: [
        'salesinvoice.SalesInvoices(AmountDC, InvoiceNumber)',
        'salesinvoice.SalesInvoices(AmountDC, Status) where Status = 50',
      ],
    },
    {
      name: 'greater than ALL',
      sql: 'SELECT InvoiceNumber FROM salesinvoice.SalesInvoices WHERE AmountDC >= ALL (SELECT AmountDC FROM salesinvoice.SalesInvoices WHERE AmountDC IS NOT NULL)',
      scans: [
        'salesinvoice.SalesInvoices(AmountDC, InvoiceNumber)',
        'salesinvoice.SalesInvoices(AmountDC) where AmountDC is not null',
      ],
    },
    {
      name: 'a lateral join',
      sql: "SELECT a.Code, i.InvoiceNumber FROM crm.Accounts a, LATERAL (SELECT InvoiceNumber FROM salesinvoice.SalesInvoices s WHERE s.InvoiceTo = a.ID ORDER BY InvoiceNumber LIMIT 1) i WHERE a.City = 'Leiden'",
      scans: [
        "crm.Accounts(ID, City, Code) where City = 'Leiden' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'a derived table with the filter outside',
      sql: "SELECT Name FROM (SELECT Name, City, Status FROM crm.Accounts) x WHERE x.City = 'Leiden'",
      scans: ["crm.Accounts(City, Name) where City = 'Leiden'"],
    },
    {
      name: 'a derived table that renames',
      sql: "SELECT n FROM (SELECT Name AS n, City AS c FROM crm.Accounts) WHERE c = 'Leiden'",
      scans: ["crm.Accounts(City, Name) where City = 'Leiden'"],
    },
    {
      name: 'a CTE used once',
      sql: "WITH customers AS (SELECT * FROM crm.Accounts WHERE Status = 'C') SELECT Name FROM customers WHERE City = 'Leiden'",
      scans: ["crm.Accounts(City, Name, Status) where City = 'Leiden' and Status = 'C'"],
    },
    {
      name: 'a CTE used once, declared MATERIALIZED',
      sql: "WITH customers AS MATERIALIZED (SELECT * FROM crm.Accounts WHERE Status = 'C') SELECT Name FROM customers WHERE City = 'Leiden'",
      scans: ["crm.Accounts(City, Name, Status) where City = 'Leiden' and Status = 'C'"],
    },
    {
      name: 'a CTE used twice',
      sql: "WITH x AS (SELECT ID, Status, Name FROM crm.Accounts) SELECT (SELECT count(*) FROM x WHERE Status = 'C') AS customers, (SELECT count(*) FROM x WHERE Status = 'S') AS suspects",
      scans: ["crm.Accounts(Status) where (Status = 'C' or Status = 'S')"],
    },
    {
      name: 'a CTE used twice, NOT MATERIALIZED',
      sql: "WITH x AS NOT MATERIALIZED (SELECT ID, Status, City FROM crm.Accounts) SELECT a.ID FROM x a JOIN x b ON a.City = b.City WHERE a.Status = 'C' AND b.Status = 'S'",
      scans: ["crm.Accounts(ID, City, Status) where (Status = 'C' or Status = 'S')"],
    },
    {
      name: 'a CTE joined with its source',
      sql: "WITH big AS (SELECT InvoiceTo, sum(AmountDC) AS total FROM salesinvoice.SalesInvoices GROUP BY InvoiceTo) SELECT a.Name, big.total FROM big JOIN crm.Accounts a ON a.ID = big.InvoiceTo WHERE a.City = 'Leiden'",
      scans: [
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) keys InvoiceTo from 1.ID',
        "crm.Accounts(ID, City, Name) where City = 'Leiden' keys ID from 0.InvoiceTo",
      ],
    },
    {
      name: 'a CTE used twice gives a key and a division of different rows',
      sql: "WITH c AS MATERIALIZED (SELECT ID, Division FROM crm.Accounts WHERE City = 'Leiden') SELECT i.InvoiceNumber FROM c c1 CROSS JOIN c c2 JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = c1.ID AND i.Division = c2.Division",
      scans: [
        "crm.Accounts(ID, City, Division) where City = 'Leiden'",
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo, Division) keys Division from 0.Division, InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'chained CTEs',
      sql: "WITH a AS (SELECT ID FROM crm.Accounts WHERE City = 'Leiden'), b AS (SELECT i.InvoiceID FROM salesinvoice.SalesInvoices i JOIN a ON i.InvoiceTo = a.ID) SELECT l.Description FROM salesinvoice.SalesInvoiceLines l JOIN b USING (InvoiceID)",
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceTo) keys InvoiceID from 2.InvoiceID, InvoiceTo from 0.ID',
        'salesinvoice.SalesInvoiceLines(Description, InvoiceID) keys InvoiceID from 1.InvoiceID',
      ],
    },
    {
      name: 'a recursive CTE',
      sql: "WITH RECURSIVE tree AS (SELECT ID, Name, 1 AS depth FROM crm.Accounts WHERE Code = '12' UNION ALL SELECT a.ID, a.Name, t.depth + 1 FROM crm.Accounts a JOIN tree t ON a.Parent = t.ID WHERE t.depth < 3) SELECT * FROM tree",
      scans: ["crm.Accounts(ID, Code, Name) where Code = '12'", 'crm.Accounts(ID, Name, Parent)'],
    },
    {
      name: 'UNION ALL',
      sql: "SELECT Name FROM crm.Accounts WHERE City = 'Leiden' UNION ALL SELECT FullName FROM crm.Contacts WHERE LastName = 'Vos'",
      scans: [
        "crm.Accounts(City, Name) where City = 'Leiden'",
        "crm.Contacts(FullName, LastName) where LastName = 'Vos'",
      ],
    },
    {
      name: 'UNION ALL with the filter outside',
      sql: "SELECT * FROM (SELECT Name AS n, City FROM crm.Accounts UNION ALL SELECT FullName, City FROM crm.Contacts) WHERE City = 'Leiden'",
      scans: [
        "crm.Accounts(City, Name) where City = 'Leiden'",
        "crm.Contacts(City, FullName) where City = 'Leiden'",
      ],
    },
    {
      name: 'UNION',
      sql: 'SELECT City FROM crm.Accounts UNION SELECT City FROM crm.Contacts',
      scans: ['crm.Accounts(City)', 'crm.Contacts(City)'],
    },
    {
      name: 'EXCEPT',
      sql: 'SELECT ID FROM crm.Accounts EXCEPT SELECT InvoiceTo FROM salesinvoice.SalesInvoices',
      scans: ['crm.Accounts(ID)', 'salesinvoice.SalesInvoices(InvoiceTo)'],
    },
    {
      name: 'INTERSECT',
      sql: "SELECT ID FROM crm.Accounts WHERE Status = 'C' INTERSECT SELECT InvoiceTo FROM salesinvoice.SalesInvoices",
      scans: ["crm.Accounts(ID, Status) where Status = 'C'", 'salesinvoice.SalesInvoices(InvoiceTo)'],
    },
    {
      name: 'UNION BY NAME',
      sql: "SELECT ID, Code FROM crm.Accounts WHERE Code = '12' UNION ALL BY NAME SELECT Code, Description FROM logistics.Items WHERE Code = 'I00001'",
      scans: [
        "crm.Accounts(ID, Code) where Code = '12'",
        "logistics.Items(Code, Description) where Code = 'I00001'",
      ],
    },
  ]
}
