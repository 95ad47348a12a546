/** Rows in one division at scale 1, by `service/Entity` in lower case. What is not named has `defaultRows`. */
export const entitySizes: Readonly<Record<string, number>> = {
  'crm/accounts': 500,
  'crm/contacts': 800,
  'crm/addresses': 900,
  'crm/bankaccounts': 550,
  'crm/quotations': 200,
  'crm/opportunities': 120,
  'logistics/items': 300,
  'logistics/salesitemprices': 600,
  'inventory/itemwarehouses': 110,
  'financial/glaccounts': 250,
  'financialtransaction/bankentries': 300,
  'financialtransaction/cashentries': 100,
  'generaljournalentry/generaljournalentries': 250,
  'salesinvoice/salesinvoices': 600,
  'salesorder/salesorders': 500,
  'salesorder/goodsdeliveries': 400,
  'salesentry/salesentries': 540,
  'purchaseentry/purchaseentries': 400,
  'purchaseorder/purchaseorders': 250,
  'purchaseorder/goodsreceipts': 200,
  'purchase/purchaseinvoices': 200,
  'cashflow/receivables': 540,
  'cashflow/payments': 400,
  'documents/documents': 700,
  'project/projects': 80,
  'project/timetransactions': 1200,
  'project/costtransactions': 400,
}

/** Set-up tables: as long at a large customer as at a small one, so never scaled. */
export const setUpSizes: Readonly<Record<string, number>> = {
  'financial/journals': 12,
  'financial/financialperiods': 84,
  'financial/exchangerates': 60,
  'financial/gltransactiontypes': 30,
  'vat/vatcodes': 15,
  'cashflow/paymentconditions': 8,
  'general/currencies': 6,
  'logistics/units': 10,
  'logistics/itemgroups': 12,
  'inventory/warehouses': 3,
  'inventory/storagelocations': 20,
  'hrm/costcenters': 10,
  'hrm/costunits': 10,
  'hrm/departments': 8,
  'crm/accountclassifications': 10,
  'documents/documenttypes': 30,
  'system/users': 8,
  // Clients make them.
  'webhooks/webhooksubscriptions': 0,
  // Grows with what is deleted.
  'sync/deleted': 0,
}

export const defaultRows = 40

/** Header and line entities: lines belong to exactly one header, and amounts of the lines add up to the header's. */
export const headerLines: readonly (readonly [header: string, lines: string, collection: string])[] = [
  ['salesinvoice/salesinvoices', 'salesinvoice/salesinvoicelines', 'SalesInvoiceLines'],
  ['salesorder/salesorders', 'salesorder/salesorderlines', 'SalesOrderLines'],
  ['salesorder/goodsdeliveries', 'salesorder/goodsdeliverylines', 'GoodsDeliveryLines'],
  ['salesorder/dropshipments', 'salesorder/dropshipmentlines', 'DropShipmentLines'],
  ['salesorder/plannedsalesreturns', 'salesorder/plannedsalesreturnlines', 'PlannedSalesReturnLines'],
  ['salesentry/salesentries', 'salesentry/salesentrylines', 'SalesEntryLines'],
  ['purchaseentry/purchaseentries', 'purchaseentry/purchaseentrylines', 'PurchaseEntryLines'],
  ['purchaseorder/purchaseorders', 'purchaseorder/purchaseorderlines', 'PurchaseOrderLines'],
  ['purchaseorder/goodsreceipts', 'purchaseorder/goodsreceiptlines', 'GoodsReceiptLines'],
  ['purchaseorder/purchasereturns', 'purchaseorder/purchasereturnlines', 'PurchaseReturnLines'],
  ['purchase/purchaseinvoices', 'purchase/purchaseinvoicelines', 'PurchaseInvoiceLines'],
  [
    'generaljournalentry/generaljournalentries',
    'generaljournalentry/generaljournalentrylines',
    'GeneralJournalEntryLines',
  ],
  ['financialtransaction/bankentries', 'financialtransaction/bankentrylines', 'BankEntryLines'],
  ['financialtransaction/cashentries', 'financialtransaction/cashentrylines', 'CashEntryLines'],
  ['crm/quotations', 'crm/quotationlines', 'QuotationLines'],
  ['crm/accounts', 'crm/bankaccounts', 'BankAccounts'],
  ['inventory/stockcounts', 'inventory/stockcountlines', 'StockCountLines'],
  ['inventory/warehousetransfers', 'inventory/warehousetransferlines', 'WarehouseTransferLines'],
  ['subscription/subscriptions', 'subscription/subscriptionlines', 'SubscriptionLines'],
  ['hrm/schedules', 'hrm/scheduleentries', 'ScheduleEntries'],
  ['vat/vatcodes', 'vat/vatpercentages', 'VATPercentages'],
]

/** A GUID property with this name (or ending in it) refers to that entity, unless it is the entity's own key. */
export const references: readonly (readonly [pattern: RegExp, entity: string])[] = [
  [
    /^(Account|AccountId|AccountID|Customer|Supplier|InvoiceTo|OrderedBy|DeliverTo|InvoiceAccount|DeliveryAccount|OrderAccount|Reseller|Accountant)$/,
    'crm/accounts',
  ],
  [
    /^(Contact|AccountContact|SupplierContact|OrderAccountContact|DeliveryContact|MainContact|.*ContactPerson)$/,
    'crm/contacts',
  ],
  [/^(Item|ItemId|ItemID|PartItem|DefaultItem)$/, 'logistics/items'],
  [/^(ItemGroup)$/, 'logistics/itemgroups'],
  [
    /^(GLAccount|GLAccountID|GLAccountSales|GLAccountPurchase|OffsetGLAccount|GL[A-Z]\w*)$/,
    'financial/glaccounts',
  ],
  [/^(Project|ProjectId|ProjectID)$/, 'project/projects'],
  [/^Activity$/, 'project/wbsactivities'],
  [/^Expense$/, 'project/wbsexpenses'],
  [/^(Warehouse|WarehouseID|WarehouseFrom|WarehouseTo)$/, 'inventory/warehouses'],
  [/^(StorageLocation|DefaultStorageLocation)$/, 'inventory/storagelocations'],
  [/^(Employee|EmployeeId|Manager)$/, 'payroll/employees'],
  [/^(Document|DocumentID)$/, 'documents/documents'],
  [/^(SalesOrder|SalesOrderID)$/, 'salesorder/salesorders'],
  [/^(PurchaseOrder|PurchaseOrderID)$/, 'purchaseorder/purchaseorders'],
  [/^(Opportunity)$/, 'crm/opportunities'],
  [/^(Subscription)$/, 'subscription/subscriptions'],
  [/^(ShopOrder)$/, 'manufacturing/shoporders'],
  [/^(DeliveryAddress|DeliverToAddress)$/, 'crm/addresses'],
  [/^(Department)$/, 'hrm/departments'],
]

/** References that a sound administration never leaves empty. */
export const mandatoryReferences =
  /^(Account|Customer|Supplier|InvoiceTo|OrderedBy|DeliverTo|GLAccount|Item|ItemGroup|Employee|InvoiceAccount|OrderAccount|DeliveryAccount)$/
