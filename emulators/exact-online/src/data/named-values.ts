import { hashRow } from './seeded-hash.ts'
import * as words from './words.ts'

/** A value as the API has it: GUIDs lower case, times in milliseconds of the local wall clock read as UTC. */
export type Value = string | number | boolean | null

export type MakeValue = (salt: number, index: number) => Value

const pick = <T>(list: readonly T[], salt: number, index: number): T =>
  list[hashRow(salt, index) % list.length] as T

const day = 86_400_000
const firstDay = Date.UTC(2019, 0, 1)
const days = 2880
const dateOf: MakeValue = (salt, index) => firstDay + (hashRow(salt, index) % days) * day
const cents = (salt: number, index: number, limit: number) => (hashRow(salt, index) % (limit * 100)) / 100
const digits = (salt: number, index: number, count: number) =>
  String(hashRow(salt, index) % 10 ** count).padStart(count, '0')

/** Some names end in blanks or differ in case only: real administrations have both, and comparisons trip over them. */
const companyName: MakeValue = (salt, index) => {
  const name = `${pick(words.companies, salt, index)} ${pick(words.legalForms, salt + 1, index)}`.trim()
  const odd = hashRow(salt + 2, index) % 50
  return odd === 0 ? `${name}  ` : odd === 1 ? name.toUpperCase() : name
}
const personName: MakeValue = (salt, index) =>
  `${pick(words.firstNames, salt, index)} ${pick(words.lastNames, salt + 1, index)}`
const description: MakeValue = (salt, index) =>
  `${pick(words.products, salt, index)} ${1 + (hashRow(salt + 1, index) % 900)}`

/** What a property holds, by its name; the first pattern that fits wins. `null` shares come on top of this. */
export const namedValues: readonly (readonly [pattern: RegExp, make: MakeValue])[] = [
  [
    /^(Created|CreatedDate|Creation)$/,
    (salt, index) =>
      firstDay + (hashRow(salt, index) % (days * 864)) * 100_000 + (hashRow(salt + 1, index) % 1000),
  ],
  [
    /^Modified(Date)?$/,
    (salt, index) =>
      firstDay + (hashRow(salt, index) % (days * 864)) * 100_000 + (hashRow(salt + 1, index) % 1000),
  ],
  [/^(FullName|.*ContactPersonFullName|.*FullName)$/, personName],
  [/^(FirstName|Initials|NickName)$/, (salt, index) => pick(words.firstNames, salt, index)],
  [/^(LastName|BirthName)$/, (salt, index) => pick(words.lastNames, salt, index)],
  [/^(Name|AccountName|.*(Customer|Supplier|Account)Name)$/, companyName],
  [
    /^(AddressLine1|AddressStreet|Street)$/,
    (salt, index) => `${pick(words.streets, salt, index)} ${1 + (hashRow(salt + 1, index) % 200)}`,
  ],
  [/City$/, (salt, index) => pick(words.cities, salt, index)],
  [
    /Postcode$|PostalCode$/,
    (salt, index) =>
      `${1000 + (hashRow(salt, index) % 9000)} ${String.fromCharCode(65 + (hashRow(salt, index) % 26), 65 + (index % 26))}`,
  ],
  [/^(Country|.*Country|CountryCode)$/, (salt, index) => `${pick(words.countries, salt, index)} `],
  [/(Email|EmailAddress)$/, (salt, index) => `info${hashRow(salt, index) % 10_000}@example.com`],
  [/(Phone|Mobile|Fax)$/, (salt, index) => `+31 ${digits(salt, index, 9)}`],
  [/^Website$/, (salt, index) => `https://www.example.com/${hashRow(salt, index) % 1000}`],
  [
    /Currency(Code)?$/,
    (salt, index) => (hashRow(salt, index) % 10 < 8 ? 'EUR' : pick(words.currencies, salt + 1, index)),
  ],
  [
    /^(VATCode|PurchaseVATCode|SalesVATCode|.*VATCode)$/,
    (salt, index) => String(1 + (hashRow(salt, index) % 9)).padEnd(3),
  ],
  [/^(Unit|UnitCode|.*Unit)$/, (salt, index) => pick(words.units, salt, index)],
  [/^(Journal|JournalCode)$/, (salt, index) => String(10 + (hashRow(salt, index) % 12) * 5)],
  [/^(CostCenter|Costcenter|CostUnit|Costunit)$/, (salt, index) => `K${100 + (hashRow(salt, index) % 10)}`],
  [/^(PaymentCondition)$/, (salt, index) => String(hashRow(salt, index) % 8).padStart(2, '0')],
  // 20 approved, 10 submitted, 2 rejected, 1 draft.
  [/^HourStatus$/, (salt, index) => pick([20, 20, 20, 10, 2, 1], salt, index)],
  [/^VATNumber$/, (salt, index) => `NL${digits(salt, index, 9)}B01`],
  [/Barcode$/, (salt, index) => `87${digits(salt, index, 11)}`],
  [/^(ReportingYear|FinancialYear|Year|CurrentYear)$/, (salt, index) => 2020 + (hashRow(salt, index) % 7)],
  [/^(ReportingPeriod|FinancialPeriod|Period)$/, (salt, index) => 1 + (hashRow(salt, index) % 12)],
  [/^(Quantity.*|Stock|InStock|.*Stock)$/, (salt, index) => 1 + (hashRow(salt, index) % 40)],
  [
    /^(VATPercentage|Percentage|Discount|DiscountPercentage)$/,
    (salt, index) => pick([0, 0, 0.09, 0.21, 0.05], salt, index),
  ],
  [/Price|Cost|Amount|Hourly|Rate|Total|Balance|Margin/, (salt, index) => cents(salt, index, 2500)],
  [
    /(Description|Subject|YourRef|Notes|Remarks)$/,
    (salt, index) =>
      hashRow(salt + 9, index) % 3 === 0 ? pick(words.phrases, salt, index) : description(salt, index),
  ],
  [/Date$|^Date|^EntryDate/, dateOf],
]

/** By type alone, for properties whose name says nothing. */
export function valueByType(type: string): MakeValue {
  switch (type) {
    case 'Edm.Boolean':
      return (salt, index) => (hashRow(salt, index) & 1) === 1
    case 'Edm.Byte':
      return (salt, index) => hashRow(salt, index) & 1
    case 'Edm.Int16':
      return (salt, index) => hashRow(salt, index) % 50
    case 'Edm.Int32':
      return (salt, index) => hashRow(salt, index) % 1000
    case 'Edm.Int64':
      return (salt, index) => 1_000_000 + (hashRow(salt, index) % 1_000_000_000)
    case 'Edm.Double':
    case 'Edm.Decimal':
      return (salt, index) => cents(salt, index, 1000)
    case 'Edm.DateTime':
      return dateOf
    case 'Edm.Binary':
      return () => null
    default:
      return (salt, index) => `${pick(words.phrases, salt, index)} ${hashRow(salt + 1, index) % 100}`
  }
}

/** Whether a value made by a name's rule suits the property's type. */
export function fitsType(value: Value, type: string): boolean {
  if (type === 'Edm.String') return typeof value === 'string'
  if (type === 'Edm.DateTime') return typeof value === 'number' && value > 10_000_000_000
  if (type === 'Edm.Double' || type === 'Edm.Decimal')
    return typeof value === 'number' && value < 10_000_000_000
  if (type === 'Edm.Int32' || type === 'Edm.Int16' || type === 'Edm.Int64')
    return Number.isInteger(value) && (value as number) < 30_000
  return false
}
