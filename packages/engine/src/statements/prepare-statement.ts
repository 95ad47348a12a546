import { type Clock, SluisError } from '@sluis/shared'
import type { ChosenRead } from '../catalog/connector.ts'
import type { QueryablePlatforms } from '../catalog/queryable-platforms.ts'
import type { Partition } from '../catalog/table.ts'
import type { DatabaseStore } from '../databases/database-store.ts'
import type { GrantHosts } from '../databases/grant-hosts.ts'
import type { PartitionReader } from '../databases/partition-reader.ts'
import type { ReadMemory } from '../databases/read-memory.ts'
import type { Database, DatabaseSource, OpenSession, QueryRequest } from '../engine.ts'
import type { NativeCall } from '../fetch/api-caller.ts'
import type { Waiting } from '../fetch/call-budget.ts'
import type { CallerFor } from '../fetch/caller-for.ts'
import type { StatementPages } from '../keep/statement-pages.ts'
import { expandLines } from '../plan/expand-lines.ts'
import type { Planner } from '../plan/planner.ts'
import { prunePartitions } from '../plan/prune-partitions.ts'
import { shareReads } from '../plan/share-reads.ts'
import type { StatementPlan } from '../plan/statement-plan.ts'
import { ReadChooser } from './choose-reads.ts'
import { firstGrant, statementKey } from './explain-reads.ts'
import type { SourceContext } from './source-context.ts'
import type { JobRun } from './statement-job.ts'

/** A statement that is ready to be explained or run. */
export interface PreparedStatement {
  readonly database: Database
  readonly plan: StatementPlan
  readonly chooser: ReadChooser
  readonly reads: readonly ChosenRead[]
  /** Sources whose host the platform is yet to be asked for. */
  readonly unplaced: readonly string[]
  readonly warnings: readonly string[]
  readonly isStrict: boolean
  readonly pages: StatementPages
  /** False when partitions would have to be asked for first: costs are then told for one of them. */
  readonly arePartitionsKnown: boolean
}

export interface StatementPreparerParts {
  readonly databases: DatabaseStore
  readonly partitions: PartitionReader
  readonly platforms: QueryablePlatforms
  readonly memory: ReadMemory
  readonly planner: Planner
  readonly openSession: OpenSession
  readonly callerFor: CallerFor
  readonly hosts: GrantHosts
  readonly clock: Clock
  readonly timeZone: string
  readonly pushdown: boolean
}

/** Who is told of calls, and may stop them; null where no call may be made. */
export type Asking = {
  readonly onCall: (call: NativeCall) => void
  readonly signal: AbortSignal
  readonly waiting: Pick<Waiting, 'isPatient' | 'onWait'>
} | null

const unknownPartition: Partition = { id: '?', name: 'not read yet', isReadable: true }

/** Plans statements over the sources of their database and chooses how each scan is read. */
export class StatementPreparer {
  readonly #parts: StatementPreparerParts

  constructor(parts: StatementPreparerParts) {
    this.#parts = parts
  }

  /** @param pagesOf makes what keeps and gives pages, by the database's settings */
  async prepare(
    request: Omit<QueryRequest, 'format'>,
    asking: Asking,
    pagesOf: (database: Database) => StatementPages,
    job: Pick<JobRun, 'frozenAt' | 'memory'> | null = null,
  ): Promise<PreparedStatement> {
    const { sql, parameters, organisationId } = request
    const { databases, planner, memory, clock, timeZone, pushdown } = this.#parts
    const database = await databases.get(organisationId, request.database)
    const pages = pagesOf(database)
    await pages.begin(database.sources)
    const opened = await Promise.all(database.sources.map((source) => this.#open(request, source, asking)))
    const contexts = opened.map(({ context }) => context)
    const plan = await planner.plan(
      {
        sql,
        ...(parameters === undefined ? {} : { parameters }),
        tables: contexts.map(({ alias, connector }) => ({ alias, tables: connector.tables })),
        frozenAt: BigInt(job?.frozenAt ?? clock.now()) * 1000n,
        timeZone,
        pushdown,
      },
      asking?.signal,
    )
    refuseOfOthers(plan, contexts)
    const chooser = new ReadChooser(
      new Map(contexts.map((context) => [context.alias, context])),
      plan,
      job?.memory ?? memory,
      pages,
    )
    const isStrict = request.strict ?? database.strict
    const leftOut = contexts.flatMap((context) => leftOutOf(context, plan, isStrict))
    const alone = await Promise.all(plan.scans.map((scan) => chooser.choose(scan)))
    const shared = await shareReads(alone, (scan) => chooser.choose(scan))
    const reads = await expandLines(shared, {
      chooseWith: (scan, column) => chooser.chooseWith(scan, column),
      remembered: async () => {
        const lookUp = await memory.load(firstGrant(database), [statementKey(request)])
        return (scan) => lookUp(statementKey(request), String(scan), '')?.calls ?? null
      },
    })
    return {
      database,
      plan,
      chooser,
      reads,
      unplaced: contexts.flatMap(({ alias, isPlaced }) => (isPlaced ? [] : [alias])),
      isStrict,
      pages,
      warnings: [...leftOut, ...opened.flatMap(({ warnings }) => warnings)],
      arePartitionsKnown: opened.every(({ isKnown }) => isKnown),
    }
  }

  async #open(
    { organisationId }: Pick<QueryRequest, 'organisationId'>,
    { alias, grant, platform, partitions: chosen, withheld = [] }: DatabaseSource,
    asking: Asking,
  ): Promise<{ readonly context: SourceContext; readonly warnings: string[]; readonly isKnown: boolean }> {
    const { platforms, partitions, openSession, callerFor, hosts } = this.#parts
    const { connector } = platforms.get(platform)
    const session = await openSession(organisationId, grant)
    const known = await partitions.known(grant)
    const all =
      known ?? (asking ? await partitions.read(organisationId, grant, asking.onCall) : [unknownPartition])
    const isKnown = known !== null || asking !== null
    const own = isKnown ? all.filter(({ id }) => chosen === 'all' || chosen.includes(id)) : all
    const blocked = own.filter(({ isReadable }) => !isReadable)
    const missing =
      chosen === 'all' || !isKnown ? [] : chosen.filter((id) => !all.some((partition) => partition.id === id))
    return {
      isKnown,
      warnings: isKnown
        ? []
        : [`What ${alias} is divided into has not been read yet: the first statement asks for it.`],
      context: {
        alias,
        grant,
        platform,
        clientId: session.clientId,
        connector,
        baseUrl: session.baseUrl,
        isLent: session.isLent ?? false,
        withheld,
        caller: callerFor(connector, session, asking?.onCall ?? (() => {}), asking?.signal, asking?.waiting),
        isPlaced: connector.host === undefined || (await hosts.of(session)) !== undefined,
        partitions: own.filter(({ isReadable }) => isReadable),
        blocked: [
          ...blocked,
          ...[...missing, ...withheld].map((id) => ({ id, name: '', isReadable: false })),
        ],
      },
    }
  }
}

/**
 * What a statement would read and may not: told where the database reads all that it has.
 * @throws SluisError PLATFORM_FORBIDDEN where the statement names it, or is strict
 */
function leftOutOf(
  { alias, partitions, blocked, withheld }: SourceContext,
  { scans }: StatementPlan,
  isStrict: boolean,
): readonly string[] {
  if (blocked.length === 0 || partitions === null) return []
  const all = [...partitions, ...blocked]
  const texts = new Map<string, string>()
  for (const { source, table, where } of scans) {
    if (source !== alias || table.partitionColumn === null) continue
    const asked = prunePartitions(table, where, all).partitions ?? []
    for (const partition of asked.filter((one) => blocked.includes(one))) {
      const text = describeBlocked(partition, withheld)
      if (isStrict || asked.length < all.length) {
        throw new SluisError('PLATFORM_FORBIDDEN', text, {
          hint: 'Open it at the platform, or leave it out of the statement.',
          details: { partition: partition.id },
        })
      }
      texts.set(partition.id, text)
    }
  }
  return [...texts.values()]
}

const describeBlocked = ({ id, name }: Partition, withheld: readonly string[]) =>
  withheld.includes(id)
    ? `${id} is not lent to this organisation any more; it is left out.`
    : name === ''
      ? `The consent does not cover ${id} any more; it is left out.`
      : `${name} (${id}) is blocked at the platform and left out.`

/** Through a grant that is lent only what belongs to one partition is read: the rest tells of the lender and of others. */
function refuseOfOthers({ scans }: StatementPlan, contexts: readonly SourceContext[]): void {
  const lent = new Set(contexts.filter(({ isLent }) => isLent).map(({ alias }) => alias))
  for (const { source, table } of scans) {
    if (!lent.has(source) || (table.partitionColumn !== null && !table.tellsOfOthers)) continue
    throw new SluisError(
      'SQL_NOT_ALLOWED',
      `${table.schema}.${table.name} is not of one partition alone, and this database’s grant is lent.`,
      { hint: 'Ask whoever lends the grant for what you need of it.' },
    )
  }
}
