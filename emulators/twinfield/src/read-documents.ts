import { browseDefinition, type Documented } from './browse.ts'
import { articles, currencies, type Office, type Transaction, vatCodes } from './dataset.ts'
import { dimensionXml } from './dimension-xml.ts'
import { bad, good, isDimensionType, userCode } from './list-documents.ts'
import { readInvoice } from './write-invoices.ts'
import { element, textOf, type XmlNode } from './xml.ts'

/** A `read` document: one thing by its code, or all dimensions of a type. @see wire facts § 3.2 */
export function readDocument(document: XmlNode, office: Office, user: string): Documented {
  const type = textOf(document, 'type')
  const code = textOf(document, 'code')
  switch (type) {
    case 'dimensions': {
      const kind = textOf(document, 'dimtype') ?? ''
      if (!isDimensionType(kind)) return bad('read', `Dimension type ${kind} does not exist.`)
      const found = office.dimensions.filter(
        (one) => one.type === kind && (code === null || one.code === code),
      )
      if (code === null) {
        return good(
          `<dimensions result="1">${found.map((one) => dimensionXml(one, office)).join('')}</dimensions>`,
          found.length,
        )
      }
      const [one] = found
      return one ? good(dimensionXml(one, office), 1) : bad('dimension', `Dimension ${code} does not exist.`)
    }
    case 'transaction':
      return readTransaction(code, textOf(document, 'number'), office)
    case 'salesinvoice':
      return readInvoice(code ?? '', textOf(document, 'invoicenumber'), office)
    case 'browse': {
      const xml = browseDefinition(code ?? '', office.code)
      return xml === null ? bad('read', `Browse code ${code ?? ''} does not exist.`) : good(xml, 1)
    }
    case 'vat': {
      const vat = vatCodes.find((known) => known.code === code)
      const percentage = element('percentage', String(vat?.percent))
      return vat
        ? named(
            'vat',
            vat,
            `<percentages><percentage><date>20190101</date>${percentage}</percentage></percentages>`,
          )
        : bad('vat', 'Ongeldige btw-code.')
    }
    case 'article': {
      const article = articles.find((known) => known.code === code)
      return article
        ? named('article', article, '')
        : bad(
            'article',
            code === null ? 'Artikelcode mag niet leeg zijn.' : 'De artikelcode is niet gevonden.',
          )
    }
    case 'currency': {
      const currency = currencies.find((known) => known.code === code)
      return currency ? named('currency', currency, '') : bad('currency', 'De valuta bestaat niet.')
    }
    case 'user':
      return code === userCode(user)
        ? named('user', { code, name: user }, '')
        : bad('user', 'De gebruiker bestaat niet.')
    case 'office':
      // Both office and code must be there, and the same. @see wire facts § 3.2
      return code === office.code && textOf(document, 'office') === code
        ? named('office', office, '')
        : bad('office', 'U hebt geen toegang tot deze administratie.')
    default:
      return bad('read', `Type ${type ?? ''} is not imitated.`)
  }
}

const named = (tag: string, { code, name }: { readonly code: string; readonly name: string }, more: string) =>
  good(
    `<${tag} status="active" result="1">${element('code', code)}${element('name', name)}<shortname/>${more}</${tag}>`,
    1,
  )

function readTransaction(code: string | null, number: string | null, office: Office): Documented {
  if (number === null || !/^\d+$/.test(number)) return bad('read', 'number moet een geheel getal zijn.')
  const found = office.transactions.find((one) => one.code === code && one.number === Number(number))
  return found
    ? good(transactionXml(found, office, 'dimensiontype'), 1)
    : bad('transaction', 'De boeking bestaat niet.')
}

const amount = (cents: number) => (Math.abs(cents) / 100).toFixed(2)

/**
 * A booking as it is answered. Dimensions carry their type in `dimensiontype` when it was read and in `type` when it was
 * written. @see wire facts § 3.5
 */
export function transactionXml(
  one: Transaction,
  office: Office,
  typeAttribute: 'dimensiontype' | 'type',
): string {
  const typed = (tag: string, code: string, types: readonly string[]) => {
    const type = office.dimensions.find((known) => known.code === code && types.includes(known.type))?.type
    return element(tag, code, type === undefined ? '' : ` ${typeAttribute}="${type}"`)
  }
  const lines = one.lines.map((line) => {
    const side = line.cents < 0 ? 'credit' : 'debit'
    const base = one.lines.find((other) => other.type === 'detail' && other.vatCode === line.vatCode)
    const parts = [
      typed('dim1', line.dim1, ['BAS', 'PNL']),
      typed('dim2', line.dim2, line.dim1 === '1300' ? ['DEB'] : line.dim1 === '1600' ? ['CRD'] : ['KPL']),
      element('value', amount(line.cents)),
      '<rate>1</rate>',
      element('basevalue', amount(line.cents)),
      '<reprate>1</reprate>',
      element('repvalue', amount(line.cents)),
      element('debitcredit', side),
      element('vatcode', line.vatCode),
      element('description', line.description),
      element('matchstatus', line.matchStatus),
      ...(line.matchStatus === 'notmatchable'
        ? []
        : [
            '<matchlevel>2</matchlevel>',
            '<relation>0</relation>',
            element('basevalueopen', amount(line.openCents)),
          ]),
      ...(line.type === 'vat' && base
        ? [
            element('vatturnover', amount(base.cents)),
            element('vatbaseturnover', amount(base.cents)),
            element('baseline', String(base.id)),
          ]
        : []),
    ]
    return `<line type="${line.type}" id="${line.id}">${parts.join('')}</line>`
  })
  const head = [
    element('office', office.code),
    element('code', one.code),
    element('number', String(one.number)),
    element('period', one.period),
    '<currency>EUR</currency>',
    element('date', one.date),
    element('invoicenumber', one.invoice),
    '<user>API</user><regime>Generic</regime><origin>import</origin>',
    element('inputdate', one.modified),
    element('modificationdate', one.modified),
  ]
  return `<transaction location="${one.status}" result="1"><header>${head.join('')}</header><lines>${lines.join('')}</lines></transaction>`
}
