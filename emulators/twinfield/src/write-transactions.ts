import type { Write } from './books.ts'
import type { Documented } from './browse.ts'
import { daybooks, type Line, type Office, type Transaction } from './dataset.ts'
import { transactionXml } from './read-documents.ts'
import { childOf, element, escapeXml, textOf, type XmlNode } from './xml.ts'

/**
 * Stores the transactions of a document, each whole or not at all; the root has `result="0"` as soon as one failed.
 * @see wire facts § 3.4 and § 3.5
 */
export function writeTransactions(root: XmlNode, office: Office, now: number, write: Write): Documented {
  const asked = root.name === 'transaction' ? [root] : root.children
  const answers = asked.map((node) => writeOne(node, office, now, write))
  const isGood = answers.every(({ isStored }) => isStored)
  const inner = answers.map(({ xml }) => xml).join('')
  return {
    kind: 'rows',
    rows: answers.filter(({ isStored }) => isStored).length,
    xml:
      root.name === 'transaction'
        ? inner
        : `<transactions result="${isGood ? 1 : 0}">${inner}</transactions>`,
  }
}

interface Written {
  readonly isStored: boolean
  readonly xml: string
}

const fault = (tag: string, text: string, msg: string) =>
  element(tag, text, ` msgtype="error" msg="${escapeXml(msg)}" result="0"`)

function writeOne(node: XmlNode, office: Office, now: number, write: Write): Written {
  const header = childOf(node, 'header')
  const lines = childOf(node, 'lines')?.children ?? []
  const code = textOf(header, 'code') ?? ''
  const date = textOf(header, 'date') ?? ''
  const period = textOf(header, 'period') ?? ''
  const destiny = node.attributes.destiny ?? ''
  const faults: string[] = []
  const refuse = (tag: string, text: string, msg: string) => faults.push(fault(tag, text, msg))
  const named = textOf(header, 'office') ?? ''
  if (named !== office.code) refuse('office', named, 'De administratie bestaat niet.')
  if (!daybooks.some((book) => book.code === code)) refuse('code', code, 'Het dagboek bestaat niet.')
  if (!/^\d{8}$/.test(date)) refuse('date', date, 'De datum is ongeldig.')
  if (!/^\d{4}\/\d{2}$/.test(period)) refuse('period', period, 'De periode is ongeldig.')
  const codes = new Set(office.dimensions.map((one) => one.code))
  const drafts = lines.map((line, at): Line => {
    const [dim1, dim2] = [textOf(line, 'dim1') ?? '', textOf(line, 'dim2') ?? '']
    if (!codes.has(dim1)) refuse('dim1', dim1, `Dimension ${dim1} does not exist.`)
    if (dim2 !== '' && !codes.has(dim2)) refuse('dim2', dim2, `Dimension ${dim2} does not exist.`)
    const amount = textOf(line, 'value') ?? ''
    if (!/^\d+\.\d{2}$/.test(amount)) refuse('value', amount, 'Het bedrag is ongeldig.')
    const cents = Math.round(Number(amount) * 100) * (textOf(line, 'debitcredit') === 'credit' ? -1 : 1)
    const type = line.attributes.type
    const isOpen = dim1 === '1300' || dim1 === '1600'
    return {
      id: at + 1,
      type: type === 'total' || type === 'vat' ? type : 'detail',
      dim1,
      dim2,
      cents,
      vatCode: textOf(line, 'vatcode') ?? '',
      description: textOf(line, 'description') ?? '',
      matchStatus: isOpen ? 'available' : 'notmatchable',
      openCents: isOpen ? cents : 0,
    }
  })
  const balance = drafts.reduce((sum, { cents }) => sum + cents, 0)
  const side = balance > 0 ? 'credit' : 'debet'
  const isWrong = faults.length > 0 || balance !== 0 || (destiny !== 'temporary' && destiny !== 'final')
  if (isWrong) {
    const own =
      faults.length > 0
        ? ''
        : ` msgtype="error" msg="${escapeXml(balance === 0 ? 'destiny is ongeldig.' : `De boeking is niet in balans. Er ontbreekt ${(Math.abs(balance) / 100).toFixed(2)} ${side}.`)}"`
    return {
      isStored: false,
      xml: `<transaction${own} result="0"><header>${faults.join('')}</header></transaction>`,
    }
  }
  const year = Number(period.slice(0, 4)) * 100_000
  const before = office.transactions.filter((one) => one.code === code && one.number > year)
  const transaction: Transaction = {
    code,
    number: Math.max(year, ...before.map((one) => one.number)) + 1,
    period,
    date,
    status: destiny === 'final' ? 'final' : 'temporary',
    invoice: textOf(header, 'invoicenumber') ?? '',
    modified: new Date(now).toISOString().replace(/\D/g, '').slice(0, 14),
    lines: drafts,
  }
  write(office, { transaction })
  return { isStored: true, xml: transactionXml(transaction, office, 'type') }
}
