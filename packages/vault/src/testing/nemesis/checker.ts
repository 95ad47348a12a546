import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog, systemRandom } from '@sluis/shared'
import { connectStore, type Store } from '@sluis/store/testing'
import { type GrantRow, GrantSeals } from '../../grant-row.ts'
import { loadOrCreateKek } from '../../kek.ts'
import { KeyRing } from '../../key-ring.ts'
import { canary, type LedgerEntry } from '../issuer/ledger-issuer.ts'
import type { Cluster } from './cluster.ts'
import { mostSkewMs } from './round-plan.ts'
import type { HeldGrant, NemesisSummary } from './run-nemesis.ts'
import { scaledClock } from './scaled-clock.ts'

/** What a server did that the vault's design forbids. */
export interface Violation {
  readonly round: number
  readonly rule:
    | 'spent twice'
    | 'gave up a living chain'
    | 'lost without a cause'
    | 'holds a dead chain for a living one'
    | 'stuck'
    | 'consent asked too late'
    | 'token not durable'
    | 'handover lost'
    | 'secret in plain text'
    | 'a server crashed'
  readonly text: string
}

interface AuditEvent {
  readonly id: number
  readonly at: number
  readonly action: string
  readonly facts: { readonly generation?: number; readonly lostAt?: number; readonly sends?: number }
}

/** An answer given to the network so shortly before its receiver was killed may never have been read, in real time. */
const unreadMs = 500
/** Answers that took longer may have met a sender whose deadline of 180 s had passed. */
const hungUpMs = 170_000
/** A busy machine may keep a process waiting so long, in real time. */
const machineMs = 2000

/** Judges by the issuer's ledger, the database and what callers were given. */
export class Checker {
  readonly #cluster: Cluster
  readonly #store: Store
  readonly #seals: GrantSeals
  #ledger: LedgerEntry[] = []

  private constructor(cluster: Cluster, store: Store, seals: GrantSeals) {
    this.#cluster = cluster
    this.#store = store
    this.#seals = seals
  }

  static async open(cluster: Cluster): Promise<Checker> {
    const clock = scaledClock(cluster.time)
    const store = await connectStore(cluster.connection, { clock, log: silentLog, poolSize: 2 })
    const keys = new KeyRing(store, loadOrCreateKek(cluster.kekFile, systemRandom), clock, systemRandom)
    return new Checker(cluster, store, new GrantSeals(keys))
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async judge(grants: readonly HeldGrant[], summary: NemesisSummary): Promise<void> {
    this.#ledger = await this.#cluster.issuer.ledger()
    for (const text of this.#cluster.crashes.splice(0)) {
      summary.violations.push({ round: grants[0]?.round ?? 0, rule: 'a server crashed', text })
    }
    for (const grant of grants) {
      for (const fault of await this.#patiently(() => this.#judgeGrant(grant, summary))) {
        summary.violations.push({ ...fault, round: grant.round })
      }
    }
  }

  /** The database may be down at this very moment. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (attempt > 200) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async #judgeGrant(held: HeldGrant, summary: NemesisSummary): Promise<Omit<Violation, 'round'>[]> {
    const sends = this.#ledger.filter(({ chain }) => chain === held.chain)
    const name = `${held.consent.mode} chain ${held.chain}`
    if (held.id === null) {
      const isTrue = sends.some(({ outcome }) => outcome === 'refused' || outcome === 'lied')
      return isTrue
        ? []
        : [{ rule: 'handover lost', text: `${name}: ${held.refusal}, and the issuer refused nothing` }]
    }
    const { rows } = await this.#store.pool.query<GrantRow>('SELECT * FROM token_grant WHERE id = $1', [
      held.id,
    ])
    const { rows: events } = await this.#store.pool.query<AuditEvent>(
      "SELECT id, at, action, facts FROM audit_event WHERE subject = $1 AND action <> 'token.leased' ORDER BY id",
      [held.id],
    )
    const [row] = rows
    const about = `${name} (${held.id}, ${row?.state})`
    if (!row) return [{ rule: 'handover lost', text: `${about} is not in the database` }]
    summary.spends += sends.filter(({ gave }) => gave !== null).length
    summary.recovered += events.filter(({ action }) => action === 'grant.recovered').length
    summary.needsConsent += row.state === 'needs_consent' ? 1 : 0
    const durable = await this.#findUndurable(held, row)
    return [
      ...findDoubleSpends(held, sends, events).map((text) => ({
        rule: 'spent twice' as const,
        text: `${about}: ${text}`,
      })),
      ...(await this.#judgeState(row, sends, events)).map((fault) => ({
        ...fault,
        text: `${about}: ${fault.text}`,
      })),
      ...this.#findLateEnds(events, sends).map((text) => ({
        rule: 'consent asked too late' as const,
        text: `${about}: ${text}`,
      })),
      ...durable.map((text) => ({ rule: 'token not durable' as const, text: `${about}: ${text}` })),
    ]
  }

  async #judgeState(
    row: GrantRow,
    sends: readonly LedgerEntry[],
    events: readonly AuditEvent[],
  ): Promise<Omit<Violation, 'round'>[]> {
    const held = await this.#seals.openTokens(row)
    const alternates = await this.#seals.openAlternates(row)
    const tokens = [held, ...alternates.map(({ tokens }) => tokens)].flatMap(
      ({ refreshToken }) => refreshToken ?? [],
    )
    const answers = await this.#cluster.issuer.honours(tokens)
    const lives = answers.some(({ honours }) => honours)
    // Refused only by lies and failures: the issuer said so, and keeps the chain; its word is all there is.
    const wasToldOtherwise = sends.slice(-2).some(({ outcome }) => outcome === 'lied' || outcome === 'failed')
    const history = () =>
      `${describe(events)}; issuer: ${sends.map(({ generation, outcome, deliveredAt }) => `${generation} ${outcome}${deliveredAt === null ? ' undelivered' : ''}`).join(', ')}`
    switch (row.state) {
      case 'active':
      case 'refreshing':
        return lives || this.#isLossExcused(sends)
          ? []
          : [{ rule: 'holds a dead chain for a living one', text: history() }]
      case 'needs_consent':
        if (lives && !wasToldOtherwise) return [{ rule: 'gave up a living chain', text: history() }]
        return lives || this.#isLossExcused(sends) ? [] : [{ rule: 'lost without a cause', text: history() }]
      case 'misconfigured':
        return sends.some(({ outcome }) => outcome === 'lied') ? [] : [{ rule: 'stuck', text: history() }]
      case 'pending':
      case 'ambiguous':
        return wasToldOtherwise ? [] : [{ rule: 'stuck', text: history() }]
      default:
        return [{ rule: 'stuck', text: history() }]
    }
  }

  /** Whether an answer with tokens never reached a process that lived on to keep it. */
  #isLossExcused(sends: readonly LedgerEntry[]): boolean {
    const { origin, scale } = this.#cluster.time
    return sends.some(({ at, gave, deliveredAt, sender }) => {
      if (gave === null) return false
      if (deliveredAt === null) return true
      // Given after the sender had hung up, as happens where the machine itself keeps processes waiting.
      if (origin + (deliveredAt - origin) / scale - at > hungUpMs) return true
      const kill = this.#cluster.kills.find(({ name }) => name === sender)
      return kill !== undefined && kill.at < deliveredAt + unreadMs
    })
  }

  /** From the known loss to the request for consent: a minute, or eleven after *too early*, and what the lab itself cost. */
  #findLateEnds(events: readonly AuditEvent[], sends: readonly LedgerEntry[]): string[] {
    const { time, outages } = this.#cluster
    const end = events.findLast(({ action }) => action === 'grant.needs_consent')
    const loss = events.findLast(({ action, id }) => action === 'grant.ambiguous' && id < (end?.id ?? 0))
    if (!end || !loss) return []
    const wasEarly = sends.some(({ outcome }) => outcome === 'too-early')
    const wasUnheard = sends.some(
      ({ outcome, gave, deliveredAt }) =>
        (gave === null && deliveredAt === null) || outcome === 'lied' || outcome === 'failed',
    )
    // An issuer that says nothing may be asked for longer: it has not refused yet.
    if (wasUnheard) return []
    const familyWait = 300_000
    const slow = 2 * 120_000
    const machine =
      (machineMs +
        outages.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, Date.now()) - from), 0)) /
      time.scale
    const allowed = (wasEarly ? 660_000 : 60_000) + familyWait + slow + machine + 2 * mostSkewMs
    const took = end.at - loss.at
    return took <= allowed ? [] : [`${Math.round(took / 1000)} s after the loss`]
  }

  async #findUndurable(held: HeldGrant, row: GrantRow): Promise<string[]> {
    if (held.leases.length === 0) return []
    const { rows } = await this.#store.pool.query<{ generation: number }>(
      "SELECT DISTINCT (facts->>'generation')::integer AS generation FROM audit_event WHERE subject = $1 AND action = 'token.leased'",
      [held.id],
    )
    const audited = new Set(rows.map(({ generation }) => generation))
    const { rows: known } = await this.#store.pool.query<{ generation: number }>(
      `SELECT DISTINCT (facts->>'generation')::integer AS generation FROM audit_event
       WHERE subject = $1 AND action IN ('grant.refreshed', 'grant.recovered', 'grant.alternate-taken')`,
      [held.id],
    )
    const durable = new Set([1, ...known.map(({ generation }) => generation)])
    const given = await this.#cluster.issuer.honours(held.leases.map(({ token }) => token))
    return held.leases.flatMap(({ generation }, index) => {
      const faults: string[] = []
      if (!audited.has(generation))
        faults.push(`a lease of generation ${generation} is not in the audit trail`)
      if (!durable.has(generation) || generation > row.generation)
        faults.push(`generation ${generation} was given out and is not in the database`)
      if (given[index]?.chain !== held.chain) faults.push('a caller was given a token of another chain')
      return faults
    })
  }

  /** Logs, spools, and the whole of PostgreSQL's folder with its log: a token or secret shows by its mark. */
  async searchCanaries(summary: NemesisSummary): Promise<void> {
    const { folder } = this.#cluster
    const marks = [canary, Buffer.from(canary).toString('hex'), ...base64Marks(canary)]
    for (const name of readdirSync(folder)) {
      const found = spawnGrep(marks, join(folder, name))
      for (const file of found)
        summary.violations.push({ round: 0, rule: 'secret in plain text', text: file })
    }
  }
}

function findDoubleSpends(
  held: HeldGrant,
  sends: readonly LedgerEntry[],
  events: readonly AuditEvent[],
): string[] {
  if (held.consent.mode === 'fixed') return []
  const faults: string[] = []
  const declared = events.filter(({ action }) => action === 'grant.ambiguous' || action === 'grant.resent')
  for (const generation of new Set(sends.map((send) => send.generation))) {
    // Sends after which the token may be spent: what was answered without tokens has spent nothing.
    const hot = sends.filter(
      (send) => send.generation === generation && (send.gave !== null || send.deliveredAt === null),
    )
    for (const [index, later] of hot.entries()) {
      const earlier = hot[index - 1]
      if (earlier === undefined) continue
      const isDeclared = declared.some(
        ({ at }) => at >= earlier.at - 400_000 && at <= later.at + mostSkewMs + 2000,
      )
      if (!isDeclared)
        faults.push(
          `generation ${generation} was sent by ${earlier.sender} and again by ${later.sender}, undeclared`,
        )
    }
    if (hot.length > 6) faults.push(`generation ${generation} was sent ${hot.length} times`)
  }
  return faults
}

function describe(events: readonly AuditEvent[]): string {
  return events
    .map(
      ({ action, facts }) =>
        `${action.slice('grant.'.length)}${facts.generation ? ` ${facts.generation}` : ''}`,
    )
    .join(', ')
}

/** Base64 of a text depends on where it begins: what all three places have in common. */
function base64Marks(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from(`${'\0'.repeat(before)}${text}`)
      .toString('base64')
      .replace(/=+$/, '')
    return encoded.slice(before === 0 ? 0 : before + 1, -1)
  })
}

function spawnGrep(marks: readonly string[], path: string): string[] {
  try {
    const output = execFileSync('grep', ['-rlaF', ...marks.flatMap((mark) => ['-e', mark]), path], {
      encoding: 'utf8',
    })
    return output.trim().split('\n')
  } catch (error) {
    // Exit status 1: nothing found.
    if ((error as { status?: number }).status === 1) return []
    throw error
  }
}
