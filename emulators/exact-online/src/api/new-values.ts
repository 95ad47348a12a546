import type { EntitySet } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { wallClock } from './wall-clock.ts'

export interface Writer {
  readonly user: { readonly id: string; readonly fullName: string }
  readonly clientId: string
  readonly now: number
  readonly division: number
}

/** What the service fills in on a new row beside what the client said: stamps, numbers, states, amounts. */
export function newValues(
  set: EntitySet,
  said: ReadonlyMap<string, Value>,
  { now, user, division, clientId }: Writer,
): ReadonlyMap<string, Value> {
  const time = wallClock(now)
  const today = Math.floor(time / 86_400_000) * 86_400_000
  const values = new Map<string, Value>()
  const offer = (name: string, value: Value) => {
    if (set.properties.has(name) && said.get(name) === undefined) values.set(name, value)
  }
  const stamps: readonly (readonly [string, Value])[] = [
    ['Created', time],
    ['Modified', time],
    ['Creator', user.id],
    ['Modifier', user.id],
    ['CreatorFullName', user.fullName],
    ['ModifierFullName', user.fullName],
  ]
  for (const [name, value] of stamps) if (set.properties.has(name)) values.set(name, value)
  for (const name of ['EntryDate', 'InvoiceDate', 'OrderDate', 'Date', 'QuotationDate']) offer(name, today)
  for (const name of ['Currency', 'CurrencyCode']) offer(name, 'EUR')
  for (const [name, { type }] of set.properties) {
    if (type === 'Edm.Boolean') offer(name, false)
    if (type === 'Edm.Int32' && /^(Entry|Invoice|Order|Quotation)Number$/.test(name))
      offer(name, highest(set, name, division) + 1)
  }
  if (set.properties.get('Status')?.type !== 'Edm.String') {
    if (/invoices$/.test(set.path)) offer('Status', 20)
    if (/orders$/.test(set.path)) offer('Status', 12)
  } else if (set.path === 'crm/accounts') offer('Status', 'A')
  const file = set.path === 'documents/documentattachments' ? said.get('Attachment') : null
  if (typeof file === 'string') {
    offer('FileSize', Buffer.from(file, 'base64').length)
    offer('Url', '')
  }
  if (set.path === 'webhooks/webhooksubscriptions') {
    offer('ClientID', clientId)
    offer('UserID', user.id)
    offer('Description', said.get('Topic') ?? null)
  }
  const amount = amountOf(said)
  if (amount !== null) for (const name of ['AmountFC', 'AmountDC']) offer(name, amount)
  return values
}

/** Domestic and foreign amounts follow from one another, or from quantity and price. */
export function amountOf(said: ReadonlyMap<string, Value>): number | null {
  for (const name of ['AmountFC', 'AmountDC']) {
    const value = said.get(name)
    if (typeof value === 'number') return value
  }
  const [quantity, price] = [said.get('Quantity'), said.get('NetPrice') ?? said.get('UnitPrice')]
  if (typeof quantity !== 'number' || typeof price !== 'number') return null
  return Math.round(quantity * price * 100) / 100
}

/** The code of a new row that came without one: the highest number and one more; null where codes are no numbers. */
export function newCode(set: EntitySet, division: number): string | null {
  if (!set.entry.properties.some(({ name, w }) => name === 'Code' && w?.includes('c'))) return null
  const code = String(highest(set, 'Code', division) + 1)
  return set.path === 'crm/accounts' ? code.padStart(18) : code
}

function highest(set: EntitySet, name: string, division: number): number {
  const property = set.properties.get(name)
  let most = 0
  for (let index = 0; index < set.rowsIn(division); index++) {
    const number = Number(property?.value(division, index))
    if (Number.isSafeInteger(number) && number > most) most = number
  }
  return most
}
