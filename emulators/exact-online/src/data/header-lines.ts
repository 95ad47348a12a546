/** What the lines repeat of their header. */
export const repeated =
  /^((Entry|Invoice|Order|Quotation)Number|(Entry|Invoice|Order)?Date|Customer|Supplier|Journal|JournalCode|FinancialYear|FinancialPeriod|Currency|CurrencyCode)$/
/** Header amounts that are the sum of the same amount of the lines. */
export const summed = /^(AmountDC|AmountFC|VATAmountDC|VATAmountFC|AmountDiscount|AmountFCExclVat)$/
