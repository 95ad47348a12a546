import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, type OrganisationId, type OutgoingRequest, SluisError } from '@sluis/shared'
import type { ChosenRead } from '../catalog/connector.ts'
import type { Partition } from '../catalog/table.ts'
import type { CallOutcome } from '../fetch/api-caller.ts'
import type { PageChain } from '../fetch/page-chain.ts'
import type { SourceContext } from '../statements/source-context.ts'
import type { AnswerCache, CacheEntry } from './answer-cache.ts'
import { ChainFile, type KeptPage } from './chain-file.ts'
import { chainKey } from './chain-key.ts'
import type { Freshness } from './freshness.ts'
import type { PageSealer } from './page-sealer.ts'

export interface StatementPagesOptions {
  readonly organisationId: OrganisationId
  readonly cache: AnswerCache
  readonly sealer: PageSealer
  readonly clock: Clock
  readonly freshness: Freshness
  /** The statement's own folder, on the file system of the cache's. */
  readonly folder: string
  /** Where the statement's own pages are kept until it has ended; null where it is not gone on with. */
  readonly jobFolder?: string | null
  /** Told of each page that an earlier server had read for this statement. */
  readonly onReplayed?: (bytes: number) => void
}

/** What kept pages did for a statement. */
export interface CacheUse {
  /** Reads of one partition that were answered by kept pages. */
  readonly hits: number
  readonly callsSaved: number
  /** Age of the oldest page in the answer that was kept, in seconds; null without one. */
  readonly oldestAgeSeconds: number | null
}

type Take = (bytes: number) => Buffer

/** Where the pages of one statement come from: kept ones where they are fresh enough, else the platform. */
export class StatementPages {
  readonly #options: StatementPagesOptions
  readonly #epochs = new Map<string, Promise<number>>()
  readonly #fresh = new Map<string, CacheEntry>()
  #hits = 0
  #callsSaved = 0
  #oldestAt: number | null = null
  readonly #oldestOf = new Map<number, number>()

  constructor(options: StatementPagesOptions) {
    this.#options = options
  }

  /** Whether anything is kept or used at all. */
  get isOn(): boolean {
    const { freshness, cache } = this.#options
    return (cache.isOn && (freshness.maxAgeSeconds !== null || freshness.isKept)) || freshness.isOnlyKept
  }

  get use(): CacheUse | null {
    if (!this.isOn) return null
    const oldest = this.#oldestAt
    const oldestAgeSeconds = oldest === null ? null : this.#secondsSince(oldest)
    return { hits: this.#hits, callsSaved: this.#callsSaved, oldestAgeSeconds }
  }

  /** Age of the oldest kept page of one scan; null without one. */
  ageOf(scan: number): number | null {
    const oldest = this.#oldestOf.get(scan)
    return oldest === undefined ? null : this.#secondsSince(oldest)
  }

  #secondsSince(at: number): number {
    return Math.max(0, Math.floor((this.#options.clock.now() - at) / 1000))
  }

  /** Must be asked before anything of a source is read: a write after this keeps what is read out of the cache. */
  async begin(sources: readonly Pick<SourceContext, 'platform'>[]): Promise<void> {
    const { cache, organisationId } = this.#options
    if (!this.isOn) return
    for (const { platform } of sources)
      if (!this.#epochs.has(platform)) this.#epochs.set(platform, cache.epoch(organisationId, platform))
    await Promise.all(this.#epochs.values())
  }

  /** Looks these requests up; `isFresh` knows them then. */
  async lookUp(grant: string, requests: readonly OutgoingRequest[]): Promise<void> {
    const { cache, freshness } = this.#options
    if (freshness.maxAgeSeconds === null) return
    const found = await cache.find(
      requests.map((request) => chainKey(grant, request)),
      freshness.maxAgeSeconds,
    )
    for (const [chain, entry] of found) this.#fresh.set(chain, entry)
  }

  isFresh(grant: string, request: OutgoingRequest): boolean {
    return this.#fresh.has(chainKey(grant, request))
  }

  async widerColumns(
    source: SourceContext,
    table: string,
    columns: readonly string[],
  ): Promise<readonly (readonly string[])[]> {
    const { cache, freshness } = this.#options
    if (freshness.maxAgeSeconds === null) return []
    return cache.widerColumns(source.grant, table, columns, freshness.maxAgeSeconds)
  }

  /** The chain of a read's first request in one partition. */
  open(
    source: SourceContext,
    read: ChosenRead,
    partition: Partition | null,
    first: OutgoingRequest,
  ): PageChain {
    const { caller, grant, platform } = source
    const { freshness, clock, cache, organisationId, sealer, folder, jobFolder = null } = this.#options
    const live = (request: OutgoingRequest, take?: Take) => {
      if (freshness.isOnlyKept) throw notKept(read)
      return caller.call(request, take)
    }
    if (!this.isOn && jobFolder === null) return { call: live, end: async () => {} }
    const chain = chainKey(grant, first)
    const owner = { organisationId, grant, chain }
    const own = jobFolder === null ? null : join(jobFolder, `${chain}.pages`)
    const oldest = clock.now() - (freshness.maxAgeSeconds ?? 0) * 1000
    // What this statement has read itself comes before what others have.
    let replayed = own !== null && existsSync(own) ? ChainFile.open(own, 'write', owner, sealer) : null
    let kept: Promise<ChainFile | null> | null =
      !replayed && this.#fresh.has(chain) ? ChainFile.open(cache.pathOf(chain), 'read', owner, sealer) : null
    let isWholeLive = true
    const draft = join(folder, 'drafts', `${randomUUID()}.pages`)
    let recording: Promise<ChainFile | null> | null = replayed
    const fromOwn = async (request: OutgoingRequest, take?: Take): Promise<CallOutcome | null> => {
      const page = await (await replayed)?.next()
      if (page && page.request === chainKey(grant, request)) {
        isWholeLive = false
        this.#options.onReplayed?.(page.body.length)
        return answered(page, 'own', take)
      }
      replayed = null
      return null
    }
    let fetchedAt: number | null = null
    let served = 0
    const fromKept = async (request: OutgoingRequest, take?: Take): Promise<CallOutcome | null> => {
      const page = await (await kept)?.next()
      if (page && page.request === chainKey(grant, request) && page.at >= oldest) {
        isWholeLive = false
        served++
        this.#callsSaved++
        this.#oldestAt = Math.min(this.#oldestAt ?? page.at, page.at)
        const { id } = read.scan
        this.#oldestOf.set(id, Math.min(this.#oldestOf.get(id) ?? page.at, page.at))
        return answered(page, 'cache', take)
      }
      // Gone meanwhile, or not what it should be: asked for as if it had never been there.
      await (await kept)?.close()
      kept = null
      return null
    }
    const record = async (request: OutgoingRequest, outcome: CallOutcome) => {
      const isRecorded = own !== null ? served === 0 : freshness.isKept && isWholeLive
      if (!isRecorded || outcome.kind !== 'answered') return
      recording ??= ChainFile.open(own ?? draft, 'write', owner, sealer)
      const at = clock.now()
      fetchedAt ??= at
      await (await recording)?.append({ request: chainKey(grant, request), at, body: outcome.response.body })
    }
    return {
      call: async (request, take) => {
        const page = (replayed && (await fromOwn(request, take))) ?? (kept && (await fromKept(request, take)))
        if (page) return page
        const outcome = await live(request, take)
        await record(request, outcome)
        return outcome
      },
      end: async (isWhole) => {
        await (await kept)?.close()
        if (served > 0) {
          this.#hits++
          await cache.touch([chain])
        }
        const file = await recording
        await file?.close()
        if (!file || fetchedAt === null) return
        const epoch = await this.#epochs.get(platform)
        const isCached = isWhole && isWholeLive && freshness.isKept && cache.isOn && epoch !== undefined
        if (!isCached) return own === null ? rm(draft, { force: true }) : undefined
        if (own !== null) {
          await mkdir(dirname(draft), { recursive: true, mode: 0o700 })
          await link(own, draft)
        }
        const { table, columns } = read.scan
        const entry: CacheEntry = {
          organisationId,
          grant,
          platform,
          table: `${table.schema}.${table.name}`,
          columns,
          partition: partition?.id ?? '',
          chain,
          calls: file.pages,
          bytes: file.bytes,
          fetchedAt,
        }
        await cache.keep(draft, entry, epoch)
      },
    }
  }
}

function answered({ body }: KeptPage, isKept: 'cache' | 'own', take?: Take): CallOutcome {
  // Into the fetcher's own memory: it uses it again after the page.
  const memory = take ? take(body.length).subarray(0, body.length) : Buffer.allocUnsafeSlow(body.length)
  body.copy(memory)
  return {
    kind: 'answered',
    isKept,
    response: { status: 200, headers: {}, body: memory },
    call: { method: 'GET', route: '', status: 200, rows: null, bytes: 0, ms: 0 },
  }
}

const notKept = ({ scan: { table } }: ChosenRead) =>
  new SluisError('ANSWER_NOT_KEPT', `${table.schema}.${table.name} is not kept, or not so fresh.`, {
    hint: 'Without only-if-cached the platform is asked.',
  })
