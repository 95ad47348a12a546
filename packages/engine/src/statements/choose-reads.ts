import type { GrantId, OutgoingRequest } from '@sluis/shared'
import type { ChosenRead, ReadOffer } from '../catalog/connector.ts'
import type { Predicate } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { Partition } from '../catalog/table.ts'
import type { LookUpRead, ReadMemory } from '../databases/read-memory.ts'
import type { PageChain } from '../fetch/page-chain.ts'
import type { StatementPages } from '../keep/statement-pages.ts'
import { chooseRead } from '../plan/choose-read.ts'
import { prunePartitions } from '../plan/prune-partitions.ts'
import type { StatementPlan } from '../plan/statement-plan.ts'
import type { SourceContext } from './source-context.ts'

/** What is known of a scan beside its own text. */
export interface ChoosingHints {
  /** Only these partitions of the source. */
  readonly partitions?: readonly Partition[]
  readonly likelyRows?: (partition: Partition | null) => number
  readonly leastRows?: (partition: Partition | null) => number
}

/** Chooses how scans are read, with what earlier reads taught. */
export class ReadChooser {
  readonly #sources: ReadonlyMap<string, SourceContext>
  readonly #plan: StatementPlan
  readonly #memory: Pick<ReadMemory, 'load'>
  readonly #pages: StatementPages
  readonly #lookUps = new Map<string, LookUpRead>()

  constructor(
    sources: ReadonlyMap<string, SourceContext>,
    plan: StatementPlan,
    memory: Pick<ReadMemory, 'load'>,
    pages: StatementPages,
  ) {
    this.#sources = sources
    this.#plan = plan
    this.#memory = memory
    this.#pages = pages
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
  async choose(scan: Scan, keys: readonly Predicate[] = [], hints: ChoosingHints = {}): Promise<ChosenRead> {
    const best = await this.#choose(scan, keys, hints)
    if (best.isKept || !this.#pages.isOn) return best
    // Kept pages with more columns hold these rows too.
    const { table } = scan
    const source = this.sourceOf(scan)
    const wider = await this.#pages.widerColumns(source, `${table.schema}.${table.name}`, scan.columns)
    for (const columns of wider) {
      const wide = await this.#choose({ ...scan, columns }, keys, hints)
      if (wide.isKept) return wide
    }
    return best
  }

  /** The pages of a read in one partition, kept or asked for. */
  open(read: ChosenRead, partition: Partition | null, first: OutgoingRequest): PageChain {
    return this.#pages.open(this.sourceOf(read.scan), read, partition, first)
  }

  /** The same read with one column more, of which an earlier read without that column tells how many rows there are. */
  async chooseWith(scan: Scan, column: string): Promise<ChosenRead> {
    const { partitions, grant } = this.sourceOf(scan)
    const wide: Scan = { ...scan, columns: [...new Set([...scan.columns, column])].sort() }
    const [offers, twins] = [this.#offers(wide), this.#offers(scan)]
    const lookUp = await this.#lookUp(grant, [...offers, ...twins])
    const isKept = await this.#keptOf(wide, wide, offers, partitions)
    return chooseRead(wide, offers, { partitions, lookUp, twins, isKept })
  }

  async #choose(scan: Scan, keys: readonly Predicate[], hints: ChoosingHints): Promise<ChosenRead> {
    const { grant, partitions: all } = this.sourceOf(scan)
    const partitions = hints.partitions ?? all
    const restricted: Scan = keys.length === 0 ? scan : { ...scan, where: [...scan.where, ...keys] }
    const offers = this.#offers(restricted)
    const lookUp = await this.#lookUp(grant, offers)
    const isKept = await this.#keptOf(scan, restricted, offers, partitions)
    return chooseRead(restricted, offers, { ...hints, partitions, lookUp, isKept })
  }

  #offers(scan: Scan): readonly ReadOffer[] {
    const { connector, baseUrl } = this.sourceOf(scan)
    return (
      connector
        .negotiate(
          {
            table: scan.table,
            columns: scan.columns,
            where: scan.where,
            limit: scan.limit,
            orderBy: scan.orderBy,
            isCountOnly: scan.isCountOnly,
            ...(scan.arguments === undefined ? {} : { arguments: scan.arguments }),
          },
          baseUrl,
        )
        // A bare count answers a filtered count only where a text is known that asks for nothing else.
        .filter((offer) => !offer.isCount || scan.where.length === 0 || this.#plan.countedSql !== null)
    )
  }

  async #lookUp(grant: GrantId, offers: readonly ReadOffer[]): Promise<LookUpRead> {
    const endpoints = [...new Set(offers.map(({ endpoint }) => endpoint))].sort()
    const name = `${grant} ${endpoints.join()}`
    let lookUp = this.#lookUps.get(name)
    if (!lookUp) {
      lookUp = await this.#memory.load(grant, endpoints)
      this.#lookUps.set(name, lookUp)
    }
    return lookUp
  }

  /** Which of these offers' pages are kept, by partition. */
  async #keptOf(
    scan: Scan,
    restricted: Scan,
    offers: readonly ReadOffer[],
    all: readonly Partition[] | null,
  ): Promise<(offer: ReadOffer, partition: Partition | null) => boolean> {
    if (!this.#pages.isOn) return () => false
    const { grant } = this.sourceOf(scan)
    const { partitions } = prunePartitions(
      scan.table,
      restricted.where,
      scan.table.partitionColumn ? all : null,
    )
    const places: readonly (Partition | null)[] = partitions ?? [null]
    await this.#pages.lookUp(
      grant,
      offers.flatMap((offer) => places.flatMap((place) => offer.requests(place))),
    )
    return (offer, place) => {
      const requests = offer.requests(place)
      return requests.length > 0 && requests.every((request) => this.#pages.isFresh(grant, request))
    }
  }
}
