import type { Write } from './books.ts'
import type { Documented } from './browse.ts'
import type { BankStatement, Office } from './dataset.ts'
import { childOf, element, escapeXml, textOf, type XmlNode } from './xml.ts'

/**
 * Takes electronic bank statements in; one with the number and date of another is a duplicate unless
 * `importduplicate="1"`. They stand among the bank statements, not posted. @see wire facts § 3.4 and § 3.5
 */
export function writeStatements(root: XmlNode, office: Office, write: Write): Documented {
  const asked = root.name === 'statement' ? [root] : root.children
  const answers = asked.map((node) => writeOne(node, office, write))
  const isGood = answers.every(({ isStored }) => isStored)
  const inner = answers.map(({ xml }) => xml).join('')
  return {
    kind: 'rows',
    rows: answers.filter(({ isStored }) => isStored).length,
    xml: root.name === 'statement' ? inner : `<statements result="${isGood ? 1 : 0}">${inner}</statements>`,
  }
}

function writeOne(node: XmlNode, office: Office, write: Write): { isStored: boolean; xml: string } {
  const told = (name: string) => textOf(node, name) ?? ''
  const attributes = `target="electronicstatements" importduplicate="${node.attributes.importduplicate ?? '0'}"`
  const refuse = (msg: string) => ({
    isStored: false,
    xml: `<statement ${attributes} status="fail" msgtype="error" msg="${escapeXml(msg)}" result="0"/>`,
  })
  if (node.attributes.target !== 'electronicstatements')
    return refuse('Incorrecte XML - de bestemming is ongeldig.')
  const named = textOf(node, 'office')
  if (named !== null && named !== office.code) return refuse('De administratie bestaat niet.')
  const own = office.statements.find(
    ({ iban, code }) => iban === told('iban') || (told('iban') === '' && code === told('code')),
  )
  if (!own) return refuse('De bankrekening bestaat niet.')
  const [date, number] = [told('date'), Number(told('statementnumber'))]
  if (!/^\d{8}$/.test(date)) return refuse('De datum is ongeldig.')
  const [openingCents, closingCents] = [centsOf(told('startvalue')), centsOf(told('closevalue'))]
  const moved = (childOf(node, 'transactions')?.children ?? []).reduce((sum, one) => {
    const cents = centsOf(textOf(one, 'value') ?? '')
    return sum + (textOf(one, 'debitcredit') === 'debit' ? -cents : cents)
  }, 0)
  if (Number.isNaN(moved) || openingCents + moved !== closingCents)
    return refuse('Het eindsaldo klopt niet met de mutaties.')
  const isKnown = office.statements.some(
    (one) => one.iban === own.iban && one.number === number && one.date === date,
  )
  if (isKnown && node.attributes.importduplicate !== '1')
    return refuse(`Duplicate found: statement ${number} of ${date}.`)
  const statement: BankStatement = {
    ...{ code: own.code, iban: own.iban, number, date, openingCents, closingCents },
    transaction: null,
  }
  write(office, { statement })
  const heads = [element('iban', own.iban), element('date', date), element('statementnumber', String(number))]
  return {
    isStored: true,
    xml: `<statement ${attributes} status="ok" result="1">${heads.join('')}</statement>`,
  }
}

const centsOf = (text: string) => (/^-?\d+\.\d{2}$/.test(text) ? Math.round(Number(text) * 100) : Number.NaN)
