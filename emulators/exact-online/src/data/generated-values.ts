import type { Property } from './entity-set.ts'
import { fitsType, namedValues, valueByType } from './named-values.ts'
import { hashRow, hashText } from './seeded-hash.ts'
import { currencies } from './words.ts'

const neverNull =
  /^(Division|Created|Modified|Code|Name|FullName|Description|LastName|Status|HourStatus|Type|Currency|AmountDC|AmountFC|Quantity|LineNumber|HID|Timestamp|.*Number|InvoiceDate|OrderDate|EntryDate|FinancialYear|FinancialPeriod|Journal|JournalCode|Creator|Modifier|CreatorFullName|ModifierFullName|CurrentDivision|Is[A-Z]\w*)$/

/** What a property without a rule of its own holds: by its name, else by its type. */
export function generated(
  name: string,
  type: string,
  path: string,
  saltOf: (division: number) => number,
): Property['value'] {
  const byName = namedValues.find(
    ([pattern, make]) => pattern.test(name) && fitsType(make(saltOf(0), 1), type),
  )
  const make = byName?.[1] ?? valueByType(type)
  if (name === 'Code' && type === 'Edm.String') {
    if (path === 'crm/accounts') return (_, index) => String(index + 1).padStart(18)
    if (path === 'financial/glaccounts') return (_, index) => String(1000 + index * 25)
    if (path === 'general/currencies') return (_, index) => currencies[index % currencies.length] ?? 'EUR'
    if (path === 'vat/vatcodes') return (_, index) => String(index + 1).padEnd(3)
    return (_, index) =>
      `${(path.split('/').at(-1) ?? 'x').charAt(0).toUpperCase()}${String(index + 1).padStart(5, '0')}`
  }
  if (name === 'Status' && path === 'crm/accounts')
    return (division, index) => 'CCCPSA'.charAt(hashRow(saltOf(division), index) % 6)
  if (name === 'Status' && /invoices$/.test(path) && type !== 'Edm.String')
    return (division, index) => [50, 50, 20, 10][hashRow(saltOf(division), index) % 4] ?? 50
  if (name === 'Status' && /orders$/.test(path) && type !== 'Edm.String')
    return (division, index) => [12, 20, 21, 45][hashRow(saltOf(division), index) % 4] ?? 12
  if (/(Entry|Invoice|Order|Quotation)Number$/.test(name) && type === 'Edm.Int32')
    return (_, index) => 20_000_001 + index
  const isDayOfWork = name === 'Date' && /^project\/(time|cost)transactions$/.test(path)
  const nullShare =
    isDayOfWork || neverNull.test(name)
      ? 0
      : /^(Amount|VATAmount|Quantity|Net|Unit|Price)/.test(name)
        ? 0
        : hashText(name) % 5 < 2
          ? 3
          : 1
  return (division, index) => {
    const own = saltOf(division)
    if (nullShare > 0 && hashRow(own + 77, index) % 4 < nullShare) return null
    return make(own, index)
  }
}
