import type { CorpusStatement, CorpusValues } from './corpus-statement.ts'

/** One table and its conditions: each kind of predicate, and those that may not be sent as they stand. */
export function filterStatements(v: CorpusValues): CorpusStatement[] {
  const ids = (count: number) =>
    v.accountIds
      .slice(0, count)
      .map((id) => `'${id}'`)
      .join(', ')
  const numbers = (count: number) =>
    Array.from({ length: count }, (_, i) => v.firstInvoiceNumber + i).join(', ')
  return [
    { name: 'everything of a table', sql: 'SELECT * FROM logistics.Items', scans: ['logistics.Items(*)'] },
    { name: 'some columns', sql: 'SELECT Code, Name FROM crm.Accounts', scans: ['crm.Accounts(Code, Name)'] },
    {
      name: 'text equality',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Status = 'C'",
      scans: ["crm.Accounts(ID, Name, Status) where Status = 'C'"],
    },
    {
      name: 'equality on a padded code',
      sql: "SELECT ID, Code FROM crm.Accounts WHERE Code = '12'",
      scans: ["crm.Accounts(ID, Code) where Code = '12'"],
    },
    {
      name: 'key equality',
      isCostFixed: true,
      sql: `SELECT Name FROM crm.Accounts WHERE ID = '${v.accountIds[0]}'`,
      scans: ['crm.Accounts(ID, Name) where ID = a0000000-0000-4000-8000-000000000000'],
    },
    {
      name: 'a parameter',
      isCostFixed: true,
      sql: 'SELECT Name FROM crm.Accounts WHERE ID = $1 AND Status = $2',
      parameters: [v.accountIds[1], 'C'],
      scans: [
        "crm.Accounts(ID, Name, Status) where ID = a0000000-0000-4000-8000-000000000001 and Status = 'C'",
      ],
    },
    {
      name: 'one division',
      sql: `SELECT Code FROM logistics.Items WHERE Division = ${v.division}`,
      scans: ['logistics.Items(Code, Division) where Division = 2198801'],
    },
    {
      name: 'a key in one division',
      isCostFixed: true,
      sql: `SELECT Name FROM crm.Accounts WHERE ID = '${v.accountIds[0]}' AND Division = ${v.division}`,
      scans: [
        'crm.Accounts(ID, Name, Division) where Division = 2198801 and ID = a0000000-0000-4000-8000-000000000000',
      ],
    },
    {
      name: 'a division that is not there',
      isCostFixed: true,
      sql: 'SELECT Code FROM logistics.Items WHERE Division = 1',
      scans: ['logistics.Items(Code, Division) where Division = 1'],
    },
    {
      name: 'two divisions',
      sql: `SELECT Code FROM logistics.Items WHERE Division IN (${v.division}, ${v.otherDivision})`,
      scans: ['logistics.Items(Code, Division) where Division in (2198801, 2198814)'],
    },
    {
      name: 'all divisions but one',
      sql: `SELECT Code FROM logistics.Items WHERE Division <> ${v.division}`,
      scans: ['logistics.Items(Code, Division) where Division <> 2198801'],
    },
    {
      name: 'a division or another condition',
      sql: `SELECT Code FROM logistics.Items WHERE Division = ${v.division} OR IsSalesItem`,
      scans: [
        'logistics.Items(Code, IsSalesItem, Division) where (IsSalesItem = true or Division = 2198801)',
      ],
    },
    {
      name: 'an IN list of one',
      isCostFixed: true,
      sql: `SELECT Name FROM crm.Accounts WHERE ID IN (${ids(1)})`,
      scans: ['crm.Accounts(ID, Name) where ID = a0000000-0000-4000-8000-000000000000'],
    },
    {
      name: 'an IN list of three',
      isCostFixed: true,
      sql: `SELECT Name FROM crm.Accounts WHERE ID IN (${ids(3)})`,
      scans: [
        'crm.Accounts(ID, Name) where ID in (a0000000-0000-4000-8000-000000000000, a0000000-0000-4000-8000-000000000001, a0000000-0000-4000-8000-000000000002)',
      ],
    },
    {
      name: 'an IN list of sixty',
      isCostFixed: true,
      sql: `SELECT Name FROM crm.Accounts WHERE ID IN (${ids(60)})`,
      scans: ['crm.Accounts(ID, Name) where ID in <60 values>'],
    },
    {
      name: 'an IN list of a thousand',
      sql: `SELECT Name FROM crm.Accounts WHERE ID IN (${ids(1000)})`,
      scans: ['crm.Accounts(ID, Name) where ID in <1000 values>'],
    },
    {
      name: 'a thousand numbers',
      sql: `SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceNumber IN (${numbers(1000)})`,
      scans: ['salesinvoice.SalesInvoices(InvoiceID, InvoiceNumber) where InvoiceNumber in <1000 values>'],
    },
    {
      name: 'an IN list with NULL and repetition',
      sql: "SELECT ID FROM crm.Accounts WHERE Status IN ('C', NULL, 'S', 'C')",
      scans: ["crm.Accounts(ID, Status) where Status in ('C', 'S')"],
    },
    {
      name: 'NOT IN a list',
      sql: "SELECT ID FROM crm.Accounts WHERE Status NOT IN ('C', 'S')",
      scans: ["crm.Accounts(ID, Status) where not Status in ('C', 'S')"],
    },
    {
      name: 'NOT IN a list with NULL passes nothing',
      sql: "SELECT ID FROM crm.Accounts WHERE Status NOT IN ('C', NULL)",
      scans: ["crm.Accounts(ID, Status) where <COMPARE_NOT_IN(Status, 'C', NULL)>"],
    },
    {
      name: 'text inequality',
      sql: "SELECT ID FROM crm.Accounts WHERE Status <> 'C'",
      scans: ["crm.Accounts(ID, Status) where Status <> 'C'"],
    },
    {
      name: 'NULL',
      sql: 'SELECT ID FROM crm.Accounts WHERE City IS NULL',
      scans: ['crm.Accounts(ID, City) where City is null'],
    },
    {
      name: 'not NULL',
      sql: 'SELECT ID, City FROM crm.Accounts WHERE City IS NOT NULL',
      scans: ['crm.Accounts(ID, City) where City is not null'],
    },
    {
      name: 'comparison with NULL passes nothing',
      isCostFixed: true,
      sql: 'SELECT ID FROM crm.Accounts WHERE City = NULL',
      scans: ['crm.Accounts() limit 0'],
    },
    {
      name: 'IS DISTINCT FROM',
      sql: "SELECT ID FROM crm.Accounts WHERE City IS DISTINCT FROM 'Amsterdam'",
      scans: ["crm.Accounts(ID, City) where (City <> 'Amsterdam' or City is null)"],
    },
    {
      name: 'IS NOT DISTINCT FROM',
      sql: "SELECT ID FROM crm.Accounts WHERE City IS NOT DISTINCT FROM 'Amsterdam'",
      scans: ["crm.Accounts(ID, City) where City = 'Amsterdam'"],
    },
    {
      name: 'a boolean column',
      sql: 'SELECT ID FROM crm.Accounts WHERE IsSales',
      scans: ['crm.Accounts(ID, IsSales) where IsSales = true'],
    },
    {
      name: 'NOT a boolean column',
      sql: 'SELECT ID FROM crm.Accounts WHERE NOT IsSales',
      scans: ['crm.Accounts(ID, IsSales) where IsSales <> true'],
    },
    {
      name: 'IS NOT TRUE counts NULL in',
      sql: 'SELECT ID FROM crm.Accounts WHERE IsSales IS NOT TRUE',
      scans: ['crm.Accounts(ID, IsSales) where (IsSales <> true or IsSales is null)'],
    },
    {
      name: 'number range',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE AmountDC > 1000 AND AmountDC <= 2500.5',
      scans: ['salesinvoice.SalesInvoices(InvoiceID, AmountDC) where AmountDC <= 2500.5 and AmountDC > 1000'],
    },
    {
      name: 'BETWEEN on integers',
      sql: `SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceNumber BETWEEN ${v.firstInvoiceNumber + 9} AND ${v.firstInvoiceNumber + 19}`,
      scans: [
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceNumber) where InvoiceNumber <= 20000020 and InvoiceNumber >= 20000010',
      ],
    },
    {
      name: 'NOT BETWEEN',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE AmountDC NOT BETWEEN 100 AND 4000',
      scans: ['salesinvoice.SalesInvoices(InvoiceID, AmountDC) where (AmountDC < 100 or AmountDC > 4000)'],
    },
    {
      name: 'a small integer',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE Status = 50',
      scans: ['salesinvoice.SalesInvoices(InvoiceID, Status) where Status = 50'],
    },
    {
      name: 'equality of doubles',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE Discount IN (0, 0.1)',
      scans: ['salesinvoice.SalesInvoices(InvoiceID, Discount) where Discount in (0, 0.1)'],
    },
    {
      name: 'a date',
      sql: "SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceDate >= DATE '2022-01-01'",
      scans: ['salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where InvoiceDate >= 2022-01-01'],
    },
    {
      name: 'a text read as a date',
      sql: "SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceDate < '2020-06-01'",
      scans: ['salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where InvoiceDate < 2020-06-01'],
    },
    {
      name: 'equality of a timestamp',
      sql: "SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceDate = '2021-12-30'",
      scans: ['salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where InvoiceDate = 2021-12-30'],
    },
    {
      name: 'the day of a timestamp',
      sql: "SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE CAST(Created AS DATE) = '2023-08-18'",
      scans: [
        'salesinvoice.SalesInvoices(InvoiceID, Created) where Created < 2023-08-19 and Created >= 2023-08-18',
      ],
    },
    {
      name: 'the day of a timestamp in a list',
      sql: "SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceDate::DATE IN ('2021-12-30', '2019-05-20')",
      scans: [
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where ((InvoiceDate >= 2021-12-30 and InvoiceDate < 2021-12-31) or (InvoiceDate >= 2019-05-20 and InvoiceDate < 2019-05-21))',
      ],
    },
    {
      name: 'a year',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE year(InvoiceDate) = 2021',
      scans: [
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where InvoiceDate < 2022-01-01 and InvoiceDate >= 2021-01-01',
      ],
    },
    {
      name: 'from a year on',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE extract(year FROM InvoiceDate) >= 2023',
      scans: ['salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where InvoiceDate >= 2023-01-01'],
    },
    {
      name: 'a month by date_trunc',
      sql: "SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE date_trunc('month', InvoiceDate) = DATE '2021-12-01'",
      scans: [
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where InvoiceDate < 2022-01-01 and InvoiceDate >= 2021-12-01',
      ],
    },
    {
      name: 'days back from today',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceDate > current_date - 1000',
      scans: ['salesinvoice.SalesInvoices(InvoiceID, InvoiceDate) where InvoiceDate > 2023-06-06'],
    },
    {
      name: 'an interval back from now',
      sql: "SELECT ID FROM crm.Accounts WHERE Modified > now() - INTERVAL '2 years'",
      scans: [
        'crm.Accounts(ID, Modified) where <CAST(Modified AS TIMESTAMP WITH TIME ZONE) > 1709375400123456> and Modified >= 2024-03-02T10:30:00.123Z',
      ],
    },
    {
      name: 'LIKE with a start',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Name LIKE 'ACME%'",
      scans: ["crm.Accounts(ID, Name) where Name starts-with 'ACME'"],
    },
    {
      name: 'LIKE with an end',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Name LIKE '%B.V.'",
      scans: ["crm.Accounts(ID, Name) where Name ends-with 'B.V.'"],
    },
    {
      name: 'LIKE with a part',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Name LIKE '%Handel%'",
      scans: ["crm.Accounts(ID, Name) where Name contains 'Handel'"],
    },
    {
      name: 'LIKE with a hole',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Name LIKE 'ACME_N%V.'",
      scans: ["crm.Accounts(ID, Name) where <~~(Name, 'ACME_N%V.')> and Name starts-with 'ACME'"],
    },
    {
      name: 'LIKE without wildcard',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Name LIKE 'ACME Nederland B.V.'",
      scans: ["crm.Accounts(ID, Name) where Name = 'ACME Nederland B.V.'"],
    },
    {
      name: 'NOT LIKE',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Name NOT LIKE 'ACME%'",
      scans: ["crm.Accounts(ID, Name) where not Name starts-with 'ACME'"],
    },
    {
      name: 'ILIKE',
      sql: "SELECT ID, Name FROM crm.Accounts WHERE Name ILIKE 'acme%'",
      scans: ["crm.Accounts(ID, Name) where <~~*(Name, 'acme%')>"],
    },
    {
      name: 'starts_with and contains',
      sql: "SELECT ID FROM crm.Accounts WHERE starts_with(Name, 'Noord') AND contains(Email, '@example')",
      scans: ["crm.Accounts(ID, Email, Name) where Email contains '@example' and Name starts-with 'Noord'"],
    },
    {
      name: 'a text range',
      sql: "SELECT ID FROM crm.Accounts WHERE Name >= 'M' AND Name < 'P'",
      scans: ["crm.Accounts(ID, Name) where Name < 'P' and Name >= 'M'"],
    },
    {
      name: 'a function of a column',
      sql: "SELECT ID FROM crm.Accounts WHERE upper(City) = 'LEIDEN'",
      scans: ["crm.Accounts(ID, City) where <upper(City) = 'LEIDEN'>"],
    },
    {
      name: 'one sendable and one other condition',
      sql: "SELECT ID FROM crm.Accounts WHERE Status = 'C' AND length(Name) > 20",
      scans: ["crm.Accounts(ID, Name, Status) where <length(Name) > 20> and Status = 'C'"],
    },
    {
      name: 'OR of one column',
      sql: "SELECT ID FROM crm.Accounts WHERE Status = 'C' OR Status = 'S'",
      scans: ["crm.Accounts(ID, Status) where (Status = 'C' or Status = 'S')"],
    },
    {
      name: 'OR of two columns',
      sql: "SELECT ID FROM crm.Accounts WHERE Status = 'C' OR City = 'Leiden'",
      scans: ["crm.Accounts(ID, City, Status) where (Status = 'C' or City = 'Leiden')"],
    },
    {
      name: 'OR with a condition that cannot be sent',
      sql: "SELECT ID FROM crm.Accounts WHERE Status = 'C' OR length(Name) > 30",
      scans: ["crm.Accounts(ID, Name, Status) where <(Status = 'C' OR length(Name) > 30)>"],
    },
    {
      name: 'AND within OR',
      sql: "SELECT ID FROM crm.Accounts WHERE (Status = 'C' AND City = 'Leiden') OR (Status = 'S' AND City IS NULL)",
      scans: [
        "crm.Accounts(ID, City, Status) where ((City is null and Status = 'S') or (Status = 'C' and City = 'Leiden')) and (City is null or City = 'Leiden') and (Status = 'C' or Status = 'S')",
      ],
    },
    {
      name: 'NOT of AND',
      sql: "SELECT ID FROM crm.Accounts WHERE NOT (Status = 'C' AND IsSales)",
      scans: ["crm.Accounts(ID, IsSales, Status) where (IsSales <> true or Status <> 'C')"],
    },
    {
      name: 'a condition that is always false',
      isCostFixed: true,
      sql: 'SELECT ID FROM crm.Accounts WHERE 1 <> 1',
      scans: ['crm.Accounts() limit 0'],
    },
    {
      name: 'two conditions that exclude each other',
      isCostFixed: true,
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceNumber > 10 AND InvoiceNumber < 5',
      scans: ['salesinvoice.SalesInvoices() limit 0'],
    },
    {
      name: 'a number column compared with text',
      sql: "SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE Status = '20'",
      scans: ['salesinvoice.SalesInvoices(InvoiceID, Status) where Status = 20'],
    },
    {
      name: 'a text column compared with a number',
      sql: 'SELECT ID FROM logistics.Items WHERE length(Code) = 6 AND try_cast(substr(Code, 2) AS INTEGER) = 7',
      scans: [
        'logistics.Items(ID, Code) where <CAST(substr(Code, 2) AS INTEGER) = 7> and <length(Code) = 6>',
      ],
    },
    {
      name: 'two columns compared',
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoices WHERE InvoiceTo = OrderedBy',
      scans: ['salesinvoice.SalesInvoices(InvoiceID, InvoiceTo, OrderedBy) where <InvoiceTo = OrderedBy>'],
    },
  ]
}
