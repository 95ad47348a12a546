import { isSluisError, SluisError } from '@sluis/shared'
import type { Predicate } from '../catalog/predicate.ts'
import type { PlatformTable } from '../catalog/table.ts'
import type { RowWrite, TableWrite, WriteValue } from '../catalog/table-write.ts'
import type { WrittenRow } from '../engine.ts'
import type { WritePlan } from '../plan/write-plan.ts'
import { toValue } from '../run/typed-value.ts'
import type { SourceContext } from '../statements/source-context.ts'
import { type CheckedRow, isEqual } from './check-rows.ts'
import { typeOf } from './evaluate-rows.ts'
import type { FoundRow, LookForRow } from './look-for-row.ts'

export interface PerformOptions {
  readonly plan: WritePlan
  readonly table: PlatformTable
  readonly tableWrite: TableWrite
  readonly source: SourceContext
  readonly rows: readonly CheckedRow[]
  readonly look: LookForRow
  /** Told of each row when it is settled. */
  readonly onRow: (row: WrittenRow) => Promise<void>
  /** Told before a row goes out, so that it is known whatever happens then. */
  readonly onSending: (row: number) => Promise<void>
}

/** What became of all rows. */
export interface Performed {
  readonly rows: readonly WrittenRow[]
  /** Of inserts: the row as the platform gave it back, in the order of `rows`; null where there is none. */
  readonly inserted: readonly (string | null)[]
  /** Why it stopped before the last row; null where it did not. */
  readonly fault: unknown
}

type Settled = Pick<WrittenRow, 'outcome' | 'key' | 'error'> & {
  readonly body?: string
  readonly fault?: unknown
}

const done = { insert: 'inserted', update: 'updated', delete: 'deleted' } as const

/**
 * Writes row by row, in order, and stops at the first that is not certainly done: what comes after it may rest on it.
 */
export async function performWrites(options: PerformOptions): Promise<Performed> {
  const { rows, plan, onRow, onSending } = options
  const written: WrittenRow[] = []
  const inserted: (string | null)[] = []
  let fault: unknown = null
  for (const [index, checked] of rows.entries()) {
    if (fault === null && checked.write !== null) await onSending(index + 1)
    const settled: Settled =
      fault === null
        ? await settle(checked, options)
        : { outcome: 'not attempted', key: checked.key, error: null }
    if (settled.outcome === 'failed' || settled.outcome === 'unknown')
      fault = settled.fault ?? stopped(index + 1, rows.length, settled)
    const { old, new: values } = checked.evaluated
    const row: WrittenRow = {
      row: index + 1,
      outcome: settled.outcome,
      partition: checked.partition?.id ?? null,
      key: settled.key,
      error: settled.error,
      old: plan.verb === 'insert' ? null : Object.fromEntries(old),
      new: plan.verb === 'delete' ? null : Object.fromEntries(values),
    }
    written.push(row)
    inserted.push(settled.body ?? null)
    await onRow(row)
  }
  return { rows: written, inserted, fault }
}

function stopped(row: number, rows: number, { outcome, error }: Settled): SluisError {
  if (outcome === 'unknown') {
    return new SluisError(
      'WRITE_OUTCOME_UNKNOWN',
      `Nobody knows whether row ${row} of ${rows} was written: ${error}`,
      { hint: 'Look at the platform whether it is there before writing it again.', details: { row } },
    )
  }
  return new SluisError('SQL_FAILED', `The platform refuses row ${row} of ${rows}: ${error}`, {
    hint: 'Rows before it are written, rows after it are not.',
    details: { row },
  })
}

async function settle(checked: CheckedRow, options: PerformOptions): Promise<Settled> {
  const { write, key } = checked
  if (write === null) return { outcome: 'unchanged', key, error: null }
  try {
    return await send(write, checked, options, false)
  } catch (fault) {
    // What throws was not sent: a full day, a withdrawn permission, a statement that was cancelled in between.
    const error = isSluisError(fault) ? fault.message : 'Sluis made a mistake with this row.'
    return { outcome: 'failed', key, error, fault }
  }
}

async function send(
  write: RowWrite,
  checked: CheckedRow,
  options: PerformOptions,
  isSecond: boolean,
): Promise<Settled> {
  const { connector, caller, baseUrl } = options.source
  const { writes } = connector
  if (!writes) throw new TypeError(`${connector.platform} cannot be written`)
  if (write.verb === 'insert' && options.tableWrite.insertReplaces && !isSecond) {
    const where = whereabouts(write, options)
    const [row] = where === null ? [] : await options.look(where, [], write.partition)
    if (row) {
      const error = 'A row with this key is there already; UPDATE changes it.'
      return { outcome: 'failed', key: row.key, error }
    }
  }
  const outcome = await caller.write(writes.request(baseUrl, write))
  switch (outcome.kind) {
    case 'done': {
      if (write.verb !== 'insert') return { outcome: done[write.verb], key: write.key, error: null }
      const { row, key } = writes.readInserted(write.table, outcome.response.body)
      return { outcome: 'inserted', key, error: null, body: row }
    }
    case 'refused':
      return { outcome: 'failed', key: write.key, error: outcome.text }
    case 'lost':
      return afterLoss(write, checked, options, outcome.text, isSecond)
    default:
      throw outcome satisfies never
  }
}

/**
 * The answer is lost: looks what stands there now. Only a row that certainly is as before is written again, and only
 * once; an insert without a natural key cannot be looked for.
 */
async function afterLoss(
  write: RowWrite,
  checked: CheckedRow,
  options: PerformOptions,
  text: string,
  isSecond: boolean,
): Promise<Settled> {
  const unknown = (why: string): Settled => ({ outcome: 'unknown', key: write.key, error: `${text} ${why}` })
  const where = whereabouts(write, options)
  if (where === null) return unknown('The row has no natural key by which it could be looked for.')
  let found: readonly FoundRow[]
  try {
    found = await options.look(where, [...write.values.keys()], write.partition)
  } catch {
    return unknown('Looking for it failed too.')
  }
  const [row, ...others] = found
  if (others.length > 0) return unknown('Several rows have its natural key.')
  const isThere = row !== undefined
  const stands = ([name, value]: readonly [string, WriteValue]) =>
    Array.isArray(value) || isEqual(row?.values.get(name) ?? null, value)
  if (write.verb === 'delete' && !isThere) return { outcome: 'deleted', key: write.key, error: null }
  if (write.verb === 'update' && !isThere) return unknown('The row is not there any more.')
  if (write.verb !== 'delete' && isThere) {
    if ([...write.values].every(stands))
      return { outcome: done[write.verb], key: row.key, error: null, body: row.body }
    // Somebody else's row, or ours with values that the platform changed.
    if (write.verb === 'insert') return unknown('A row with its natural key is there, with other values.')
  }
  if (isSecond) return unknown('It was sent twice, and the answer was lost both times.')
  return send(write, checked, options, true)
}

/** The condition under which the row of a write is found; null where nothing names it. */
function whereabouts(write: RowWrite, { plan, table, tableWrite }: PerformOptions): Predicate | null {
  const names = write.verb === 'insert' ? tableWrite.naturalKey : [plan.keyColumn]
  const terms = names.map((column): Predicate | null => {
    const value = write.verb === 'insert' ? (write.values.get(column) ?? null) : write.key
    const type = typeOf(table, column)
    if (value === null || typeof type !== 'string') return null
    return { kind: 'compare', column, op: '=', value: toValue(String(value).trim(), type) }
  })
  const known = terms.filter((term) => term !== null)
  return known.length === 0 || known.length < terms.length ? null : { kind: 'and', terms: known }
}
