import { createHash } from 'node:crypto'
import {
  type GrantId,
  type OrganisationId,
  type ProcessId,
  type SendRequest,
  SluisError,
  silentLog,
} from '@sluis/shared'
import { AnswerJudge } from '../answer-judge.ts'
import { AnswerKeeper } from '../answer-keeper.ts'
import { DeathWatch } from '../death-watch.ts'
import { DueGrants } from '../due-grants.ts'
import { type GrantRow, GrantSeals } from '../grant-row.ts'
import type { GrantStore } from '../grant-store.ts'
import { GrantWarnings } from '../grant-warnings.ts'
import { LeaseCache } from '../lease-cache.ts'
import { Leases } from '../leases.ts'
import { Repair } from '../repair.ts'
import { type SealContext, seal, unseal } from '../seal.ts'
import { Spender } from '../spender.ts'
import type { GrantRecord } from '../spool-records.ts'
import { SpoolReplay } from '../spool-replay.ts'
import { TokenSender } from '../token-sender.ts'
import type { SimulatedProcess } from './scheduler.ts'
import type { World } from './world.ts'

/** Far above the slowest answer, as in the product. */
export const tokenTimeoutMs = 180_000
const lostAfterMs = tokenTimeoutMs + 30_000

const key = Buffer.alloc(32, 7)

/** Seals as the product does, under one key that all processes have. */
export function simulatedKeys(bytes: (count: number) => Uint8Array) {
  return {
    seal: async (plain: string | Buffer, context: SealContext) =>
      seal(key, 'key-1', Buffer.from(plain), context, bytes),
    prepare: async () => {},
    unseal: async (blob: Buffer, context: SealContext) => unseal(key, blob, context),
    // Nobody is shredded here, and the one key is everywhere.
    shreddedOf: async () => [],
    putBack: async () => ({ unopened: new Set<string>(), failure: null }),
    fingerprint: async (text: string) => createHash('sha256').update(text).digest(),
  }
}

/** What a server finds around it. */
export type Surroundings = Pick<
  World,
  | 'scheduler'
  | 'random'
  | 'store'
  | 'databaseEpoch'
  | 'isDatabaseUp'
  | 'isKeyServiceUp'
  | 'writeSpool'
  | 'noteHeld'
  | 'spoolsOn'
  | 'readSpool'
  | 'absent'
  | 'breaksAt'
> & {
  readonly network: Pick<World['network'], 'draw'>
  readonly issuer: Pick<World['issuer'], 'platforms' | 'answer'>
}

/** The protocol's parts as one server has them, over a simulated world. */
export class SimulatedServer {
  readonly process: SimulatedProcess
  /** Servers of one machine see each other's spools. */
  readonly machine: string
  readonly cache: LeaseCache
  readonly leases: Leases
  readonly repair: Repair
  readonly #world: Surroundings
  #trustedEpoch = 0
  #recovering: Promise<void> | null = null

  constructor(world: Surroundings, name: string, machine: string) {
    this.#world = world
    this.machine = machine
    const process: SimulatedProcess = { name, isAlive: true, pausedUntil: 0 }
    this.process = process
    const { scheduler, random } = world
    const clock = scheduler.clockOf(process)
    const log = silentLog
    const bytes = (count: number) => random.bytes(count)
    const keys = this.#openedOnce(simulatedKeys(bytes))
    const seals = new GrantSeals(keys)
    const store = this.#store()
    const platforms = new Map(world.issuer.platforms.map((platform) => [platform.id, platform]))
    const sender = new TokenSender(platforms, this.#send(), clock, log, tokenTimeoutMs)
    const disk = <T>(what: string, effect: () => T) => scheduler.call(process, 'disk', what, effect)
    const spool = {
      append: async (record: GrantRecord) => {
        await disk('spools', () => world.writeSpool(this, record))
        // From here on the protocol believes the disk.
        world.noteHeld(record)
      },
      reserve: () => disk('reserves', () => () => {}),
      prune: async () => {},
    }
    const shelf = {
      list: () => disk('lists spools', () => world.spoolsOn(machine)),
      read: (file: { readonly path: string }) => disk(`reads ${file.path}`, () => world.readSpool(file.path)),
      eraseKeys: async () => {},
      remove: async () => {},
    }
    const watch = new DeathWatch()
    const liveness = {
      id: name as ProcessId,
      look: async (names: readonly string[]) =>
        names.length === 0
          ? { absent: [], dead: [] }
          : scheduler.call(process, 'lock', 'judges', () => {
              const absent = world.absent(names)
              if (absent === null) return { absent: [], dead: [] }
              return { absent: absent.map(({ id }) => id), dead: watch.judge(names, absent, clock.now()) }
            }),
      forget: async () => {},
    }
    const memory = {
      check: async () => {},
      openRecovery: async () => null,
      noteReplayed: async () => {},
      awaited: async () => [],
      endRecovery: async () => {},
    }
    this.cache = new LeaseCache(clock)
    const keeper = new AnswerKeeper({ store, seals, keys, spool, sender, clock, log })
    const judge = new AnswerJudge({ store, sender, clock, random: bytes })
    const untilTrusted = () => this.#untilTrusted()
    const base = { store, seals, keys, spool, sender, keeper, judge, clock, random: bytes, log, liveness }
    const spender = new Spender({ ...base, processId: name, lostAfterMs, untilTrusted })
    const audit = { write: async () => {} }
    const isListening = () => world.isDatabaseUp
    const seen = async (row: GrantRow) => row
    this.leases = new Leases({
      ...base,
      seen,
      spender,
      cache: this.cache,
      audit,
      isListening,
      tokenTimeoutMs,
    })
    const replay = new SpoolReplay({ ...base, shelf, shred: async () => {} })
    const handovers = {
      verify: () => Promise.reject(new TypeError('no grant of this world is pending')),
    }
    this.repair = new Repair({
      ...base,
      spender,
      dueGrants: new DueGrants({ ...base, spender, leases: this.leases, handovers }),
      warnings: new GrantWarnings(store, sender, clock),
      memory,
      replay,
      idempotency: { prune: async () => {} },
      shelf,
      lostAfterMs,
    })
  }

  /** A process opens its key once, at a service that may be away. */
  #openedOnce(keys: ReturnType<typeof simulatedKeys>): ReturnType<typeof simulatedKeys> {
    let isOpen = false
    const open = async () => {
      if (!isOpen && !this.#world.isKeyServiceUp)
        throw new SluisError('KEY_SERVICE_UNAVAILABLE', 'the key service is away')
      isOpen = true
    }
    return {
      ...keys,
      prepare: open,
      seal: async (...of) => open().then(() => keys.seal(...of)),
      unseal: async (...of) => open().then(() => keys.unseal(...of)),
    }
  }

  /** Each call is a step of its own, and fails while the database is down. */
  #store(): GrantStore {
    const { scheduler, store } = this.#world
    const call = <T>(what: string, effect: () => Promise<T>) =>
      scheduler.call(this.process, 'store', what, () => {
        if (!this.#world.isDatabaseUp) throw new Error('the database is down')
        const side = this.#world.breaksAt(this.process, what)
        if (side === 'before') throw new Error('the database is down')
        // What was done is done; who did it does not hear of it.
        return side === null
          ? effect()
          : effect().then(() => Promise.reject(new Error('the database is down')))
      })
    return {
      get: (...of) => call('get', () => store.get(...of)),
      beginSpend: (...of) => call('beginSpend', () => store.beginSpend(...of)),
      beginResend: (...of) => call('beginResend', () => store.beginResend(...of)),
      budgetUse: (...of) => call('budgetUse', () => store.budgetUse(...of)),
      noteTokenError: (...of) => call('noteTokenError', () => store.noteTokenError(...of)),
      isStillSpending: (...of) => call('isStillSpending', () => store.isStillSpending(...of)),
      change: (row, change, event) =>
        call(`change ${event?.action ?? ''}`, () => store.change(row, change, event)),
      advance: (...of) => call('advance', () => store.advance(...of)),
      replay: (...of) => call('replay', () => store.replay(...of)),
      knowsFingerprint: (...of) => call('knowsFingerprint', () => store.knowsFingerprint(...of)),
      addFingerprint: (fingerprint) => call('addFingerprint', () => store.addFingerprint(fingerprint)),
      due: (...of) => call('due', () => store.due(...of)),
      dueWarnings: (...of) => call('dueWarnings', () => store.dueWarnings(...of)),
      warn: (...of) => call('warn', () => store.warn(...of)),
      postpone: (...of) => call('postpone', () => store.postpone(...of)),
      openSends: () => call('openSends', () => store.openSends()),
    }
  }

  /** The network: a request may not leave, may not arrive, may arrive late, and so may its answer. */
  #send(): SendRequest {
    const { scheduler, network, issuer } = this.#world
    const { process } = this
    return ({ body = '' }, { timeoutMs, onSent }) =>
      new Promise((resolve, reject) => {
        const at = (ms: number, kind: 'network' | 'issuer', name: string, run: () => void) =>
          scheduler.add({
            process: kind === 'issuer' ? null : process,
            kind,
            name,
            at: scheduler.now + ms,
            run,
          })
        const fail = (code: string) => reject(Object.assign(new Error(code), { code }))
        at(0, 'network', `connects with ${body}`, () => {
          const way = network.draw()
          if (way.kind === 'unreachable') return fail('ECONNREFUSED')
          onSent?.()
          at(timeoutMs, 'network', 'gives up waiting', () => fail('ETIMEDOUT'))
          if (way.kind === 'redirected') {
            return at(way.answerMs, 'network', 'is sent elsewhere', () =>
              resolve({ status: 302, headers: {}, body: Buffer.alloc(0) }),
            )
          }
          if (!('requestMs' in way)) return at(way.answerMs, 'network', 'is reset', () => fail('ECONNRESET'))
          at(way.requestMs, 'issuer', `issuer gets ${body}`, () => {
            const answer = issuer.answer(body, scheduler.now)
            scheduler.note(`issuer answers ${answer.status} ${answer.body}`)
            if (way.kind === 'answer lost')
              return at(way.answerMs, 'network', 'is reset', () => fail('ECONNRESET'))
            at(way.answerMs, 'network', `hears ${answer.status}`, () =>
              resolve({ status: answer.status, headers: {}, body: Buffer.from(answer.body) }),
            )
          })
        })
      })
  }

  /** As the vault does: after every new connection the spools come first. */
  async #untilTrusted(): Promise<void> {
    for (;;) {
      const epoch = this.#world.databaseEpoch
      if (epoch === this.#trustedEpoch) return
      this.#recovering ??= this.repair.recover().finally(() => {
        this.#recovering = null
      })
      await this.#recovering
      this.#trustedEpoch = epoch
    }
  }

  async tick(): Promise<void> {
    await this.#untilTrusted()
    await this.repair.tick()
  }

  lease(organisationId: OrganisationId, id: GrantId) {
    return this.leases.lease(organisationId, id)
  }
}
