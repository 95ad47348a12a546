import type { Clock } from '@sluis/shared'
import type { ChosenRead } from '../catalog/connector.ts'
import type { QueryablePlatforms } from '../catalog/queryable-platforms.ts'
import type { Partition } from '../catalog/table.ts'
import type { DatabaseStore } from '../databases/database-store.ts'
import type { PartitionReader } from '../databases/partition-reader.ts'
import type { ReadMemory } from '../databases/read-memory.ts'
import type { Database, DatabaseSource, OpenSession, QueryRequest } from '../engine.ts'
import type { NativeCall } from '../fetch/api-caller.ts'
import type { CallerFor } from '../fetch/caller-for.ts'
import type { Planner } from '../plan/planner.ts'
import { shareReads } from '../plan/share-reads.ts'
import type { StatementPlan } from '../plan/statement-plan.ts'
import { ReadChooser } from './choose-reads.ts'
import type { SourceContext } from './source-context.ts'

/** A statement that is ready to be explained or run. */
export interface PreparedStatement {
  readonly database: Database
  readonly plan: StatementPlan
  readonly chooser: ReadChooser
  readonly reads: readonly ChosenRead[]
  readonly warnings: readonly string[]
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
  readonly clock: Clock
  readonly timeZone: string
  readonly pushdown: boolean
}

/** Who is told of calls, and may stop them; null where no call may be made. */
export type Asking = { readonly onCall: (call: NativeCall) => void; readonly signal: AbortSignal } | null

const unknownPartition: Partition = { id: '?', name: 'not read yet', isReadable: true }

/** Plans statements over the sources of their database and chooses how each scan is read. */
export class StatementPreparer {
  readonly #parts: StatementPreparerParts

  constructor(parts: StatementPreparerParts) {
    this.#parts = parts
  }

  async prepare(request: Omit<QueryRequest, 'format'>, asking: Asking): Promise<PreparedStatement> {
    const { sql, parameters, organisationId } = request
    const { databases, planner, memory, clock, timeZone, pushdown } = this.#parts
    const database = await databases.get(organisationId, request.database)
    const opened = await Promise.all(database.sources.map((source) => this.#open(request, source, asking)))
    const contexts = opened.map(({ context }) => context)
    const plan = await planner.plan(
      {
        sql,
        ...(parameters === undefined ? {} : { parameters }),
        tables: contexts.map(({ alias, connector }) => ({ alias, tables: connector.tables })),
        frozenAt: BigInt(clock.now()) * 1000n,
        timeZone,
        pushdown,
      },
      asking?.signal,
    )
    const chooser = new ReadChooser(
      new Map(contexts.map((context) => [context.alias, context])),
      plan,
      memory,
    )
    const alone = await Promise.all(plan.scans.map((scan) => chooser.choose(scan)))
    const reads = await shareReads(alone, (scan) => chooser.choose(scan))
    return {
      database,
      plan,
      chooser,
      reads,
      warnings: opened.flatMap(({ warnings }) => warnings),
      arePartitionsKnown: opened.every(({ isKnown }) => isKnown),
    }
  }

  async #open(
    { organisationId }: Pick<QueryRequest, 'organisationId'>,
    { alias, grant, platform, partitions: chosen }: DatabaseSource,
    asking: Asking,
  ): Promise<{ readonly context: SourceContext; readonly warnings: string[]; readonly isKnown: boolean }> {
    const { platforms, partitions, openSession, callerFor } = this.#parts
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
      warnings: [
        ...blocked.map(({ id, name }) => `${name} (${id}) is blocked at the platform and left out.`),
        ...(missing.length > 0 ? [`The consent does not cover ${missing.join(', ')} any more.`] : []),
        ...(isKnown
          ? []
          : [`What ${alias} is divided into has not been read yet: the first statement asks for it.`]),
      ],
      context: {
        alias,
        grant,
        connector,
        baseUrl: session.baseUrl,
        caller: callerFor(connector, session, asking?.onCall ?? (() => {}), asking?.signal),
        partitions: own.filter(({ isReadable }) => isReadable),
      },
    }
  }
}
