import { answerBrowse, browseDefinition, type Documented } from './browse.ts'
import { type Dimension, daybooks, type Office, vatCodes } from './dataset.ts'
import { guidOf } from './issuer.ts'
import type { Language } from './soap.ts'
import { type StoreDimension, writeDimensions } from './write-dimensions.ts'
import { readInvoice, type StoreInvoice, writeInvoices } from './write-invoices.ts'
import { type Store, writeTransactions } from './write-transactions.ts'
import { element, escapeXml, textOf, type XmlNode } from './xml.ts'

/** Roots that only ask cost one credit, others three. @see wire facts § 6 */
export const creditsOf = (root: string) => (/^(list|read|columns|accountcodes?)$/.test(root) ? 1 : 3)

/** The offices that a user reaches: the one document that needs no company. */
export const isOfficeList = (document: XmlNode) =>
  document.name === 'list' && textOf(document, 'type') === 'offices'

export function listOffices(offices: readonly Office[]): string {
  const items = offices.map(({ code, name }) =>
    element('office', code, ` name="${escapeXml(name)}" shortname="Demo"`),
  )
  return `<offices result="1">${items.join('')}</offices>`
}

/** Answers a document. Bad ones are answered with status 200 and `result="0"`. @see wire facts § 3 */
export function processDocument(
  document: XmlNode,
  office: Office,
  language: Language,
  writing: {
    readonly now: number
    readonly store: Store
    readonly storeDimension: StoreDimension
    readonly storeInvoice: StoreInvoice
  },
): Documented {
  const type = textOf(document, 'type')
  switch (document.name) {
    case 'columns': {
      const answer = answerBrowse(document, office, language)
      return answer.kind === 'rows' ? answer : bad('columns', answer.text)
    }
    case 'transaction':
    case 'transactions':
      return writeTransactions(document, office, writing.now, writing.store)
    case 'salesinvoice':
    case 'salesinvoices':
      return writeInvoices(document, office, writing.storeInvoice)
    case 'dimension':
    case 'dimensions':
      return writeDimensions(document, office, writing.now, writing.storeDimension, (one, status) =>
        dimensionXml(one, office, status),
      )
    case 'list': {
      if (type === 'dimensions') {
        const kind = textOf(document, 'dimtype') ?? ''
        const found = office.dimensions.filter((dimension) => dimension.type === kind)
        if (!isKind(kind)) return bad('list', `Dimension type ${kind} does not exist.`)
        const items = found.map(({ code, name }) =>
          element('dimension', code, ` name="${escapeXml(name)}" shortname=""`),
        )
        return good(
          `<dimensions office="${office.code}" type="${kind}" result="1">${items.join('')}</dimensions>`,
          found.length,
        )
      }
      if (type === 'vat') {
        const items = vatCodes.map(({ code, name }) =>
          element('vat', code, ` name="${escapeXml(name)}" shortname=""`),
        )
        return good(`<vats office="${office.code}" result="1">${items.join('')}</vats>`, vatCodes.length)
      }
      return bad('list', `List type ${type ?? ''} is not imitated.`)
    }
    case 'read': {
      const code = textOf(document, 'code')
      switch (type) {
        case 'dimensions': {
          const kind = textOf(document, 'dimtype') ?? ''
          if (!isKind(kind)) return bad('read', `Dimension type ${kind} does not exist.`)
          const found = office.dimensions.filter(
            (dimension) => dimension.type === kind && (code === null || dimension.code === code),
          )
          if (code === null) {
            return good(
              `<dimensions result="1">${found.map((one) => dimensionXml(one, office)).join('')}</dimensions>`,
              found.length,
            )
          }
          const [one] = found
          return one
            ? good(dimensionXml(one, office), 1)
            : bad('dimension', `Dimension ${code} does not exist.`)
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
          return vat
            ? good(
                `<vat status="active" result="1">${element('code', vat.code)}${element('name', vat.name)}<shortname/><percentages><percentage><date>20190101</date>${element('percentage', String(vat.percent))}</percentage></percentages></vat>`,
                1,
              )
            : bad('vat', 'Ongeldige btw-code.')
        }
        case 'office':
          return code === office.code
            ? good(
                `<office status="active" result="1">${element('code', office.code)}${element('name', office.name)}</office>`,
                1,
              )
            : bad('office', 'U hebt geen toegang tot deze administratie.')
        default:
          return bad('read', `Type ${type ?? ''} is not imitated.`)
      }
    }
    default:
      return bad(document.name, 'Incorrecte XML - de bestemming is ongeldig.')
  }
}

const isKind = (kind: string) => ['BAS', 'PNL', 'DEB', 'CRD', 'KPL', 'PRJ', 'AST', 'ACT'].includes(kind)

const good = (xml: string, rows: number): Documented => ({ kind: 'rows', xml, rows })
const bad = (root: string, text: string): Documented => ({
  kind: 'rows',
  rows: 0,
  xml: `<${root} msgtype="error" msg="${escapeXml(text)}" result="0"/>`,
})

function dimensionXml(dimension: Dimension, office: Office, status = 'active'): string {
  const { type, code, name, vatNumber, city, modified } = dimension
  const { shortName = '', website = '', cocNumber = '', dueDays = '30' } = dimension
  const isRelation = type === 'DEB' || type === 'CRD'
  const place = dimension.address ?? {
    ...{ name, country: 'NL', city, postcode: '1000 AA', telephone: '', email: `info@${code}.example` },
  }
  const address = `<address id="1" type="invoice" default="true">${element('name', place.name ?? '')}${element('country', place.country ?? '')}${element('city', place.city ?? '')}${element('postcode', place.postcode ?? '')}${element('telephone', place.telephone ?? '')}<telefax/>${element('email', place.email ?? '')}<contact/><field1/></address>`
  // A real answer has been seen to repeat the children of creditmanagement.
  const credit =
    '<creditmanagement><basecreditlimit>1000.00</basecreditlimit><basecreditlimit>1000.00</basecreditlimit></creditmanagement>'
  return `<dimension status="${status}" result="1">${element('office', office.code, ` name="${escapeXml(office.name)}" shortname=""`)}${element('type', type, ' name="" shortname=""')}${element('code', code)}${element('uid', guidOf(`${office.code} ${type} ${code}`))}${element('name', name)}${element('shortname', shortName)}<inuse>true</inuse><behaviour>normal</behaviour><touched>1</touched>${element('modified', modified)}<beginperiod>0</beginperiod><beginyear>0</beginyear><endperiod>0</endperiod><endyear>0</endyear>${element('website', website)}${element('vatnumber', isRelation ? vatNumber : '')}${element('cocnumber', cocNumber)}<editdimensionname>true</editdimensionname><financials><level>${isRelation ? 2 : 1}</level><matchtype>${isRelation ? 'customersupplier' : 'notmatchable'}</matchtype><accounttype>inherit</accounttype><subanalyse>false</subanalyse>${isRelation ? element('duedays', dueDays) : ''}</financials>${isRelation ? `${credit}<addresses>${address}</addresses>` : ''}</dimension>`
}

function readTransaction(code: string | null, number: string | null, office: Office): Documented {
  if (number === null || !/^\d+$/.test(number)) return bad('read', 'number moet een geheel getal zijn.')
  const found = office.transactions.find((one) => one.code === code && one.number === Number(number))
  if (!found || !daybooks.some((book) => book.code === code))
    return bad('transaction', 'De boeking bestaat niet.')
  const lines = found.lines.map((line) => {
    const amount = (Math.abs(line.cents) / 100).toFixed(2)
    return `<line type="${line.type}" id="${line.id}">${element('dim1', line.dim1, ' dimensiontype="BAS"')}${element('dim2', line.dim2)}${element('value', amount)}${element('basevalue', amount)}${element('debitcredit', line.cents < 0 ? 'credit' : 'debit')}${element('vatcode', line.vatCode)}${element('description', line.description)}${element('matchstatus', line.matchStatus)}</line>`
  })
  return good(
    `<transaction location="${found.status}" result="1"><header>${element('office', office.code)}${element('code', found.code)}${element('number', String(found.number))}${element('period', found.period)}<currency>EUR</currency>${element('date', found.date)}${element('invoicenumber', found.invoice)}<regime>Generic</regime>${element('modificationdate', found.modified)}</header><lines>${lines.join('')}</lines></transaction>`,
    1,
  )
}
