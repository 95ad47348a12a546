/**
 * The number under which `sync/Deleted` lists the rows of an entity; entities without one leave no trace there. What
 * clients cannot delete, and the three numbers for entities that the catalogue does not have, are left out.
 * @see wire.md § 4.2: EntityType
 */
export const deletedTypes: Readonly<Record<string, number>> = {
  'financialtransaction/transactionlines': 1,
  'crm/accounts': 2,
  'crm/addresses': 3,
  'documents/documentattachments': 4,
  'crm/contacts': 5,
  'documents/documents': 6,
  'financial/glaccounts': 7,
  'logistics/salesitemprices': 8,
  'logistics/items': 9,
  'cashflow/paymentconditions': 10,
  'salesinvoice/salesinvoices': 13,
  'project/timetransactions': 14,
  'salesorder/goodsdeliveries': 16,
  'salesorder/goodsdeliverylines': 17,
  'financial/glclassifications': 18,
  'inventory/itemwarehouses': 19,
  'project/projects': 21,
  'purchaseorder/purchaseorders': 22,
  'subscription/subscriptions': 23,
  'subscription/subscriptionlines': 24,
  'project/projectplanning': 26,
  'hrm/leaveabsencehoursbyday': 27,
  'salesorder/salesorders': 32,
  'salesorder/salesorderlines': 33,
  'crm/quotations': 34,
  'crm/quotationlines': 35,
  'manufacturing/shoporders': 36,
  'manufacturing/shopordermaterialplans': 37,
  'manufacturing/shoporderroutingstepplans': 38,
  'hrm/schedules': 39,
  'payroll/employees': 42,
  'payroll/employments': 43,
  'payroll/employmentcontracts': 44,
  'payroll/employmentorganizations': 45,
  'payroll/employmentsalaries': 47,
  'crm/bankaccounts': 48,
}

/** Deletions are listed for two months. */
export const deletionsKeptMs = 60 * 86_400_000
