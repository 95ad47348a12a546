import type { CorpusStatement, CorpusValues } from './corpus-statement.ts'

/** Joins of all kinds: where filters and keys may travel, and where they may not. */
export function joinStatements(v: CorpusValues): CorpusStatement[] {
  const ids = (count: number) =>
    v.accountIds
      .slice(0, count)
      .map((id) => `'${id}'`)
      .join(', ')
  return [
    {
      name: 'inner join, filter on one side',
      sql: "SELECT a.Name, i.AmountDC FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.City = 'Leiden'",
      scans: [
        "crm.Accounts(ID, City, Name) where City = 'Leiden' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'inner join, equality travels',
      sql: `SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.ID = '${v.accountIds[0]}'`,
      scans: [
        'crm.Accounts(ID, Name) where ID = a0000000-0000-4000-8000-000000000000',
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) where InvoiceTo = a0000000-0000-4000-8000-000000000000',
      ],
    },
    {
      name: 'inner join, IN list travels',
      sql: `SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.ID IN (${ids(7)})`,
      scans: [
        'crm.Accounts(ID, Name) where ID in <7 values> keys ID from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) where InvoiceTo in <7 values> keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'inner join, OR travels',
      sql: `SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.ID = '${v.accountIds[0]}' OR a.ID = '${v.accountIds[1]}'`,
      scans: [
        'crm.Accounts(ID, Name) where (ID = a0000000-0000-4000-8000-000000000000 or ID = a0000000-0000-4000-8000-000000000001) keys ID from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) where (InvoiceTo = a0000000-0000-4000-8000-000000000000 or InvoiceTo = a0000000-0000-4000-8000-000000000001) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'inner join, divisions travel',
      sql: `SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID AND i.Division = a.Division WHERE a.Division IN (${v.division}, ${v.otherDivision})`,
      scans: [
        'crm.Accounts(ID, Name, Division) where Division in (2198801, 2198814) keys Division from 1.Division, ID within Division from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo, Division) where Division in (2198801, 2198814) keys Division from 0.Division, InvoiceTo within Division from 0.ID',
      ],
    },
    {
      name: 'inner join by USING',
      sql: `SELECT Division, count(*) AS n FROM crm.Accounts JOIN crm.Contacts USING (Division) WHERE Division = ${v.division} AND Accounts.Status = 'C' AND Contacts.LastName = 'Vos' GROUP BY Division`,
      scans: [
        "crm.Accounts(Status, Division) where Division = 2198801 and Status = 'C'",
        "crm.Contacts(LastName, Division) where Division = 2198801 and LastName = 'Vos'",
      ],
    },
    {
      name: 'join of three',
      sql: "SELECT a.Name, l.Description, l.AmountDC FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID JOIN salesinvoice.SalesInvoiceLines l ON l.InvoiceID = i.InvoiceID WHERE a.City = 'Leiden' AND l.Quantity > 10",
      scans: [
        "crm.Accounts(ID, City, Name) where City = 'Leiden' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceTo) keys InvoiceID from 2.InvoiceID, InvoiceTo from 0.ID',
        'salesinvoice.SalesInvoiceLines(AmountDC, Description, InvoiceID, Quantity) where Quantity > 10 keys InvoiceID from 1.InvoiceID',
      ],
    },
    {
      name: 'join of four with filters on the outer ends',
      sql: "SELECT a.Name, t.Code FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID JOIN salesinvoice.SalesInvoiceLines l ON l.InvoiceID = i.InvoiceID JOIN logistics.Items t ON t.ID = l.Item WHERE a.Code = '12' AND t.ItemGroupCode = 'I00001'",
      scans: [
        "crm.Accounts(ID, Code, Name) where Code = '12' keys ID from 1.InvoiceTo",
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceTo) keys InvoiceID from 2.InvoiceID, InvoiceTo from 0.ID',
        'salesinvoice.SalesInvoiceLines(InvoiceID, Item) keys InvoiceID from 1.InvoiceID, Item from 3.ID',
        "logistics.Items(ID, Code, ItemGroupCode) where ItemGroupCode = 'I00001' keys ID from 2.Item",
      ],
    },
    {
      name: 'a table joined with itself',
      sql: "SELECT a.Name, b.Name AS parent FROM crm.Accounts a JOIN crm.Accounts b ON a.Parent = b.ID WHERE a.Status = 'C'",
      scans: [
        "crm.Accounts(Name, Parent, Status) where Status = 'C' keys Parent from 1.ID",
        'crm.Accounts(ID, Name) keys ID from 0.Parent',
      ],
    },
    {
      name: 'comma join with the condition in WHERE',
      sql: "SELECT a.Name, c.FullName FROM crm.Accounts a, crm.Contacts c WHERE c.Account = a.ID AND c.LastName = 'Vos'",
      scans: [
        'crm.Accounts(ID, Name) keys ID from 1.Account',
        "crm.Contacts(Account, FullName, LastName) where LastName = 'Vos' keys Account from 0.ID",
      ],
    },
    {
      name: 'cross join',
      sql: "SELECT count(*) AS n FROM (SELECT ID FROM logistics.Items WHERE ItemGroupCode = 'I00001') CROSS JOIN (SELECT ID FROM financial.GLAccounts WHERE Code = '1000')",
      scans: [
        "logistics.Items(ItemGroupCode) where ItemGroupCode = 'I00001'",
        "financial.GLAccounts(Code) where Code = '1000'",
      ],
    },
    {
      name: 'non-equality join',
      sql: "SELECT count(*) AS n FROM logistics.Items a JOIN logistics.Items b ON a.StandardSalesPrice < b.StandardSalesPrice WHERE a.ItemGroupCode = 'I00001' AND b.ItemGroupCode = 'I00002'",
      scans: [
        "logistics.Items(ItemGroupCode, StandardSalesPrice) where ItemGroupCode = 'I00001'",
        "logistics.Items(ItemGroupCode, StandardSalesPrice) where ItemGroupCode = 'I00002'",
      ],
    },
    {
      name: 'join on a cast carries nothing',
      sql: "SELECT count(*) AS n FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceNumber = try_cast(a.Code AS INTEGER) WHERE a.City = 'Leiden'",
      scans: ["crm.Accounts(City, Code) where City = 'Leiden'", 'salesinvoice.SalesInvoices(InvoiceNumber)'],
    },
    {
      name: 'left join, filter on the kept side',
      sql: "SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a LEFT JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.City = 'Leiden'",
      scans: [
        "crm.Accounts(ID, City, Name) where City = 'Leiden'",
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'left join, IN list on the kept side',
      sql: `SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a LEFT JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.ID IN (${ids(3)})`,
      scans: [
        'crm.Accounts(ID, Name) where ID in (a0000000-0000-4000-8000-000000000000, a0000000-0000-4000-8000-000000000001, a0000000-0000-4000-8000-000000000002)',
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) where InvoiceTo in (a0000000-0000-4000-8000-000000000000, a0000000-0000-4000-8000-000000000001, a0000000-0000-4000-8000-000000000002) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'left join, filter in ON on the filled side',
      sql: "SELECT a.Name, c.FullName FROM crm.Accounts a LEFT JOIN crm.Contacts c ON c.Account = a.ID AND c.LastName = 'Vos' WHERE a.Status = 'C'",
      scans: [
        "crm.Accounts(ID, Name, Status) where Status = 'C'",
        "crm.Contacts(Account, FullName, LastName) where LastName = 'Vos' keys Account from 0.ID",
      ],
    },
    {
      name: 'left join, filter in ON on the kept side filters nothing there',
      sql: "SELECT a.Name, c.FullName FROM crm.Accounts a LEFT JOIN crm.Contacts c ON c.Account = a.ID AND a.Status = 'C'",
      scans: ['crm.Accounts(ID, Name, Status)', 'crm.Contacts(Account, FullName)'],
    },
    {
      name: 'left join made inner by WHERE',
      sql: "SELECT a.Name, c.FullName FROM crm.Accounts a LEFT JOIN crm.Contacts c ON c.Account = a.ID WHERE c.LastName = 'Vos'",
      scans: [
        'crm.Accounts(ID, Name) keys ID from 1.Account',
        "crm.Contacts(Account, FullName, LastName) where LastName = 'Vos' keys Account from 0.ID",
      ],
    },
    {
      name: 'left join for what has no partner',
      sql: "SELECT a.ID FROM crm.Accounts a LEFT JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE i.InvoiceID IS NULL AND a.Status = 'C'",
      scans: [
        "crm.Accounts(ID, Status) where Status = 'C'",
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'left join, filter that lets the filled side be NULL',
      sql: "SELECT a.ID, c.LastName FROM crm.Accounts a LEFT JOIN crm.Contacts c ON c.Account = a.ID WHERE (c.LastName = 'Vos' OR c.LastName IS NULL) AND a.Status = 'C'",
      scans: [
        "crm.Accounts(ID, Status) where Status = 'C'",
        'crm.Contacts(Account, LastName) keys Account from 0.ID',
      ],
    },
    {
      name: 'right join',
      sql: 'SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a RIGHT JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE i.Status = 10',
      scans: [
        'crm.Accounts(ID, Name) keys ID from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo, Status) where Status = 10',
      ],
    },
    {
      name: 'full join takes all of both',
      sql: "SELECT a.Name, i.InvoiceNumber FROM crm.Accounts a FULL JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.Status = 'C' OR i.Status = 10",
      scans: [
        'crm.Accounts(ID, Name, Status)',
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo, Status)',
      ],
    },
    {
      name: 'full join of filtered sides',
      sql: "SELECT a.Name, i.InvoiceNumber FROM (FROM crm.Accounts WHERE City = 'Leiden') a FULL JOIN (FROM salesinvoice.SalesInvoices WHERE AmountDC > 4000) i ON i.InvoiceTo = a.ID",
      scans: [
        "crm.Accounts(ID, City, Name) where City = 'Leiden'",
        'salesinvoice.SalesInvoices(AmountDC, InvoiceNumber, InvoiceTo) where AmountDC > 4000',
      ],
    },
    {
      name: 'left join after inner join',
      sql: 'SELECT a.Name, c.FullName FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID LEFT JOIN crm.Contacts c ON c.Account = a.ID WHERE i.AmountDC > 4900',
      scans: [
        'crm.Accounts(ID, Name) keys ID from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) where AmountDC > 4900 keys InvoiceTo from 0.ID',
        'crm.Contacts(Account, FullName) keys Account from 0.ID, Account from 1.InvoiceTo',
      ],
    },
    {
      name: 'inner join on the filled side of a left join',
      sql: "SELECT count(*) AS n FROM crm.Accounts a LEFT JOIN crm.Contacts c ON c.Account = a.ID JOIN crm.Accounts m ON m.MainContact = c.ID WHERE a.City = 'Leiden'",
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden'",
        'crm.Contacts(ID, Account) keys Account from 0.ID',
        'crm.Accounts(MainContact) keys MainContact from 1.ID',
      ],
    },
    {
      name: 'IS NOT DISTINCT FROM as a join carries no keys',
      sql: "SELECT count(*) AS n FROM crm.Accounts a JOIN crm.Accounts b ON a.City IS NOT DISTINCT FROM b.City WHERE a.Status = 'C' AND b.Status = 'S'",
      scans: [
        "crm.Accounts(City, Status) where Status = 'C'",
        "crm.Accounts(City, Status) where Status = 'S'",
      ],
    },
    {
      name: 'semi join',
      sql: 'SELECT a.ID FROM crm.Accounts a SEMI JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID AND i.AmountDC > 4900',
      scans: [
        'crm.Accounts(ID) keys ID from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) where AmountDC > 4900 keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'anti join',
      sql: "SELECT a.ID FROM crm.Accounts a ANTI JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.City = 'Leiden'",
      scans: [
        "crm.Accounts(ID, City) where City = 'Leiden'",
        'salesinvoice.SalesInvoices(InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'as-of join',
      sql: "SELECT a.Code, i.InvoiceNumber FROM crm.Accounts a ASOF JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID AND a.Modified >= i.InvoiceDate WHERE a.Status = 'C' AND i.Status = 50",
      scans: [
        "crm.Accounts(ID, Code, Modified, Status) where Status = 'C'",
        'salesinvoice.SalesInvoices(InvoiceDate, InvoiceNumber, InvoiceTo, Status)',
      ],
    },
    {
      name: 'positional join',
      isCostFixed: true,
      sql: 'SELECT count(*) AS n FROM crm.Accounts a POSITIONAL JOIN logistics.Items t',
      scans: ['crm.Accounts(count)', 'logistics.Items(count)'],
    },
    {
      name: 'natural keys in both directions of a chain',
      sql: `SELECT i.InvoiceNumber, a.Name, o.OrderNumber FROM salesinvoice.SalesInvoices i JOIN crm.Accounts a ON a.ID = i.InvoiceTo JOIN salesorder.SalesOrders o ON o.OrderedBy = a.ID WHERE i.InvoiceNumber IN (${v.firstInvoiceNumber}, ${v.firstInvoiceNumber + 1}, ${v.firstInvoiceNumber + 2})`,
      scans: [
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) where InvoiceNumber in (20000001, 20000002, 20000003) keys InvoiceTo from 1.ID, InvoiceTo from 2.OrderedBy',
        'crm.Accounts(ID, Name) keys ID from 0.InvoiceTo, ID from 2.OrderedBy',
        'salesorder.SalesOrders(OrderedBy, OrderNumber) keys OrderedBy from 0.InvoiceTo, OrderedBy from 1.ID',
      ],
    },
  ]
}
