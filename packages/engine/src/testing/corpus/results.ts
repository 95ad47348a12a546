import type { CorpusStatement, CorpusValues } from './corpus-statement.ts'

/** What stands behind WHERE: aggregates, windows, order and limits; and DuckDB's own idioms. */
export function resultStatements(v: CorpusValues): CorpusStatement[] {
  const division = `Division = ${v.division}`
  return [
    {
      name: 'count of a table',
      isCostFixed: true,
      sql: 'SELECT count(*) FROM crm.Accounts',
      scans: ['crm.Accounts(count)'],
    },
    {
      name: 'count with a filter',
      sql: "SELECT count(*) AS n FROM crm.Accounts WHERE Status = 'C'",
      scans: ["crm.Accounts(count: Status) where Status = 'C'"],
    },
    {
      name: 'count in one division',
      isCostFixed: true,
      sql: `SELECT count(*) FROM salesinvoice.SalesInvoices WHERE ${division} AND Status = 50`,
      scans: ['salesinvoice.SalesInvoices(count: Status, Division) where Division = 2198801 and Status = 50'],
    },
    {
      name: 'count of a column',
      sql: 'SELECT count(City) AS n FROM crm.Accounts',
      scans: ['crm.Accounts(City)'],
    },
    {
      name: 'count of distinct values',
      sql: 'SELECT count(DISTINCT City) AS n FROM crm.Accounts',
      scans: ['crm.Accounts(City)'],
    },
    {
      name: 'two counts side by side',
      isCostFixed: true,
      sql: 'SELECT (SELECT count(*) FROM crm.Accounts) AS a, (SELECT count(*) FROM crm.Contacts) AS c',
      scans: ['crm.Accounts(count)', 'crm.Contacts(count)'],
    },
    {
      name: 'count with FILTER',
      sql: "SELECT count(*) FILTER (WHERE Status = 'C') AS c, count(*) AS n FROM crm.Accounts",
      scans: ['crm.Accounts(Status)'],
    },
    {
      name: 'sum by group',
      sql: 'SELECT Status, sum(AmountDC) AS total FROM salesinvoice.SalesInvoices GROUP BY Status',
      scans: ['salesinvoice.SalesInvoices(AmountDC, Status)'],
    },
    {
      name: 'HAVING on the group',
      sql: 'SELECT Status, count(*) AS n FROM salesinvoice.SalesInvoices GROUP BY Status HAVING Status = 50',
      scans: ['salesinvoice.SalesInvoices(Status) where Status = 50'],
    },
    {
      name: 'HAVING on the aggregate',
      sql: 'SELECT InvoiceTo, count(*) AS n FROM salesinvoice.SalesInvoices GROUP BY InvoiceTo HAVING count(*) > 2',
      scans: ['salesinvoice.SalesInvoices(InvoiceTo)'],
    },
    {
      name: 'GROUP BY ALL and ORDER BY ALL',
      sql: 'SELECT City, Status, count(*) AS n FROM crm.Accounts WHERE City IS NOT NULL GROUP BY ALL ORDER BY ALL',
      scans: ['crm.Accounts(City, Status) where City is not null'],
    },
    {
      name: 'grouping sets',
      sql: "SELECT City, Status, count(*) AS n FROM crm.Accounts WHERE Status IN ('C', 'S') GROUP BY GROUPING SETS ((City), (Status), ())",
      scans: ["crm.Accounts(City, Status) where Status in ('C', 'S')"],
    },
    { name: 'DISTINCT', sql: 'SELECT DISTINCT City FROM crm.Accounts', scans: ['crm.Accounts(City)'] },
    {
      name: 'DISTINCT ON',
      sql: 'SELECT DISTINCT ON (City) City, Code FROM crm.Accounts ORDER BY City, Code',
      scans: ['crm.Accounts(City, Code)'],
    },
    {
      name: 'a window over all',
      sql: "SELECT Code, row_number() OVER (ORDER BY StandardSalesPrice DESC, Code) AS r FROM logistics.Items WHERE ItemGroupCode = 'I00001'",
      scans: ["logistics.Items(Code, ItemGroupCode, StandardSalesPrice) where ItemGroupCode = 'I00001'"],
    },
    {
      name: 'a filter above a window stays above',
      sql: 'SELECT * FROM (SELECT Code, Status, row_number() OVER (ORDER BY Code) AS r FROM crm.Accounts) WHERE r <= 5',
      compare: 'count',
      scans: ['crm.Accounts(Code, Status)'],
    },
    {
      name: 'a filter on the partition of a window',
      sql: "SELECT * FROM (SELECT Code, Status, row_number() OVER (PARTITION BY Status ORDER BY Code) AS r FROM crm.Accounts) WHERE Status = 'C'",
      scans: ["crm.Accounts(Code, Status) where Status = 'C'"],
    },
    {
      name: 'QUALIFY',
      sql: 'SELECT InvoiceTo, InvoiceNumber FROM salesinvoice.SalesInvoices QUALIFY row_number() OVER (PARTITION BY InvoiceTo ORDER BY InvoiceNumber DESC) = 1',
      scans: ['salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo)'],
    },
    {
      name: 'a key join above an aggregate receives keys of its group',
      sql: 'SELECT a.Code, t.total FROM crm.Accounts a JOIN (SELECT InvoiceTo, sum(AmountDC) AS total FROM salesinvoice.SalesInvoices GROUP BY InvoiceTo) t ON t.InvoiceTo = a.ID',
      scans: [
        'crm.Accounts(ID, Code) keys ID from 1.InvoiceTo',
        'salesinvoice.SalesInvoices(AmountDC, InvoiceTo) keys InvoiceTo from 0.ID',
      ],
    },
    {
      name: 'a key join above an aggregate of several grouping sets receives none',
      sql: 'SELECT a.Code, t.Status, t.total FROM crm.Accounts a LEFT JOIN (SELECT InvoiceTo, Status, sum(AmountDC) AS total FROM salesinvoice.SalesInvoices GROUP BY GROUPING SETS ((InvoiceTo), (Status))) t ON t.InvoiceTo = a.ID',
      scans: ['crm.Accounts(ID, Code)', 'salesinvoice.SalesInvoices(AmountDC, InvoiceTo, Status)'],
    },
    {
      name: 'a key join above an aggregate of another column receives none',
      sql: 'SELECT a.Code, t.n FROM crm.Accounts a LEFT JOIN (SELECT max(InvoiceTo) AS last, count(*) AS n FROM salesinvoice.SalesInvoices GROUP BY Status) t ON t.last = a.ID',
      scans: ['crm.Accounts(ID, Code)', 'salesinvoice.SalesInvoices(InvoiceTo, Status)'],
    },
    {
      name: 'LIMIT',
      sql: 'SELECT ID, Name FROM crm.Accounts LIMIT 10',
      compare: 'count',
      scans: ['crm.Accounts(ID, Name) limit 10'],
    },
    {
      name: 'LIMIT within a page of one division',
      isCostFixed: true,
      sql: `SELECT ID FROM crm.Accounts WHERE Division = ${v.division} LIMIT 10`,
      compare: 'count',
      scans: ['crm.Accounts(ID, Division) where Division = 2198801 limit 10'],
    },
    {
      name: 'LIMIT and OFFSET',
      sql: 'SELECT ID FROM crm.Accounts LIMIT 10 OFFSET 5',
      compare: 'count',
      scans: ['crm.Accounts(ID) limit 15'],
    },
    {
      name: 'LIMIT above the page size',
      sql: 'SELECT ID FROM salesinvoice.SalesInvoiceLines LIMIT 150',
      compare: 'count',
      scans: ['salesinvoice.SalesInvoiceLines(ID) limit 150'],
    },
    {
      name: 'LIMIT over a filter',
      sql: "SELECT ID FROM crm.Accounts WHERE Status = 'C' LIMIT 10",
      compare: 'count',
      scans: ["crm.Accounts(ID, Status) where Status = 'C' limit 10"],
    },
    {
      name: 'LIMIT over a filter that cannot be sent',
      sql: 'SELECT ID FROM crm.Accounts WHERE length(Name) > 10 LIMIT 10',
      compare: 'count',
      scans: ['crm.Accounts(ID, Name) where <length(Name) > 10> limit 10'],
    },
    {
      name: 'LIMIT 0',
      isCostFixed: true,
      sql: 'SELECT ID FROM crm.Accounts LIMIT 0',
      scans: ['crm.Accounts() limit 0'],
    },
    {
      name: 'LIMIT over an inner join',
      sql: 'SELECT a.ID FROM crm.Accounts a JOIN crm.Contacts c ON c.Account = a.ID LIMIT 10',
      compare: 'count',
      scans: ['crm.Accounts(ID) keys ID from 1.Account', 'crm.Contacts(Account) keys Account from 0.ID'],
    },
    {
      name: 'LIMIT over a left join',
      sql: 'SELECT a.ID, c.FullName FROM crm.Accounts a LEFT JOIN crm.Contacts c ON c.Account = a.ID LIMIT 10',
      compare: 'count',
      scans: ['crm.Accounts(ID) limit 10', 'crm.Contacts(Account, FullName) keys Account from 0.ID'],
    },
    {
      name: 'a table named twice, once with a filter',
      sql: "SELECT Name AS text FROM crm.Accounts WHERE Status = 'C' UNION ALL SELECT City FROM crm.Accounts",
      scans: ["crm.Accounts(Name, Status) where Status = 'C'", 'crm.Accounts(City)'],
    },
    {
      name: 'LIMIT over UNION ALL',
      sql: 'SELECT ID FROM crm.Accounts UNION ALL SELECT ID FROM crm.Contacts LIMIT 10',
      compare: 'count',
      scans: ['crm.Accounts(ID) limit 10', 'crm.Contacts(ID) limit 10'],
    },
    {
      name: 'LIMIT over an aggregate',
      sql: 'SELECT City, count(*) AS n FROM crm.Accounts GROUP BY City ORDER BY n DESC, City LIMIT 3',
      scans: ['crm.Accounts(City)'],
    },
    {
      name: 'LIMIT in a percentage',
      sql: 'SELECT ID FROM crm.Accounts LIMIT 10%',
      compare: 'count',
      scans: ['crm.Accounts(ID)'],
    },
    {
      name: 'ORDER BY without limit',
      sql: 'SELECT Code, Name FROM crm.Accounts ORDER BY Name, Code',
      scans: ['crm.Accounts(Code, Name)'],
    },
    {
      name: 'top-N on a number',
      isCostFixed: true,
      sql: 'SELECT InvoiceNumber, AmountDC FROM salesinvoice.SalesInvoices ORDER BY InvoiceNumber DESC LIMIT 5',
      // Two divisions use the same numbers: which of two rows is the fifth stays open.
      compare: 'count',
      scans: ['salesinvoice.SalesInvoices(AmountDC, InvoiceNumber) limit 5 by InvoiceNumber desc nulls last'],
    },
    {
      name: 'top-N on a date with NULLs',
      sql: 'SELECT InvoiceNumber, DueDate FROM salesinvoice.SalesInvoices ORDER BY DueDate NULLS FIRST, InvoiceNumber LIMIT 5',
      scans: [
        'salesinvoice.SalesInvoices(DueDate, InvoiceNumber) limit 5 by DueDate nulls first, InvoiceNumber nulls last',
      ],
    },
    {
      name: 'top-N on text',
      sql: 'SELECT Code, Name FROM crm.Accounts ORDER BY Name, Code LIMIT 5',
      scans: ['crm.Accounts(Code, Name) limit 5 by Name nulls last, Code nulls last'],
    },
    {
      name: 'top-N on an expression',
      sql: 'SELECT Code FROM logistics.Items ORDER BY length(Description), Code LIMIT 5',
      scans: ['logistics.Items(Code, Description)'],
    },
    {
      name: 'top-N over a filter',
      sql: 'SELECT InvoiceNumber FROM salesinvoice.SalesInvoices WHERE Status = 50 ORDER BY InvoiceNumber LIMIT 5',
      scans: [
        'salesinvoice.SalesInvoices(InvoiceNumber, Status) where Status = 50 limit 5 by InvoiceNumber nulls last',
      ],
    },
    {
      name: 'top-N over a left join',
      sql: 'SELECT i.InvoiceNumber, a.Name FROM salesinvoice.SalesInvoices i LEFT JOIN crm.Accounts a ON a.ID = i.InvoiceTo ORDER BY i.InvoiceNumber LIMIT 5',
      compare: 'count',
      scans: [
        'salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo) limit 5 by InvoiceNumber nulls last',
        'crm.Accounts(ID, Name) keys ID from 0.InvoiceTo',
      ],
    },
    {
      name: 'a limit inside and a filter outside',
      sql: 'SELECT * FROM (SELECT InvoiceNumber, Status FROM salesinvoice.SalesInvoices ORDER BY InvoiceNumber LIMIT 20) WHERE Status = 50',
      scans: ['salesinvoice.SalesInvoices(InvoiceNumber, Status) limit 20 by InvoiceNumber nulls last'],
    },
    {
      name: 'FROM first',
      sql: "FROM crm.Accounts SELECT Name WHERE City = 'Leiden'",
      scans: ["crm.Accounts(City, Name) where City = 'Leiden'"],
    },
    {
      name: 'FROM alone',
      sql: "FROM financial.GLAccounts WHERE Code = '1000'",
      scans: ["financial.GLAccounts(*) where Code = '1000'"],
    },
    {
      name: 'EXCLUDE and REPLACE',
      sql: "SELECT * EXCLUDE (Notes, Picture) REPLACE (upper(Code) AS Code) FROM logistics.Items WHERE Code = 'I00001'",
      scans: [
        "logistics.Items(ID, AssembledLeadDays, AverageCost, Barcode, BatchQuantity, Class_01, Class_02, Class_03, Class_04, Class_05, Class_06, Class_07, Class_08, Class_09, Class_10, Code, CopyRemarks, CostPriceCurrency, CostPriceNew, CostPriceStandard, Created, Creator, CreatorFullName, CustomField, Description, EndDate, ExtraDescription, FreeBoolField_01, FreeBoolField_02, FreeBoolField_03, FreeBoolField_04, FreeBoolField_05, FreeDateField_01, FreeDateField_02, FreeDateField_03, FreeDateField_04, FreeDateField_05, FreeNumberField_01, FreeNumberField_02, FreeNumberField_03, FreeNumberField_04, FreeNumberField_05, FreeNumberField_06, FreeNumberField_07, FreeNumberField_08, FreeTextField_01, FreeTextField_02, FreeTextField_03, FreeTextField_04, FreeTextField_05, FreeTextField_06, FreeTextField_07, FreeTextField_08, FreeTextField_09, FreeTextField_10, GLCosts, GLCostsCode, GLCostsDescription, GLCostsWorkInProgress, GLCostsWorkInProgressCode, GLCostsWorkInProgressDescription, GLRevenue, GLRevenueCode, GLRevenueDescription, GLRevenueWorkInProgress, GLRevenueWorkInProgressCode, GLRevenueWorkInProgressDescription, GLStock, GLStockCode, GLStockDescription, GrossWeight, IsBatchItem, IsBatchNumberItem, IsFractionAllowedItem, IsMakeItem, IsNewContract, IsOnDemandItem, IsPackageItem, IsPurchaseItem, IsRegistrationCodeItem, IsSalesItem, IsSerialItem, IsSerialNumberItem, IsStockItem, IsSubcontractedItem, IsTaxableItem, IsTime, IsWebshopItem, ItemGroup, ItemGroupCode, ItemGroupDescription, Modified, Modifier, ModifierFullName, NetWeight, NetWeightUnit, PictureName, PictureThumbnailUrl, PictureUrl, SalesVatCode, SalesVatCodeDescription, SearchCode, SecurityLevel, StandardSalesPrice, StartDate, StatisticalCode, StatisticalNetWeight, StatisticalUnits, StatisticalValue, Stock, Unit, UnitDescription, UnitType, UseExplosion, Division) where Code = 'I00001'",
      ],
    },
    {
      name: 'COLUMNS by pattern',
      sql: "SELECT COLUMNS('^Class_') FROM logistics.Items WHERE Code = 'I00001'",
      scans: [
        "logistics.Items(Class_01, Class_02, Class_03, Class_04, Class_05, Class_06, Class_07, Class_08, Class_09, Class_10, Code) where Code = 'I00001'",
      ],
    },
    {
      name: 'struct and list literals',
      sql: "SELECT {'code': Code, 'price': StandardSalesPrice} AS item, [Code, Unit] AS pair FROM logistics.Items WHERE Code = 'I00001'",
      scans: ["logistics.Items(Code, StandardSalesPrice, Unit) where Code = 'I00001'"],
    },
    {
      name: 'list comprehension and lambda',
      sql: "SELECT [x || Code FOR x IN ['a', 'b']] AS l, list_transform([1, 2], lambda y: y + 1) AS m FROM logistics.Items WHERE Code = 'I00001'",
      scans: ["logistics.Items(Code) where Code = 'I00001'"],
    },
    {
      name: 'alias used in WHERE',
      sql: "SELECT upper(City) AS place, Code FROM crm.Accounts WHERE place = 'LEIDEN'",
      scans: ["crm.Accounts(City, Code) where <upper(City) = 'LEIDEN'>"],
    },
    {
      name: 'static PIVOT',
      sql: "PIVOT (SELECT City, Status, ID FROM crm.Accounts WHERE City IS NOT NULL) ON Status IN ('C', 'S') USING count(ID)",
      scans: ['crm.Accounts(ID, City, Status) where City is not null'],
    },
    {
      name: 'dynamic PIVOT is read whole',
      sql: 'PIVOT (SELECT City, Status FROM crm.Accounts) ON Status USING count(*)',
      scans: ['crm.Accounts(*)'],
    },
    {
      name: 'UNPIVOT',
      sql: 'UNPIVOT (SELECT Code, CostPriceStandard, StandardSalesPrice FROM logistics.Items) ON CostPriceStandard, StandardSalesPrice INTO NAME kind VALUE price',
      scans: ['logistics.Items(Code, CostPriceStandard, StandardSalesPrice)'],
    },
    {
      name: 'the table itself',
      sql: "SELECT a FROM (SELECT Code, Description FROM financial.GLAccounts WHERE Code = '1000') a",
      scans: ["financial.GLAccounts(Code, Description) where Code = '1000'"],
    },
    {
      name: 'string_agg and list',
      sql: "SELECT Account, string_agg(LastName, ',' ORDER BY LastName, ID) AS names FROM crm.Contacts WHERE LastName IS NOT NULL GROUP BY Account",
      scans: ['crm.Contacts(ID, Account, LastName) where LastName is not null'],
    },
    {
      name: 'arg_max',
      sql: 'SELECT InvoiceTo, arg_max(InvoiceNumber, InvoiceNumber) AS last FROM salesinvoice.SalesInvoices GROUP BY InvoiceTo',
      scans: ['salesinvoice.SalesInvoices(InvoiceNumber, InvoiceTo)'],
    },
    {
      name: 'a table of values joined',
      sql: "SELECT v.n, a.Name FROM (VALUES (1, 'Leiden'), (2, 'Amsterdam')) v(n, city) JOIN crm.Accounts a ON a.City = v.city",
      scans: ['crm.Accounts(City, Name)'],
    },
    {
      name: 'lines inside a header',
      isCostFixed: true,
      sql: `SELECT InvoiceNumber, len(SalesInvoiceLines) AS n FROM salesinvoice.SalesInvoices WHERE InvoiceID = '${v.invoiceIds[0]}'`,
      scans: [
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceNumber, SalesInvoiceLines) where InvoiceID = b0000000-0000-4000-8000-000000000001',
      ],
    },
    {
      name: 'unnested lines',
      isCostFixed: true,
      sql: `SELECT i.InvoiceNumber, l.line.Description FROM salesinvoice.SalesInvoices i, unnest(i.SalesInvoiceLines) l(line) WHERE i.InvoiceID IN ('${v.invoiceIds[0]}', '${v.invoiceIds[1]}')`,
      scans: [
        'salesinvoice.SalesInvoices(InvoiceID, InvoiceNumber, SalesInvoiceLines) where InvoiceID in (b0000000-0000-4000-8000-000000000001, b0000000-0000-4000-8000-000000000002)',
      ],
    },
    {
      name: 'DESCRIBE needs no rows',
      isCostFixed: true,
      sql: 'DESCRIBE crm.Accounts',
      scans: ['crm.Accounts() limit 0'],
    },
    {
      name: 'SUMMARIZE',
      sql: 'SUMMARIZE SELECT Code, StandardSalesPrice FROM logistics.Items',
      scans: ['logistics.Items(Code, StandardSalesPrice)'],
    },
    {
      name: 'a comment and a semicolon',
      sql: "SELECT ID -- FROM nowhere\nFROM crm.Accounts /* all of /* them */ */ WHERE City = 'Leiden';",
      scans: ["crm.Accounts(ID, City) where City = 'Leiden'"],
    },
    {
      name: 'text with quotes and other scripts',
      sql: "SELECT 'é 😀 ''$1''' AS x, ID FROM crm.Accounts WHERE Name = 'Müller & Zonen V.O.F.'",
      scans: ["crm.Accounts(ID, Name) where Name = 'Müller & Zonen V.O.F.'"],
    },
    { name: 'no table at all', isCostFixed: true, sql: 'SELECT 1 + 1 AS two', scans: [] },
  ]
}
