/**
 * What a subscription may be for, and whose writes it tells of.
 * @see wire.md § 4.3: topics seen
 */
export const topics: Readonly<Record<string, string | null>> = {
  Accounts: 'crm/accounts',
  BankAccounts: 'crm/bankaccounts',
  BankEntries: 'financialtransaction/bankentries',
  CashEntries: 'financialtransaction/cashentries',
  Contacts: 'crm/contacts',
  CostTransactions: 'project/costtransactions',
  DocumentAttachments: 'documents/documentattachments',
  Documents: 'documents/documents',
  // Entries of whatever journal; no endpoint of the catalogue shows them as such.
  FinancialTransactions: null,
  GLAccounts: 'financial/glaccounts',
  GoodsDeliveries: 'salesorder/goodsdeliveries',
  Items: 'logistics/items',
  MailMessagesSent: 'mailbox/mailmessagessent',
  Opportunities: 'crm/opportunities',
  ProjectPlanning: 'project/projectplanning',
  PurchaseEntries: 'purchaseentry/purchaseentries',
  PurchaseOrders: 'purchaseorder/purchaseorders',
  Quotations: 'crm/quotations',
  SalesEntries: 'salesentry/salesentries',
  SalesInvoices: 'salesinvoice/salesinvoices',
  SalesOrders: 'salesorder/salesorders',
  // Follows from other writes; the emulator keeps no stock that moves.
  StockPositions: null,
  Subscriptions: 'subscription/subscriptions',
  TimeTransactions: 'project/timetransactions',
}

const entries = new Set([
  'financialtransaction/bankentries',
  'financialtransaction/cashentries',
  'generaljournalentry/generaljournalentries',
  'purchaseentry/purchaseentries',
  'salesentry/salesentries',
])

/** The topics that a write to this entity belongs to. */
export function topicsOf(path: string): readonly string[] {
  const own = Object.keys(topics).filter((topic) => topics[topic] === path)
  return entries.has(path) ? [...own, 'FinancialTransactions'] : own
}
