import type { HandWrittenClient, Row } from './hand-written-client.ts'

/**
 * How each question would be asked by hand: the endpoint with the largest pages, conditions and columns in the address,
 * header and lines in one request where the service expands them, each table read once. Sync feeds are left out: they
 * take no condition, and serve copies that somebody keeps. Who joins by hand does so in memory afterwards.
 */
export const handWritten: Readonly<Record<string, (api: HandWrittenClient) => Promise<unknown>>> = {
  '01-open-items-by-age': receivables('DueDate,AmountDC', 'Status eq 20'),
  '02-open-items-of-one-customer': joined(
    accounts('ID,Name', "startswith(Name,'Hotel')"),
    matching(
      'bulk/Cashflow/Receivables',
      'Account',
      'Account,InvoiceNumber,DueDate,AmountDC',
      'Status lt 50',
    ),
    'ID',
  ),
  '03-unpaid-invoices-with-contact': joined(
    receivables(
      'Account,AccountName,InvoiceNumber,DueDate,AmountDC',
      "Status eq 20 and AmountDC gt 2000d and DueDate lt datetime'2026-06-30T00:00:00'",
    ),
    matching('bulk/CRM/Accounts', 'ID', 'ID,Phone,Email'),
    'Account',
  ),
  '04-ten-largest-debtors': receivables('AccountName,AmountDC', '(Status eq 20 or Status eq 30)'),
  '05-aging-per-customer': receivables('AccountCode,AccountName,DueDate,AmountDC', 'Status eq 20'),
  '06-payment-behaviour': receivables('DueDate,LastPaymentDate', 'LastPaymentDate ne null'),
  '07-credit-limit-exceeded': joined(
    receivables('Account,AmountDC', 'Status eq 20'),
    matching('bulk/CRM/Accounts', 'ID', 'ID,Name,CreditLineSales', 'CreditLineSales ne null'),
    'Account',
  ),
  '08-largest-open-item-per-company': receivables('AccountName,InvoiceNumber,AmountDC', 'Status eq 20'),
  '09-debtors-without-email': joined(
    accounts('ID,Code,Name,Phone', 'Email eq null'),
    matching('bulk/Cashflow/Receivables', 'Account', 'Account', 'Status eq 20'),
    'ID',
  ),
  '10-open-items-by-payment-condition': receivables('PaymentCondition,AmountDC', 'Status eq 20'),
  '11-payables-due-soon': payments(
    'AccountName,InvoiceNumber,DueDate,AmountDC',
    `Status eq 20 and ${within('DueDate', '2026-07-01', '2026-10-01')}`,
  ),
  '12-ten-largest-creditors': payments('AccountName,AmountDC', 'Status eq 20'),
  '13-foreign-currency-payables': payments('Currency,AmountFC', 'Status ne 50'),
  '14-payables-by-age': payments(
    'DueDate,AmountDC',
    "Status eq 20 and DueDate lt datetime'2026-06-30T00:00:00'",
  ),
  '15-cash-forecast': both(
    receivables('DueDate,AmountDC', `Status lt 50 and ${within('DueDate', '2026-01-01', '2027-01-01')}`),
    payments('DueDate,AmountDC', `Status lt 50 and ${within('DueDate', '2026-01-01', '2027-01-01')}`),
  ),
  '16-receivables-report': table('read/financial/ReceivablesList', 'CurrencyCode,Amount'),
  '17-payables-report': table(
    'read/financial/PayablesList',
    'InvoiceNumber,InvoiceDate,AccountName,Amount',
    "InvoiceDate lt datetime'2023-01-01T00:00:00'",
  ),
  '18-revenue-by-item-and-month': joined(
    invoices('InvoiceID,InvoiceDate', inYear('InvoiceDate', 2025)),
    matching('bulk/SalesInvoice/SalesInvoiceLines', 'InvoiceID', 'InvoiceID,ItemCode,AmountDC,Quantity'),
    'InvoiceID',
  ),
  '19-revenue-by-month': invoices('InvoiceDate,AmountDC', `Status eq 50 and ${inYear('InvoiceDate', 2025)}`),
  '20-revenue-growth': invoices('InvoiceDate,AmountDC'),
  '21-top-customers': invoices('InvoiceTo,InvoiceToName,AmountDC', inYear('InvoiceDate', 2025)),
  '22-revenue-by-country': joined(
    invoices('InvoiceTo,AmountDC', inYear('InvoiceDate', 2025)),
    matching('bulk/CRM/Accounts', 'ID', 'ID,Country'),
    'InvoiceTo',
  ),
  '23-revenue-by-item-group': joined(
    invoiceLines('Item,AmountDC'),
    matching('bulk/Logistics/Items', 'ID', 'ID,ItemGroupCode'),
    'Item',
  ),
  '24-best-selling-items': invoiceLines('ItemCode,ItemDescription,Quantity'),
  '25-items-never-sold-since': joined(
    items('ID,Code,Description', 'IsSalesItem eq true'),
    matching('bulk/SalesOrder/SalesOrderLines', 'Item', 'Item', 'AmountDC gt 1000d'),
    'ID',
  ),
  '26-customers-without-invoice': joined(
    accounts('ID,Code,Name', "Status eq 'C'"),
    matching(
      'bulk/SalesInvoice/SalesInvoices',
      'InvoiceTo',
      'InvoiceTo',
      "InvoiceDate ge datetime'2025-01-01T00:00:00'",
    ),
    'ID',
  ),
  '27-invoices-by-status': invoices('Status,AmountDC'),
  '28-draft-invoices': invoices(
    'InvoiceNumber,InvoiceToName,InvoiceDate,AmountDC',
    "Status eq 10 and InvoiceDate ge datetime'2026-01-01T00:00:00'",
  ),
  '29-number-of-draft-invoices': (api) => api.count('salesinvoice/SalesInvoices', 'Status eq 10'),
  '30-average-invoice-by-quarter': invoices(
    'InvoiceDate,AmountDC',
    "InvoiceDate ge datetime'2024-01-01T00:00:00'",
  ),
  '31-discounts-given': invoiceLines('ItemCode,AmountDC', 'Discount ge 0.09d'),
  '32-items-sold-below-cost': joined(
    invoiceLines('InvoiceID,Item,LineNumber,NetPrice', 'Quantity ge 30d'),
    matching('bulk/Logistics/Items', 'ID', 'ID,Code,CostPriceStandard', 'CostPriceStandard ne null'),
    'Item',
  ),
  '33-vat-overview-sales': both(
    invoiceLines('VATCode,AmountDC,VATAmountDC'),
    table('vat/VATCodes', 'Code,Description'),
  ),
  '34-vat-by-period': ledger(
    'FinancialPeriod,VATCode,AmountVATFC,AmountVATBaseFC',
    'FinancialYear eq 2025 and VATCode ne null',
  ),
  '35-input-vat-of-purchases': (api) =>
    api.read('purchaseentry/PurchaseEntries', {
      select: 'EntryID,PurchaseEntryLines/VATCode,PurchaseEntryLines/VATAmountDC',
      expand: 'PurchaseEntryLines',
      filter: inYear('EntryDate', 2025),
    }),
  '36-vat-codes': table('vat/VATCodes', 'Code,Description,Type,Percentage', 'IsBlocked eq false'),
  '37-belgian-customers': accounts('Code,Name,VATNumber', "Country eq 'BE '"),
  '38-contacts-of-customers-in-town': joined(
    accounts('ID,Name', "City eq 'Delft'"),
    matching('bulk/CRM/Contacts', 'Account', 'Account,FullName,Phone,Email', 'IsMainContact eq true'),
    'ID',
  ),
  '39-relations-by-status': accounts('Status'),
  '40-new-relations': accounts('Code,Name,Created', inYear('Created', 2025)),
  '41-possible-duplicates': accounts('Code,Name,City'),
  '42-purchases-by-supplier': table(
    'purchaseentry/PurchaseEntries',
    'SupplierName,AmountDC',
    inYear('EntryDate', 2025),
  ),
  '43-stock-per-warehouse': table('inventory/ItemWarehouses', 'WarehouseCode,CurrentStock'),
  '44-items-to-reorder': table(
    'inventory/ItemWarehouses',
    'ItemCode,WarehouseCode,CurrentStock,ReorderPoint',
    'ReorderPoint gt 100d',
  ),
  '45-stock-value': items('ItemGroupCode,Stock,CostPriceStandard', 'Stock gt 0d'),
  '46-price-list-of-item': table(
    'bulk/Logistics/SalesItemPrices',
    'ItemCode,AccountName,Currency,Quantity,Unit,Price',
    "ItemCode eq 'I00039'",
  ),
  '47-sales-items-without-price': joined(
    items('ID,Code,Description', 'IsWebshopItem eq 1'),
    matching('bulk/Logistics/SalesItemPrices', 'Item', 'Item', 'Price lt 500d'),
    'ID',
  ),
  '48-open-sales-orders': orders('OrderedByName,AmountDC', '(Status eq 12 or Status eq 20)'),
  '49-lines-to-deliver': table('salesorder/SalesOrderLines', 'ItemCode,Quantity,QuantityDelivered'),
  '50-late-orders': orders(
    'OrderNumber,DeliverToName,DeliveryDate',
    "(Status eq 12 or Status eq 20) and DeliveryDate lt datetime'2024-01-01T00:00:00'",
  ),
  '51-quotations-of-year': table(
    'bulk/CRM/Quotations',
    'OrderAccountName,QuotationNumber,QuotationDate,AmountDC',
    inYear('QuotationDate', 2025),
  ),
  '52-purchase-orders-of-supplier': table(
    'purchaseorder/PurchaseOrders',
    'SupplierName,AmountDC',
    inYear('OrderDate', 2025),
  ),
  '53-deliveries-of-month': joined(
    table(
      'bulk/SalesOrder/GoodsDeliveries',
      'EntryID,DeliveryNumber,DeliveryDate',
      within('DeliveryDate', '2025-05-01', '2025-06-01'),
    ),
    matching('bulk/SalesOrder/GoodsDeliveryLines', 'EntryID', 'EntryID,ItemCode,QuantityDelivered'),
    'EntryID',
  ),
  '54-trial-balance': ledger('GLAccountCode,GLAccountDescription,AmountDC', 'FinancialYear eq 2025'),
  '55-ledger-card': ledger('Date,EntryNumber,LineNumber,Description,AmountDC', "GLAccountCode eq '1700'"),
  '56-profit-and-loss': joined(
    table('bulk/Financial/GLAccounts', 'ID', "BalanceType eq 'W'"),
    matching(
      'bulk/Financial/TransactionLines',
      'GLAccount',
      'FinancialPeriod,GLAccount,AmountDC',
      'FinancialYear eq 2025',
    ),
    'ID',
  ),
  '57-entries-balance': ledger('EntryNumber,AmountDC', 'FinancialYear eq 2025 and FinancialPeriod eq 3'),
  '58-bookings-per-journal': ledger('JournalCode,EntryID', 'FinancialYear eq 2025'),
  '59-large-manual-bookings': table(
    'generaljournalentry/GeneralJournalEntryLines',
    'EntryNumber,LineNumber,GLAccountCode,Description,AmountDC',
    'AmountDC gt 2000d',
  ),
  '60-result-by-cost-centre': ledger('CostCenter,AmountDC', 'FinancialYear eq 2025'),
  '61-bank-lines': table(
    'financialtransaction/BankEntryLines',
    'Date,EntryNumber,LineNumber,AccountName,Description,AmountDC',
    within('Date', '2025-01-01', '2025-07-01'),
  ),
  '62-bank-statements-of-year': table(
    'financialtransaction/BankEntries',
    'JournalCode,FinancialPeriod,EntryNumber,OpeningBalanceFC,ClosingBalanceFC',
    'FinancialYear eq 2025',
  ),
  '63-hours-by-project': table(
    'project/TimeTransactions',
    'ProjectCode,Quantity,Amount',
    within('Date', '2025-01-01', '2025-04-01'),
  ),
  '64-cost-of-projects': table('project/CostTransactions', 'ProjectDescription,Amount', inYear('Date', 2025)),
  '65-hours-by-employee': joined(
    table('project/TimeTransactions', 'Employee,Quantity', within('Date', '2026-01-01', '2026-02-01')),
    matching('payroll/Employees', 'ID', 'ID,FullName'),
    'Employee',
  ),
  '66-projects-with-budget': table(
    'project/Projects',
    'Code,Description,AccountName,BudgetedAmount',
    'BudgetedAmount gt 0d',
  ),
  '67-subscriptions-that-end': table(
    'subscription/Subscriptions',
    'Number,OrderedByName,EndDate',
    "EndDate ge datetime'2024-01-01T00:00:00'",
  ),
  '68-documents-by-year': table('bulk/Documents/Documents', 'DocumentDate', 'DocumentDate ne null'),
  '69-fixed-assets': table(
    'assets/Assets',
    'Code,Description,InvestmentAmountFC,DepreciatedAmount',
    'InvestmentAmountFC ne null',
  ),
  '70-budget-and-actual': joined(
    table('budget/Budgets', 'GLAccount,GLAccountCode,AmountDC'),
    matching('bulk/Financial/TransactionLines', 'GLAccount', 'GLAccount,AmountDC', 'FinancialYear eq 2025'),
    'GLAccount',
  ),
  '71-revenue-of-one-company': (api) =>
    api.read('bulk/SalesInvoice/SalesInvoices', {
      select: 'AmountDC',
      filter: inYear('InvoiceDate', 2025),
      divisions: [2198801],
    }),
  '72-one-invoice-with-lines': (api) =>
    api.read('salesinvoice/SalesInvoices', {
      select:
        'InvoiceNumber,InvoiceToName,SalesInvoiceLines/ItemCode,SalesInvoiceLines/Quantity,SalesInvoiceLines/AmountDC',
      expand: 'SalesInvoiceLines',
      filter: 'InvoiceNumber eq 20000005',
    }),
  '73-one-entry': ledger('LineNumber,GLAccountCode,Description,AmountDC', 'EntryNumber eq 20000010'),
  '74-last-changed-customers': (api) =>
    api.read('crm/Accounts', { select: 'Code,Name,Modified', orderby: 'Modified desc', top: 5 }),
  // The list of companies is known before any question is asked, to a hand-written client as well.
  '75-companies': async () => undefined,
}

type Ask = (api: HandWrittenClient) => Promise<readonly Row[]>
type AskMatching = (api: HandWrittenClient, rows: readonly Row[], from: string) => Promise<readonly Row[]>

function table(path: string, select: string, filter?: string): Ask {
  return (api) => api.read(path, filter === undefined ? { select } : { select, filter })
}

function both(one: Ask, other: Ask): Ask {
  return async (api) => (await Promise.all([one(api), other(api)])).flat()
}

/** The rows of one table, then those of another that go with them. */
function joined(first: Ask, second: AskMatching, from: string): Ask {
  return async (api) => second(api, await first(api), from)
}

function matching(path: string, column: string, select: string, filter?: string): AskMatching {
  const read = filter === undefined ? { select } : { select, filter }
  return (api, rows, from) => api.readMatching(path, column, read, rows, from)
}

function accounts(select: string, filter?: string): Ask {
  return table('bulk/CRM/Accounts', select, filter)
}

function receivables(select: string, filter: string): Ask {
  return table('bulk/Cashflow/Receivables', select, filter)
}

function payments(select: string, filter: string): Ask {
  return table('bulk/Cashflow/Payments', select, filter)
}

function invoices(select: string, filter?: string): Ask {
  return table('bulk/SalesInvoice/SalesInvoices', select, filter)
}

function invoiceLines(select: string, filter?: string): Ask {
  return table('bulk/SalesInvoice/SalesInvoiceLines', select, filter)
}

function orders(select: string, filter: string): Ask {
  return table('bulk/SalesOrder/SalesOrders', select, filter)
}

function items(select: string, filter?: string): Ask {
  return table('bulk/Logistics/Items', select, filter)
}

function ledger(select: string, filter: string): Ask {
  return table('bulk/Financial/TransactionLines', select, filter)
}

function within(column: string, from: string, to: string): string {
  return `${column} ge datetime'${from}T00:00:00' and ${column} lt datetime'${to}T00:00:00'`
}

function inYear(column: string, year: number): string {
  return within(column, `${year}-01-01`, `${year + 1}-01-01`)
}
