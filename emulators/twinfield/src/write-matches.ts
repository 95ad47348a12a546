import type { Match, Write } from './books.ts'
import type { Documented } from './browse.ts'
import type { Office } from './dataset.ts'
import { childOf, element, escapeXml, textOf, type XmlNode } from './xml.ts'

/** What may be matched: suspense accounts, customers, suppliers, projects. */
const codes: Readonly<Record<string, (dim1: string) => boolean>> = {
  '070': () => false,
  170: (dim1) => dim1 === '1300',
  270: (dim1) => dim1 === '1600',
  370: () => false,
}

/**
 * Settles lines of transactions with each other, a set whole or not at all. Which error each mistake gives is not
 * recorded; here they have the form of all others. @see wire facts § 3.4 and § 3.5
 */
export function writeMatches(root: XmlNode, office: Office, write: Write): Documented {
  const answers = root.children
    .filter(({ name }) => name === 'set')
    .map((set) => matchOne(set, office, write))
  const isGood = answers.length > 0 && answers.every(({ isStored }) => isStored)
  return {
    kind: 'rows',
    rows: answers.filter(({ isStored }) => isStored).length,
    xml: `<match result="${isGood ? 1 : 0}">${answers.map(({ xml }) => xml).join('')}</match>`,
  }
}

function matchOne(set: XmlNode, office: Office, write: Write): { isStored: boolean; xml: string } {
  const faults: string[] = []
  const refuse = (tag: string, text: string, msg: string) =>
    faults.push(element(tag, text, ` msgtype="error" msg="${escapeXml(msg)}" result="0"`))
  const [named, code] = [textOf(set, 'office') ?? '', textOf(set, 'matchcode') ?? '']
  if (named !== office.code) refuse('office', named, 'De administratie bestaat niet.')
  const fits = codes[code]
  if (!fits) refuse('matchcode', code, 'De afletterprocedure bestaat niet.')
  const date = textOf(set, 'matchdate') ?? ''
  if (!/^\d{8}$/.test(date)) refuse('matchdate', date, 'De datum is ongeldig.')
  const matched: Match['lines'][number][] = []
  let sum = 0
  for (const line of childOf(set, 'lines')?.children ?? []) {
    const value = (name: string) => textOf(line, name) ?? ''
    const found = office.transactions.find(
      (one) => one.code === value('transcode') && one.number === Number(value('transnumber')),
    )
    const one = found?.lines.find(({ id }) => id === Number(value('transline')))
    if (!one) {
      refuse('transnumber', value('transnumber'), 'De boeking bestaat niet.')
      continue
    }
    if (fits && !fits(one.dim1))
      refuse('transline', value('transline'), 'De regel past niet bij de procedure.')
    if (one.openCents === 0) refuse('transline', value('transline'), 'De regel is niet beschikbaar.')
    const told = value('matchvalue')
    const cents = told === '' ? one.openCents : Math.round(Number(told) * 100)
    if (Number.isNaN(cents) || Math.abs(cents) > Math.abs(one.openCents))
      refuse('matchvalue', told, 'Het bedrag is ongeldig.')
    const writtenOff = Math.round(Number(textOf(line, 'writeoff') ?? '0') * 100)
    sum += cents - writtenOff
    matched.push({ code: value('transcode'), number: Number(value('transnumber')), line: one.id, cents })
  }
  if (faults.length === 0 && matched.length < 2) refuse('lines', '', 'Er zijn te weinig regels.')
  if (faults.length === 0 && sum !== 0)
    refuse('lines', '', `De afletterset is niet in balans. Verschil ${(sum / 100).toFixed(2)}.`)
  if (faults.length > 0) return { isStored: false, xml: `<set result="0">${faults.join('')}</set>` }
  write(office, { match: { lines: matched } })
  const heads = [element('office', named), element('matchcode', code), element('matchdate', date)]
  return { isStored: true, xml: `<set result="1">${heads.join('')}</set>` }
}
