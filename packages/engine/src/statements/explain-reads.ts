import { createHash } from 'node:crypto'
import type { GrantId } from '@sluis/shared'
import type { CallEstimate, ChosenRead } from '../catalog/connector.ts'
import type { ReadMemory } from '../databases/read-memory.ts'
import type { Database, Explanation, QueryRequest } from '../engine.ts'
import { orderScans } from '../plan/order-scans.ts'
import type { StatementPlan } from '../plan/statement-plan.ts'
import { describePredicate } from '../run/predicate-sql.ts'
import type { PreparedStatement } from './prepare-statement.ts'
import type { ReadScan } from './read-scan.ts'

/** The name under which a whole statement's calls are remembered: key transfers cannot be foretold without a call. */
export function statementKey({
  sql,
  parameters,
  database,
}: Pick<QueryRequest, 'sql' | 'parameters' | 'database'>): string {
  const text = JSON.stringify([database, sql, parameters ?? null])
  return `statement ${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`
}

/** Remembers what each scan of a statement cost. */
export async function rememberStatement(
  memory: ReadMemory,
  grant: GrantId,
  request: Pick<QueryRequest, 'sql' | 'parameters' | 'database'>,
  scans: readonly ReadScan[],
): Promise<void> {
  // What headers and lines cost apart stays known while they are read together.
  const lenders = new Set(scans.flatMap(({ read }) => (read.nestedIn ? [read.sharedWith] : [])))
  const apart = scans.filter(({ read }) => !read.nestedIn && !lenders.has(read.scan.id))
  if (apart.length === 0) return
  const costs = apart.map(({ read, fetched }) => ({
    partition: String(read.scan.id),
    rows: fetched?.rows ?? 0,
    calls: fetched?.calls ?? 0,
  }))
  await memory.remember(grant, statementKey(request), '', costs)
}

/** What a statement would ask of the platform and what that costs; asks nothing. */
export function explainReads(
  plan: StatementPlan,
  reads: readonly ChosenRead[],
  warnings: readonly string[],
  remembered: (scan: number) => number | null,
): Explanation {
  const order = new Map(orderScans(reads).map(({ scanId, keysFrom }) => [scanId, keysFrom]))
  const scans = reads.map((read) => {
    const { scan, offer, partitions, reason } = read
    const keys = order.get(scan.id) ?? []
    const isSkipped = scan.limit === 0 || partitions?.length === 0 || read.sharedWith !== undefined
    return {
      table: `${scan.source}.${scan.table.schema}.${scan.table.name}`,
      endpoint: offer.endpoint,
      partitions: (partitions ?? []).map(({ id }) => id),
      filter: offer.filter,
      columns: offer.columns,
      pushed: scan.where.map((term, index) => ({
        term: describePredicate(term),
        judgement: read.sharedWith === undefined ? (offer.judgements[index] ?? 'no') : 'no',
      })),
      keysFrom: keys.map(
        ({ column, fromScan, fromColumn, isWithinPartition }) =>
          `${column}${isWithinPartition ? ` within ${scan.table.partitionColumn}` : ''} from ${nameOf(reads, fromScan)}.${fromColumn}`,
      ),
      requests: isSkipped ? [] : firstRequests(read),
      calls: isSkipped
        ? { min: 0, expected: 0, max: 0 }
        : boundedCalls(read.calls, keys.length > 0 ? remembered(scan.id) : null, keys.length > 0),
      reason,
    }
  })
  return {
    class: plan.class,
    calls: {
      min: scans.reduce((sum, { calls }) => sum + calls.min, 0),
      expected: scans.reduce((sum, { calls }) => sum + calls.expected, 0),
      max: scans.some(({ calls }) => calls.max === null)
        ? null
        : scans.reduce((sum, { calls }) => sum + (calls.max ?? 0), 0),
    },
    scans,
    warnings,
  }
}

/** The calls of a write come on top of those of its reads. */
export function withWrite(explanation: Explanation, write: NonNullable<Explanation['write']>): Explanation {
  const { calls } = explanation
  return {
    ...explanation,
    write,
    calls: {
      min: calls.min + write.calls.min,
      expected: calls.expected + write.calls.expected,
      max: calls.max === null || write.calls.max === null ? null : calls.max + write.calls.max,
    },
  }
}

/**
 * With the calls that ask where a source's data are, on platforms that tell: one for each source that is used and whose
 * host nobody has found out yet.
 */
export function withLookUps(
  explanation: Explanation,
  prepared: Pick<PreparedStatement, 'unplaced' | 'reads' | 'plan'>,
): Explanation {
  const lookUps = lookUpCalls(prepared)
  if (lookUps.length === 0) return explanation
  const { calls } = explanation
  const total = (bound: 'min' | 'expected' | 'max') => lookUps.reduce((sum, one) => sum + one.calls[bound], 0)
  return {
    ...explanation,
    calls: {
      min: calls.min + total('min'),
      expected: calls.expected + total('expected'),
      max: calls.max === null ? null : calls.max + total('max'),
    },
    warnings: [
      ...explanation.warnings,
      ...lookUps.map(
        ({ alias }) =>
          `At which host the data of ${alias} are is not known yet: that is asked for first, with one call.`,
      ),
    ],
  }
}

/** What asking for hosts takes, by source. A source that is not asked for rows is not looked up. */
export function lookUpCalls({
  unplaced,
  reads,
  plan,
}: Pick<PreparedStatement, 'unplaced' | 'reads' | 'plan'>): readonly LookUp[] {
  return unplaced.flatMap((alias): LookUp[] => {
    const own = reads.filter(({ scan, sharedWith }) => scan.source === alias && sharedWith === undefined)
    const hasKeys = new Set(
      orderScans(reads).flatMap(({ scanId, keysFrom }) => (keysFrom.length > 0 ? [scanId] : [])),
    )
    const isWritten = plan.write?.source === alias
    const isAny = (test: (read: ChosenRead) => boolean) => (isWritten || own.some(test) ? 1 : 0)
    const max = isAny(({ calls }) => calls.max !== 0)
    if (max === 0) return []
    const min = isAny(({ calls, scan }) => calls.min > 0 && !hasKeys.has(scan.id))
    return [{ alias, calls: { min, expected: isAny(({ calls }) => calls.expected > 0), max } }]
  })
}

interface LookUp {
  readonly alias: string
  readonly calls: { readonly min: number; readonly expected: number; readonly max: number }
}

/** With keys a read may turn out to be unnecessary; a memory of the same statement is the best guess. */
function boundedCalls(calls: CallEstimate, remembered: number | null, hasKeys: boolean): CallEstimate {
  const min = hasKeys ? 0 : calls.min
  const expected = remembered ?? calls.expected
  return {
    min,
    expected: Math.max(min, calls.max === null ? expected : Math.min(expected, calls.max)),
    max: calls.max,
  }
}

const nameOf = (reads: readonly ChosenRead[], id: number) =>
  reads.find(({ scan }) => scan.id === id)?.scan.table.name ?? String(id)

/** The first requests that would go out, path and query, a few of many. */
function firstRequests({ offer, partitions }: ChosenRead): string[] {
  const places = partitions === null ? [null] : partitions.slice(0, 3)
  return places
    .flatMap((place) => offer.requests(place).slice(0, 3))
    .map(({ method, url }) => {
      const { pathname, search } = new URL(url)
      const text = `${method} ${decodeURIComponent(pathname + search)}`
      return text.length > 500 ? `${text.slice(0, 500)}…` : text
    })
}

/** The grant under which what a statement cost is remembered. */
export function firstGrant({ sources }: Database): GrantId {
  const [first] = sources
  if (!first) throw new TypeError('a database without a source')
  return first.grant
}
