import type { ChosenRead } from '../catalog/connector.ts'
import type { Predicate } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { LookUpRead, ReadMemory } from '../databases/read-memory.ts'
import { chooseRead } from '../plan/choose-read.ts'
import type { StatementPlan } from '../plan/statement-plan.ts'
import type { SourceContext } from './source-context.ts'

/** Chooses how scans are read, with what earlier reads taught. */
export class ReadChooser {
  readonly #sources: ReadonlyMap<string, SourceContext>
  readonly #plan: StatementPlan
  readonly #memory: ReadMemory
  readonly #lookUps = new Map<string, LookUpRead>()

  constructor(sources: ReadonlyMap<string, SourceContext>, plan: StatementPlan, memory: ReadMemory) {
    this.#sources = sources
    this.#plan = plan
    this.#memory = memory
  }

  sourceOf(scan: Scan): SourceContext {
    return this.sourceNamed(scan.source)
  }

  sourceNamed(alias: string): SourceContext {
    const source = this.#sources.get(alias)
    if (!source) throw new TypeError(`a statement names source ${alias}, which the database does not have`)
    return source
  }

  /** The cheapest way to read a scan; `keys` restricts it further. */
  async choose(scan: Scan, keys: readonly Predicate[] = []): Promise<ChosenRead> {
    const { connector, baseUrl, partitions, grant } = this.sourceOf(scan)
    const restricted: Scan = keys.length === 0 ? scan : { ...scan, where: [...scan.where, ...keys] }
    const offers = connector
      .negotiate(
        {
          table: scan.table,
          columns: scan.columns,
          where: restricted.where,
          limit: scan.limit,
          orderBy: scan.orderBy,
          isCountOnly: scan.isCountOnly,
          ...(scan.arguments === undefined ? {} : { arguments: scan.arguments }),
        },
        baseUrl,
      )
      // A bare count answers a filtered count only where a text is known that asks for nothing else.
      .filter((offer) => !offer.isCount || scan.where.length === 0 || this.#plan.countedSql !== null)
    const endpoints = [...new Set(offers.map(({ endpoint }) => endpoint))].sort()
    const name = `${grant} ${endpoints.join()}`
    let lookUp = this.#lookUps.get(name)
    if (!lookUp) {
      lookUp = await this.#memory.load(grant, endpoints)
      this.#lookUps.set(name, lookUp)
    }
    return chooseRead(restricted, offers, { partitions, lookUp })
  }
}
