import { placeOf } from '../data/books/document-chain.ts'
import { deletedTypes, deletionsKeptMs } from '../data/deleted-types.ts'
import type { EntitySet, Property } from '../data/entity-set.ts'
import { repeated, summed } from '../data/header-lines.ts'
import { foreignKeyTo, lineRows } from '../data/line-rows.ts'
import type { Value } from '../data/named-values.ts'
import {
  checkSubscription,
  refuseUpdate,
  subscriptionsPath,
  withoutInstant,
} from '../webhooks/subscription-rules.ts'
import { ApiFault } from './api-fault.ts'
import { type BodyValues, parseBody, readBody } from './body-values.ts'
import { type BookedDocument, bookedDocument, keepLedger } from './keep-ledger.ts'
import { keyText } from './key-text.ts'
import { amountOf, newCode, newValues } from './new-values.ts'
import { type Page, type ReadContext, rowOfKey, writeOne } from './read-entities.ts'
import { alreadyExists, invalid, mandatory } from './validation-faults.ts'
import { wallClock } from './wall-clock.ts'

export interface WriteContext extends ReadContext {
  readonly user: { readonly id: string; readonly fullName: string }
  readonly language: string
  readonly clientId: string
  readonly contentType: string | undefined
  /** `Prefer: return=representation`: a POST answers all values, not only the key. */
  readonly isRepresentationWanted: boolean
}

/** One row that a write made, changed or took away. */
export interface Change {
  readonly set: EntitySet
  readonly index: number
  readonly action: 'Create' | 'Update' | 'Delete'
}

export interface Written extends Partial<Pick<Page, 'contentType' | 'version'>> {
  readonly status: number
  readonly body: string
  readonly rows: number
  readonly location?: string
  readonly changes: readonly Change[]
}

/** A POST, PUT or DELETE on an entity set, checked as the live service checks. @see wire.md § 3.5 */
export function writeEntity(
  method: string,
  set: EntitySet,
  path: string,
  key: string | null,
  body: string,
  context: WriteContext,
): Written {
  if ((method === 'POST') !== (key === null)) throw new ApiFault(405, 'Method Not Allowed')
  if (method === 'POST') return create(set, path, body, context)
  const index = rowOfKey(set, key ?? '', context)
  const headers = headersOf(set, index, context).map(
    ([header, row]): Change => ({ set: header, index: row, action: 'Update' }),
  )
  if (method === 'PUT' && set.path === subscriptionsPath) throw refuseUpdate(context.language)
  const booked = bookedDocument(set, index, headersOf(set, index, context))
  if (method === 'PUT') update(set, index, body, context)
  else remove(set, index, context)
  if (booked) settleLedger(booked, context)
  const action = method === 'PUT' ? 'Update' : 'Delete'
  return { status: 204, body: '', rows: 1, changes: [{ set, index, action }, ...headers] }
}

function create(set: EntitySet, path: string, text: string, context: WriteContext): Written {
  const parsed = parseBody(text, context.contentType)
  const body = set.path === subscriptionsPath ? withoutInstant(parsed, context.language) : parsed
  const said = readBody(body, set, 'c')
  // All is looked at before anything is kept: a refused invoice leaves no lines behind.
  const lines = checkNew(set, said, null, context)
  if (set.path === subscriptionsPath) {
    const values = new Map([...said.values].map(([{ name }, value]) => [name, value]))
    checkSubscription(set, values, context)
  }
  const index = add(set, said, new Map(), context)
  for (const [at, { set: lineSet, said: line }] of lines.entries()) {
    const foreignKey = foreignKeyTo(set, lineSet)
    const header = new Map<string, Value>(
      lineSet.properties.has('LineNumber') ? [['LineNumber', at + 1]] : [],
    )
    for (const [name, property] of lineSet.properties) {
      const same = repeated.test(name) ? set.properties.get(name) : undefined
      if (same?.type === property.type) header.set(name, same.value(context.division, index))
    }
    if (foreignKey) header.set(foreignKey.name, set.keys[0]?.value(context.division, index) ?? null)
    add(lineSet, line, header, context)
  }
  settleSums(set, index, context)
  settleHeader(set, index, context)
  const booked = bookedDocument(set, index, headersOf(set, index, context))
  if (booked) settleLedger(booked, context)
  const base = `${context.baseUrl}/${path}`
  const view = {
    set,
    base,
    select: null,
    expand: new Map(),
    linesBase: (other: EntitySet) => `${context.baseUrl}/${other.path}`,
    overrides: unsaid(set, context),
  }
  return {
    ...writeOne(view, index, context),
    status: 201,
    location: `${base}(${keyText(set, context.division, index)})`,
    changes: [
      { set, index, action: 'Create' },
      ...headersOf(set, index, context).map(
        ([header, row]): Change => ({ set: header, index: row, action: 'Update' }),
      ),
    ],
  }
}

/** Without the wish for a representation the answer holds nothing but the key. */
function unsaid(set: EntitySet, { isRepresentationWanted }: WriteContext): ReadonlyMap<string, Value> {
  if (isRepresentationWanted) return new Map()
  return new Map([...set.properties.values()].filter(({ isKey }) => !isKey).map(({ name }) => [name, null]))
}

interface NewLine {
  readonly set: EntitySet
  readonly said: BodyValues
}

function checkNew(
  set: EntitySet,
  said: BodyValues,
  foreignKey: Property | null,
  context: WriteContext,
): readonly NewLine[] {
  const lines: NewLine[] = []
  for (const { name, type, key, mandatory: isMandatory } of set.entry.properties) {
    if (!isMandatory || key || name === foreignKey?.name) continue
    const property = set.properties.get(name)
    const value = property && said.values.get(property)
    const isGiven = type.startsWith('Collection(')
      ? (said.lines.get(name)?.length ?? 0) > 0
      : value !== undefined && value !== null && value !== ''
    if (!isGiven) throw mandatory(name, context.language)
  }
  checkValues(set, said.values, context)
  for (const [name, rows] of said.lines) {
    const lineSet = set.collections.find((collection) => collection.name === name)?.lines
    if (!lineSet) continue
    for (const row of rows) {
      const line = readBody(row, lineSet, 'c')
      checkNew(lineSet, line, foreignKeyTo(set, lineSet) ?? null, context)
      lines.push({ set: lineSet, said: line })
    }
  }
  return lines
}

/** References must lead somewhere, codes must be new: even the row's own code counts as taken. */
function checkValues(set: EntitySet, values: ReadonlyMap<Property, Value>, context: WriteContext): void {
  const { division, language } = context
  for (const [property, value] of values) {
    if (value === null) continue
    if (property.type === 'Edm.Guid' && property.rowsWith?.(division, value).count === 0)
      throw invalid(property.name, language)
    if (property.name !== 'Code' || property.type !== 'Edm.String') continue
    const wanted = String(value).trim().toLowerCase()
    for (let index = 0; index < set.rowsIn(division); index++) {
      if (set.written.isDeleted(division, index)) continue
      if (String(property.value(division, index)).trim().toLowerCase() === wanted)
        throw alreadyExists(language)
    }
  }
}

function add(
  set: EntitySet,
  said: BodyValues,
  header: ReadonlyMap<string, Value>,
  context: WriteContext,
): number {
  const { division, dataset } = context
  const index = set.rowsIn(division)
  const values = new Map(header)
  for (const [{ name }, value] of said.values) values.set(name, value)
  for (const [name, value] of newValues(set, values, context)) values.set(name, value)
  if (set.properties.has('Code') && !values.get('Code')) {
    const code = newCode(set, division)
    if (code !== null) values.set('Code', code)
  } else if (set.path === 'crm/accounts') values.set('Code', String(values.get('Code')).trim().padStart(18))
  dataset.written.put(set.path, division, { index, isAdded: true, isDeleted: false, values })
  return index
}

function update(set: EntitySet, index: number, text: string, context: WriteContext): void {
  const { division, language } = context
  const said = readBody(parseBody(text, context.contentType), set, 'u')
  for (const [property, value] of said.values) {
    const isMandatory = set.entry.properties.some(
      ({ name, mandatory: needed }) => name === property.name && needed === true,
    )
    if (isMandatory && (value === null || value === '')) throw mandatory(property.name, language)
  }
  checkValues(set, said.values, context)
  const values = new Map<string, Value>()
  for (const [{ name }, value] of said.values)
    values.set(
      name,
      name === 'Code' && set.path === 'crm/accounts' ? String(value).trim().padStart(18) : value,
    )
  followAmounts(set, index, values, division)
  touch(set, index, values, context)
  settleSums(set, index, context)
  settleHeader(set, index, context)
}

/** What a changed amount, quantity or price means for the amounts of the row. */
function followAmounts(set: EntitySet, index: number, changed: Map<string, Value>, division: number): void {
  const isPriced = ['Quantity', 'NetPrice', 'UnitPrice'].some((name) => changed.has(name))
  const priced = ['Quantity', 'NetPrice', 'UnitPrice'].map(
    (name) => [name, changed.get(name) ?? set.properties.get(name)?.value(division, index) ?? null] as const,
  )
  const amount = amountOf(new Map([...(isPriced ? priced : []), ...changed]))
  if (amount === null) return
  for (const name of ['AmountFC', 'AmountDC'])
    if (set.properties.has(name) && !changed.has(name)) changed.set(name, amount)
}

/** Puts values over a row; `Modified` and `Modifier` follow. */
function touch(
  set: EntitySet,
  index: number,
  changed: ReadonlyMap<string, Value>,
  { division, dataset, user, now }: WriteContext,
): void {
  const before = set.written.rowOf(division, index)
  const values = new Map([...(before?.values ?? []), ...changed])
  for (const [name, value] of [
    ['Modified', wallClock(now)],
    ['Modifier', user.id],
    ['ModifierFullName', user.fullName],
  ] as const)
    if (set.properties.has(name)) values.set(name, value)
  dataset.written.put(set.path, division, {
    index,
    isAdded: before?.isAdded ?? false,
    isDeleted: false,
    values,
  })
}

function remove(set: EntitySet, index: number, context: WriteContext): void {
  const { division } = context
  for (const { lines } of set.collections) {
    if (!lines) continue
    for (const line of lineRows(set, lines, foreignKeyTo(set, lines), division, index))
      bury(lines, line, context)
  }
  const headers = headersOf(set, index, context)
  bury(set, index, context)
  for (const [header, row] of headers) settleSums(header, row, context)
  tellDeleted(set, index, context)
}

/** The ledger says what the document says. */
const settleLedger = (booked: BookedDocument, context: WriteContext) =>
  keepLedger(booked, context, (ledger, index) => {
    bury(ledger, index, context)
    tellDeleted(ledger, index, context)
  })

/** What is gone stands in `sync/Deleted`, for entities that have a number there. @see wire.md § 4.2 */
function tellDeleted(set: EntitySet, index: number, context: WriteContext): void {
  const { division, dataset } = context
  const type = deletedTypes[set.path]
  const deleted = dataset.entitySets.get('sync/deleted')
  if (type === undefined || !deleted) return
  const at = deleted.rowsIn(division)
  dataset.written.put('sync/deleted', division, {
    index: at,
    isAdded: true,
    isDeleted: false,
    values: new Map<string, Value>([
      ['ID', set.keys[0]?.value(division, index) ?? null],
      ['EntityKey', set.keys[0]?.value(division, index) ?? null],
      ['EntityType', type],
      ['DeletedDate', wallClock(context.now)],
      ['DeletedBy', context.user.id],
    ]),
  })
}

function bury(set: EntitySet, index: number, { division, dataset }: WriteContext): void {
  const before = set.written.rowOf(division, index)
  dataset.written.put(set.path, division, {
    index,
    isAdded: before?.isAdded ?? false,
    isDeleted: true,
    values: before?.values ?? new Map(),
  })
}

/** Amounts of a header are the sums of its lines. */
function settleSums(header: EntitySet, index: number, context: WriteContext): void {
  const { division } = context
  const sums = new Map<string, Value>()
  for (const { lines } of header.collections) {
    if (!lines) continue
    const rows = lineRows(header, lines, foreignKeyTo(header, lines), division, index)
    if (
      rows.every((row) => lines.written.rowOf(division, row) === undefined) &&
      header.written.rowOf(division, index) === undefined
    )
      continue
    for (const [name, property] of header.properties) {
      const summands = summandsOf(name, header, lines)
      if (summands.length === 0 || summands[0]?.type !== property.type) continue
      const cents = rows.reduce(
        (sum, row) =>
          summands.reduce((all, line) => all + Math.round(Number(line.value(division, row) ?? 0) * 100), sum),
        0,
      )
      sums.set(name, cents / 100)
    }
  }
  if (sums.size > 0) touch(header, index, sums, context)
}

/** What of each line makes an amount of the header: invoices and orders include VAT. */
function summandsOf(name: string, header: EntitySet, lines: EntitySet): readonly Property[] {
  const pick = (...names: string[]) =>
    names.flatMap((wanted) => lines.properties.get(wanted) ?? []).slice(0, 1)
  if (placeOf(header.path) && /^Amount[DF]C$/.test(name))
    return [...pick(name), ...pick(`VAT${name}`, 'VATAmountFC', 'VATAmount')]
  if (placeOf(header.path) && name === 'AmountFCExclVat') return pick('AmountFC')
  return summed.test(name) ? pick(name) : []
}

/** A line that changed changes the sums of its header. */
function settleHeader(lines: EntitySet, index: number, context: WriteContext): void {
  for (const [header, row] of headersOf(lines, index, context)) settleSums(header, row, context)
}

function headersOf(
  lines: EntitySet,
  index: number,
  { dataset, division }: WriteContext,
): readonly (readonly [EntitySet, number])[] {
  return [...dataset.entitySets.values()].flatMap((set) => {
    if (!set.collections.some((collection) => collection.lines === lines)) return []
    const key = foreignKeyTo(set, lines)?.value(division, index) ?? null
    const found = key === null ? undefined : set.keys[0]?.rowsWith?.(division, key)
    return found?.count === 1 ? [[set, found.first] as const] : []
  })
}

/** `sync/Deleted` forgets after two months. */
export function forgetDeletions(set: EntitySet, division: number, now: number): void {
  const date = set.properties.get('DeletedDate')
  for (const row of set.written.touched(division)) {
    if (row.isDeleted || Number(date?.value(division, row.index)) >= wallClock(now) - deletionsKeptMs)
      continue
    set.written.put(division, { ...row, isDeleted: true })
  }
}
