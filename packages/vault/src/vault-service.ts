import {
  type Clock,
  type GrantId,
  isId,
  type Log,
  type OrganisationId,
  type RandomBytes,
  type SendRequest,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { AnswerJudge } from './answer-judge.ts'
import { AnswerKeeper } from './answer-keeper.ts'
import { ConnectLinks } from './connect/connect-links.ts'
import { ConnectSettings } from './connect/connect-settings.ts'
import { ConnectVisits } from './connect/connect-visits.ts'
import { DatabaseMemory } from './database-memory.ts'
import { DueGrants } from './due-grants.ts'
import { Envelopes } from './envelopes.ts'
import { GrantLoans } from './grant-loans.ts'
import { GrantRemoval } from './grant-removal.ts'
import { type GrantRow, GrantSeals } from './grant-row.ts'
import { type GrantEventPage, type GrantEventView, GrantViews } from './grant-views.ts'
import { GrantWarnings } from './grant-warnings.ts'
import { type HandOverOptions, Handovers } from './handovers.ts'
import { Idempotency, type IdempotentRequest } from './idempotency.ts'
import type { KeyEncryptionKey } from './kek.ts'
import { KeyCare } from './key-care.ts'
import { KeyRing, rotationOf } from './key-ring.ts'
import { LeaseAudit } from './lease-audit.ts'
import { LeaseCache } from './lease-cache.ts'
import { type LeaseOptions, Leases } from './leases.ts'
import type { OAuthPlatform } from './oauth-platform.ts'
import { PgGrantStore } from './pg-grant-store.ts'
import { ConsentEnds } from './preauthentication/consent-ends.ts'
import { Preauthentications } from './preauthentication/preauthentications.ts'
import { ProcessLiveness } from './process-liveness.ts'
import { Repair } from './repair.ts'
import { Spender } from './spender.ts'
import { Spool } from './spool.ts'
import { spoolShelf } from './spool-records.ts'
import { SpoolReplay } from './spool-replay.ts'
import { StoredClients } from './stored-clients.ts'
import { TokenSender } from './token-sender.ts'
import type { AskedHandover, GrantState, GrantView, Handover, HandoverOutcome, Lease } from './vault.ts'
import { WebhookSender } from './webhooks/webhook-sender.ts'
import { Webhooks } from './webhooks/webhooks.ts'

/** What the vault asks of those who keep databases. */
export interface VaultHooks {
  /** Two grants became one: what read through `from` reads through `to`. */
  onMerged(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void>
  /** A handover was refused for good: what was reserved for it goes. */
  onRefused(tx: pg.ClientBase, grant: GrantId): Promise<void>
  /** A grant is deleted: what was read through it goes. */
  onDeleted(tx: pg.ClientBase, grant: GrantId): Promise<void>
  databasesOf(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>>
}

export interface VaultOptions {
  readonly store: Store
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly send: SendRequest
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly kek: KeyEncryptionKey
  /** A durable folder of this installation; each process keeps files of its own in it. */
  readonly spoolFolder: string
  /** How long a token answer is waited for: far above the slowest one seen. 180,000 unless told. */
  readonly tokenTimeoutMs?: number
  readonly hooks?: VaultHooks
  /** Lets webhooks go to private addresses and over plain http. */
  readonly unsafePrivateWebhooks?: boolean
}

const noHooks: VaultHooks = {
  onMerged: async () => {},
  onRefused: async () => {},
  onDeleted: async () => {},
  databasesOf: async () => new Map(),
}

/** How long repairs and retries rest between two looks at the clock. */
const tickMs = 1000
/** How often results that nobody came for are erased. */
const eraseMs = 10_000
/** How often rotated keys are looked after. */
const attendKeysMs = 3_600_000
/** Above the token deadline by so much, a send is lost whoever holds it. */
const marginMs = 30_000

/** Token chains that are never lost and never spent twice. Made by `createVault`. */
export class Vault {
  /** Recognises repeated requests; for every route that creates or spends. */
  readonly idempotency: Idempotency
  /** Subscriptions to what happens to grants. */
  readonly webhooks: Webhooks
  /** Delivers the outbox; `run` starts it too. */
  readonly webhookSender: WebhookSender
  /** The keys that partners seal handovers for. */
  readonly envelopes: Envelopes
  /** App registrations that handovers name in place of ID and secret. */
  readonly clients: StoredClients
  /** Consents that are begun here. */
  readonly preauthentications: Preauthentications
  /** What browsers come back with from them. */
  readonly consentEnds: ConsentEnds
  /** How connect pages look and where they send customers. */
  readonly connectSettings: ConnectSettings
  /** Links that customers connect an account through. */
  readonly connectLinks: ConnectLinks
  readonly connectVisits: ConnectVisits
  /** Grants that are lent to organisations below. */
  readonly loans: GrantLoans
  readonly #options: VaultOptions
  readonly #keys: KeyRing
  readonly #keyCare: KeyCare
  #attendKeysAt = 0
  #eraseAt = 0
  readonly #views: GrantViews
  readonly #removal: GrantRemoval
  readonly #store: PgGrantStore
  readonly #spool: Spool
  readonly #sender: TokenSender
  readonly #liveness: ProcessLiveness
  readonly #memory: DatabaseMemory
  readonly #leases: Leases
  readonly #handovers: Handovers
  readonly #repair: Repair
  readonly #cache: LeaseCache
  readonly #stop = new AbortController()
  readonly #working = new Set<Promise<unknown>>()
  #trustedEpoch = 0
  #recovering: { readonly epoch: number; readonly done: Promise<void> } | null = null
  #running: Promise<void> | null = null

  private constructor(
    options: VaultOptions,
    keys: KeyRing,
    liveness: ProcessLiveness,
    spool: Spool,
    cache: LeaseCache,
  ) {
    const {
      platforms,
      send,
      clock,
      random,
      log,
      spoolFolder,
      tokenTimeoutMs = 180_000,
      hooks = noHooks,
    } = options
    this.#options = options
    this.#liveness = liveness
    this.#spool = spool
    this.#cache = cache
    const store = new PgGrantStore(options.store)
    const seals = new GrantSeals(keys)
    const clients = new StoredClients({ store: options.store, keys, seals, platforms, clock, random, log })
    this.clients = clients
    const sender = new TokenSender(platforms, send, clock, log, tokenTimeoutMs, clients)
    const keeper = new AnswerKeeper({ store, seals, keys, spool, sender, clock, log })
    const judge = new AnswerJudge({ store, sender, clock, random })
    const lostAfterMs = tokenTimeoutMs + marginMs
    const base = { store, seals, keys, spool, sender, keeper, judge, cache, clock, random, log, liveness }
    const untilTrusted = () => this.#untilTrusted()
    const spender = new Spender({ ...base, processId: liveness.id, lostAfterMs, untilTrusted })
    const isListening = () => liveness.isListening
    const audit = new LeaseAudit(options.store)
    const singleUse = [...platforms.values()].filter(({ policy }) => policy.rotation === 'single-use')
    const memory = new DatabaseMemory(
      options.store,
      clock,
      log,
      spoolFolder,
      singleUse.map(({ id }) => id),
    )
    const seen = async (row: GrantRow) => (await memory.seen([row]))[0] ?? row
    const leases = new Leases({ ...base, seen, spender, audit, isListening, tokenTimeoutMs })
    const idempotency = new Idempotency(options.store, keys, clock, random)
    const { onMerged, onRefused, onDeleted, databasesOf } = hooks
    const views = new GrantViews({ store, memory, clock, databasesOf })
    const view = (row: GrantRow) => views.of(row)
    const removal = new GrantRemoval({ ...base, onDeleted, databasesOf })
    const entry = { platforms, spender, leases, idempotency, view, onMerged, onRefused }
    const handovers = new Handovers({ ...base, ...entry })
    const shelf = spoolShelf(spoolFolder)
    const replay = new SpoolReplay({
      ...base,
      shelf,
      shred: (organisationId) => this.#keyCare.shred(organisationId, 'vault'),
    })
    const dueGrants = new DueGrants({ ...base, spender, leases, handovers })
    const warnings = new GrantWarnings(store, sender, clock)
    this.#repair = new Repair({
      ...base,
      spender,
      dueGrants,
      warnings,
      memory,
      replay,
      idempotency,
      shelf,
      lostAfterMs,
    })
    this.#store = store
    this.#views = views
    this.#removal = removal
    this.#sender = sender
    this.#memory = memory
    this.#leases = leases
    this.#handovers = handovers
    this.idempotency = idempotency
    this.envelopes = new Envelopes(keys)
    this.loans = new GrantLoans(options.store, clock)
    this.#keys = keys
    const consenting = { store: options.store, keys, platforms, clock }
    this.preauthentications = new Preauthentications({ ...consenting, clients, idempotency, random })
    this.consentEnds = new ConsentEnds({
      ...consenting,
      envelopes: this.envelopes,
      handOver: (handover, how) => this.#track(handovers.handOver(handover, how)),
      takeOut: (organisationId, id, actor, keep) => removal.takeOut(organisationId, id, actor, keep),
    })
    this.connectSettings = new ConnectSettings(options.store, clock)
    const connecting = { store: options.store, clients, settings: this.connectSettings, platforms, clock }
    this.connectLinks = new ConnectLinks({ ...connecting, keys, idempotency, random })
    this.connectVisits = new ConnectVisits({
      ...connecting,
      preauthentications: this.preauthentications,
      consentEnds: this.consentEnds,
    })
    const targets = { unsafeAllowPrivate: options.unsafePrivateWebhooks ?? false }
    this.webhooks = new Webhooks({ store: options.store, keys, clock, random, targets })
    this.#keyCare = new KeyCare({
      store: options.store,
      keys,
      seals,
      webhooks: this.webhooks,
      clients,
      clock,
    })
    this.webhookSender = new WebhookSender({
      store: options.store,
      webhooks: this.webhooks,
      clock,
      random,
      log,
      targets,
    })
  }

  static async create(options: VaultOptions): Promise<Vault> {
    const { store, clock, random, log, kek, spoolFolder } = options
    const keys = new KeyRing(store, kek, clock, random)
    await keys.check()
    // Where the key-encryption key was replaced by hand, all keys move to it now.
    await keys.rewrap()
    const cache = new LeaseCache(clock)
    let spool: Spool | undefined
    const hear = (news: string) => {
      if (news.startsWith(rotationOf(''))) keys.forgetCurrent(news.slice(rotationOf('').length))
      else if (isId('org', news)) {
        keys.forget(news)
        cache.forgetAll()
        spool?.eraseKeys(news).catch(({ message: error }: Error) => {
          log.warn({ organisation: news, error }, 'destroyed keys are in the spool still; it is tried again')
        })
      } else cache.hear(news as GrantId)
    }
    const liveness = await ProcessLiveness.start(
      store,
      clock,
      random,
      log,
      (news) => hear(news),
      () => {
        cache.forgetAll()
        keys.forgetAllCurrent()
      },
    )
    spool = await Spool.open(spoolFolder, liveness.id, { keysOf: (ids) => keys.sealedKeys(ids) })
    const vault = new Vault(options, keys, liveness, spool, cache)
    // What an earlier process had in hand comes before anything else.
    await vault.#untilTrusted().catch(async (error) => {
      // A process that never began must not look as if it lived: what it took is left to the next.
      await spool?.close().catch(() => {})
      await liveness.close()
      throw error
    })
    return vault
  }

  /** After every new connection the database is looked at, and what spools know is put back, before a token is spent. */
  async #untilTrusted(): Promise<void> {
    for (;;) {
      const epoch = await this.#liveness.epoch()
      if (epoch <= this.#trustedEpoch) return
      // What was begun on an earlier connection says nothing of the database behind this one.
      if (this.#recovering?.epoch !== epoch) {
        const before = this.#recovering?.done.catch(() => {})
        this.#recovering = { epoch, done: Promise.resolve(before).then(() => this.#recover()) }
      }
      const { done } = this.#recovering
      try {
        await done
        this.#trustedEpoch = Math.max(this.#trustedEpoch, epoch)
      } finally {
        if (this.#recovering?.done === done) this.#recovering = null
      }
    }
  }

  async #recover(): Promise<void> {
    await this.#repair.recover()
    // What was told while the connection was lost was not heard: also that an organisation's keys are to be forgotten.
    await this.#forgetShredded()
  }

  async #forgetShredded(): Promise<void> {
    for (const organisation of await this.#keys.forgetShredded()) await this.#spool.eraseKeys(organisation)
  }

  /** Keeps `stop` waiting for work that is under way. */
  async #track<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work)
    try {
      return await work
    } finally {
      this.#working.delete(work)
    }
  }

  /**
   * Takes credentials over: a row first, then verification without spending where an access token is valid, else one
   * spend through the protocol. A user who has a grant on this client already gets its chain superseded.
   */
  handOver(
    handover: AskedHandover,
    options: Omit<HandOverOptions, 'envelope'> = {},
  ): Promise<HandoverOutcome> {
    return this.#track(this.#handOver(handover, options))
  }

  async #handOver(handover: AskedHandover, options: HandOverOptions): Promise<HandoverOutcome> {
    return this.#handovers.handOver(...(await this.#opened(handover, options)))
  }

  /** What `handOver` would refuse by itself is refused; nothing is stored, spent or sent. */
  async checkHandover(
    handover: AskedHandover,
    options: Pick<HandOverOptions, 'idempotency' | 'beforeSpending'> = {},
  ): Promise<'would-be-sent' | 'would-be-repeated'> {
    return this.#handovers.check(...(await this.#opened(handover, options)))
  }

  async #opened(handover: AskedHandover, options: HandOverOptions): Promise<[Handover, HandOverOptions]> {
    const { credentials, client: asked, ...place } = handover
    const client =
      'stored' in asked ? await this.clients.named(handover.organisationId, asked, handover) : asked
    const rest = { ...place, client }
    if (credentials.kind !== 'sealed') return [{ ...rest, credentials }, options]
    const opened = await this.envelopes.open(handover.organisationId, credentials.jwe)
    return [
      { ...rest, credentials: opened.credentials },
      { ...options, envelope: opened.request },
    ]
  }

  /** A new data key for an organisation while everything goes on; says how many sealed values moved to it. */
  rotateDataKey(organisationId: OrganisationId, actor: string): Promise<number> {
    return this.#track(this.#keyCare.rotateDataKey(organisationId, actor))
  }

  /** A new key-encryption key while everything goes on; says how many keys moved to it. */
  rotateKek(): Promise<number> {
    return this.#track(this.#keys.rotateKek())
  }

  /**
   * For when an organisation is deleted: what it had sealed can never be opened again, also in spools. Gives the ids of
   * the grants that it had.
   */
  async shredOrganisation(organisationId: OrganisationId, actor: string): Promise<readonly GrantId[]> {
    return this.#track(this.#shred(organisationId, actor))
  }

  async #shred(organisationId: OrganisationId, actor: string): Promise<readonly GrantId[]> {
    const grants = await this.#keyCare.shred(organisationId, actor)
    this.#cache.forgetAll()
    const at = this.#options.clock.now()
    await this.#spool.append({ kind: 'shredded', at, organisation: organisationId })
    await this.#spool.eraseKeys(organisationId)
    return grants
  }

  getGrant(organisationId: OrganisationId, id: GrantId): Promise<GrantView> {
    return this.#views.get(organisationId, id)
  }

  /** In the order of their ids, which is that of their age; `after` is the last id of the page before. */
  listGrants(
    organisationId: OrganisationId,
    page: { readonly limit: number; readonly after?: string },
  ): Promise<readonly GrantView[]> {
    return this.#views.list(organisationId, page)
  }

  /** What happened to a grant, oldest first; `after` is the last event's id of the page before. `isNewest`: the last ones. */
  grantEvents(
    organisationId: OrganisationId,
    id: GrantId,
    page: GrantEventPage,
  ): Promise<readonly GrantEventView[]> {
    return this.#views.events(organisationId, id, page)
  }

  /** The issuers that credentials can be handed over for. */
  get platforms(): ReadonlyMap<string, OAuthPlatform> {
    return this.#options.platforms
  }

  /** Tombstones the grant, then revokes it at the platform where that can be done. */
  deleteGrant(
    organisationId: OrganisationId,
    id: GrantId,
    { actor = 'system' }: { actor?: string } = {},
  ): Promise<void> {
    return this.#removal.delete(organisationId, id, actor)
  }

  /**
   * A grant as a database reads through it: the organisation's own, or one that is lent to it. A loan is looked at again
   * at each lease, so that one which is ended ends at the next call.
   */
  async openSource(
    organisationId: OrganisationId,
    id: GrantId,
  ): Promise<
    Awaited<ReturnType<Vault['sessionOf']>> & {
      readonly isLent: boolean
      lease(): Promise<Lease>
      refused(generation: number): Promise<void>
    }
  > {
    const { holder } = await this.loans.reach(organisationId, id)
    const isLent = holder !== organisationId
    return {
      ...(await this.sessionOf(holder, id)),
      isLent,
      lease: async () => {
        if (isLent) await this.loans.reach(organisationId, id)
        return this.lease(holder, id)
      },
      refused: (generation) => this.markAccessTokenRefused(holder, id, generation),
    }
  }

  /** Where a grant's API is and under which client its calls count. */
  async sessionOf(
    organisationId: OrganisationId,
    id: GrantId,
  ): Promise<{
    platform: string
    region: string
    state: GrantState
    baseUrl: string
    clientId: string
    /** The chain, which each consent of the user begins anew. */
    consent: number
  }> {
    const row = await this.#views.row(organisationId, id)
    const { region } = this.#sender.issuerOf(row)
    return {
      platform: row.platform,
      region: row.region,
      state: row.state,
      baseUrl: region.baseUrl,
      clientId: row.client_id,
      consent: row.chain,
    }
  }

  /**
   * An access token with at least `minRemainingSeconds` to live, refreshed first where it must and may be. When no
   * refresh is allowed yet, or one fails, what is left is served. With an `actor` the lease is audited first.
   */
  lease(organisationId: OrganisationId, id: GrantId, options: LeaseOptions = {}): Promise<Lease> {
    return this.#leases.lease(organisationId, id, options)
  }

  /** Spends now if the issuer allows it; `GRANT_REFRESH_TOO_EARLY` otherwise. A repeated request spends nothing. */
  async refresh(
    organisationId: OrganisationId,
    id: GrantId,
    { actor = 'system', idempotency }: { actor?: string; idempotency?: IdempotentRequest } = {},
  ): Promise<GrantView> {
    if (idempotency) {
      const isFirst = await this.#store.transaction((tx) =>
        this.idempotency.claim(tx, organisationId, idempotency, id),
      )
      if (!isFirst) {
        await this.idempotency.find(organisationId, idempotency)
        return this.getGrant(organisationId, id)
      }
    }
    this.#options.log.info({ grant: id, actor }, 'a refresh was asked for')
    const row = await this.#track(this.#leases.refresh(organisationId, id)).catch(async (error) => {
      if (idempotency) await this.idempotency.release(organisationId, idempotency)
      throw error
    })
    return this.#views.of(row)
  }

  /** The API refused the access token of this generation: it is over, whatever its time says. */
  markAccessTokenRefused(organisationId: OrganisationId, id: GrantId, generation: number): Promise<void> {
    return this.#leases.markAccessTokenRefused(organisationId, id, generation)
  }

  /** Processes that a repair of a database that forgot still waits for; until they are back no token is spent. */
  awaitedProcesses(): Promise<readonly string[]> {
    return this.#memory.awaited()
  }

  /** An operator's word that a process and its spool are gone for good. */
  assumeLost(processId: string): Promise<void> {
    return this.#memory.assumeLost(processId)
  }

  /** Seals rows that are kept on a disk, under the organisation's key. */
  sealPage(
    organisation: OrganisationId,
    { grant, chain, page }: { readonly grant: string; readonly chain: string; readonly page: number },
    plain: Buffer,
  ): Promise<Buffer> {
    return this.#keys.seal(plain, {
      organisation,
      grant,
      field: `page:${chain}`,
      chain: 0,
      generation: page,
    })
  }

  unsealPage(
    organisation: OrganisationId,
    { grant, chain, page }: { readonly grant: string; readonly chain: string; readonly page: number },
    sealed: Buffer,
  ): Promise<Buffer> {
    return this.#keys.unseal(sealed, {
      organisation,
      grant,
      field: `page:${chain}`,
      chain: 0,
      generation: page,
    })
  }

  /** What people's log-ins are signed and sealed with: 32 bytes, the same on every server of this database. */
  peopleKey(): Promise<Buffer> {
    return this.#keys.peopleKey()
  }

  /** Goes on with what is open, keeps chains alive and repairs what dead processes left, until `stop`. */
  run(): void {
    this.#running ??= this.#loop()
    this.webhookSender.run()
  }

  async #loop(): Promise<void> {
    const { clock, log } = this.#options
    while (!this.#stop.signal.aborted) {
      try {
        // A slow issuer holds up its own grants, and nothing else.
        await this.#look()
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'the vault’s own work failed; trying again')
      }
      await clock.sleep(tickMs, this.#stop.signal).catch(() => {})
    }
  }

  /** One look at everything whose time has come. */
  async tick(): Promise<void> {
    await (await this.#look()).attended
  }

  async #look(): Promise<{ readonly attended: Promise<void> }> {
    await this.#untilTrusted()
    const { attended } = await this.#track(this.#repair.look())
    const look = { attended: this.#track(attended) }
    // Its own failures were noted; nobody else waits for it in the loop.
    look.attended.catch(() => {})
    const now = this.#options.clock.now()
    if (now >= this.#eraseAt) {
      this.#eraseAt = now + eraseMs
      await this.#track(this.consentEnds.erase())
    }
    if (now < this.#attendKeysAt) return look
    this.#attendKeysAt = now + attendKeysMs
    await this.#track(this.#keyCare.attend())
    await this.#forgetShredded()
    return look
  }

  /** Waits for what is under way, so that no answer is lost to a restart. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.webhookSender.stop()
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
    await this.#leases.settled()
    await this.#store.told()
    await this.#spool.close()
    await this.#liveness.close()
  }
}

/** Opens the vault: checks its keys, takes this process's place among the others, and replays what dead ones left. */
export function createVault(options: VaultOptions): Promise<Vault> {
  return Vault.create(options)
}
