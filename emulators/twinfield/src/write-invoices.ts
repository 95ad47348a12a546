import type { Write } from './books.ts'
import type { Documented } from './browse.ts'
import { articles, type Invoice, invoiceTypes, type Office, vatCodes } from './dataset.ts'
import { childOf, element, escapeXml, textOf, type XmlNode } from './xml.ts'

/**
 * Stores the sales invoices of a document, each whole or not at all, numbered by type. A final one is stored as such and
 * books nothing here. @see wire facts § 3.4 and § 3.5
 */
export function writeInvoices(root: XmlNode, office: Office, write: Write): Documented {
  const asked = root.name === 'salesinvoice' ? [root] : root.children
  const answers = asked.map((node) => writeOne(node, office, write))
  const isGood = answers.every(({ isStored }) => isStored)
  const inner = answers.map(({ xml }) => xml).join('')
  return {
    kind: 'rows',
    rows: answers.filter(({ isStored }) => isStored).length,
    xml:
      root.name === 'salesinvoice'
        ? inner
        : `<salesinvoices result="${isGood ? 1 : 0}">${inner}</salesinvoices>`,
  }
}

const fault = (tag: string, text: string, msg: string) =>
  element(tag, text, ` msgtype="error" msg="${escapeXml(msg)}" result="0"`)

function writeOne(
  node: XmlNode,
  office: Office,
  write: Write,
): { readonly isStored: boolean; readonly xml: string } {
  const header = childOf(node, 'header')
  const told = (name: string) => textOf(header, name) ?? ''
  if (told('office') !== office.code)
    return { isStored: false, xml: fault('salesinvoice', '', 'De administratie bestaat niet.') }
  const [heads, lineFaults]: [string[], string[]] = [[], []]
  const type = told('invoicetype')
  if (!invoiceTypes.includes(type)) heads.push(fault('invoicetype', type, 'Het factuurtype bestaat niet.'))
  const customer = told('customer')
  if (!office.dimensions.some((one) => one.type === 'DEB' && one.code === customer))
    heads.push(fault('customer', customer, 'De klantdimensie bestaat niet.'))
  const [date, due] = [told('invoicedate'), told('duedate')]
  if (due !== '' && (!/^\d{8}$/.test(due) || (date !== '' && due < date)))
    heads.push(fault('duedate', due, 'De vervaldatum is ongeldig.'))
  const lines = (childOf(node, 'lines')?.children ?? []).map((line) => {
    const value = (name: string) => textOf(line, name) ?? ''
    const article = value('article')
    if (article === '')
      lineFaults.push(
        fault('article', '', 'Artikelcode mag niet leeg zijn.//De artikelcode is niet gevonden.'),
      )
    else if (!articles.some(({ code }) => code === article))
      lineFaults.push(fault('article', article, 'De artikelcode is niet gevonden.'))
    const vatCode = value('vatcode')
    if (vatCode !== '' && !vatCodes.some(({ code }) => code === vatCode))
      lineFaults.push(fault('vatcode', vatCode, 'Ongeldige btw-code.'))
    return { article, quantity: value('quantity'), price: value('unitspriceexcl'), vatCode }
  })
  if (heads.length > 0 || lineFaults.length > 0) {
    const wrong = lineFaults.map((xml) => `<line result="0">${xml}</line>`).join('')
    const xml = `<salesinvoice result="0"><header>${heads.join('')}</header><lines>${wrong}</lines></salesinvoice>`
    return { isStored: false, xml }
  }
  const number =
    1 + Math.max(0, ...office.invoices.filter((one) => one.type === type).map((one) => one.number))
  const invoice: Invoice = {
    ...{ type, number, customer, date, due, lines },
    period: told('period'),
    currency: told('currency') || 'EUR',
    status: told('status') === 'final' ? 'final' : 'concept',
  }
  write(office, { invoice })
  return { isStored: true, xml: invoiceXml(invoice, office) }
}

const invoiceXml = ({ type, number, customer, date, due, lines, ...rest }: Invoice, office: Office) =>
  `<salesinvoice result="1"><header>${[
    element('office', office.code),
    element('invoicetype', type),
    element('invoicenumber', String(number)),
    element('invoicedate', date),
    element('duedate', due),
    element('customer', customer),
    element('status', rest.status),
    element('currency', rest.currency),
    element('period', rest.period),
  ].join('')}</header><lines>${lines
    .map(
      ({ article, quantity, price, vatCode }, at) =>
        `<line id="${at + 1}">${element('article', article)}${element('quantity', quantity)}${element('unitspriceexcl', price)}${element('vatcode', vatCode)}</line>`,
    )
    .join('')}</lines></salesinvoice>`

/** One invoice by its type and number. */
export function readInvoice(type: string, number: string | null, office: Office): Documented {
  const answer = (xml: string, rows: number): Documented => ({ kind: 'rows', xml, rows })
  if (number === null || !/^\d+$/.test(number))
    return answer(fault('read', '', 'invoicenumber moet een geheel getal zijn.'), 0)
  const found = office.invoices.find((one) => one.type === type && one.number === Number(number))
  return found
    ? answer(invoiceXml(found, office), 1)
    : answer(fault('salesinvoice', '', `Factuur ${number} van type ${type} bestaat niet.`), 0)
}
