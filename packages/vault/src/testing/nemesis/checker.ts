import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog, systemRandom } from '@sluis/shared'
import { connectStore, type Store } from '@sluis/store/testing'
import { type GrantRow, GrantSeals } from '../../grant-row.ts'
import { loadOrCreateKek } from '../../kek.ts'
import { KeyRing } from '../../key-ring.ts'
import { type IssuerModeName, issuerModes } from '../issuer/issuer-modes.ts'
import { canary, type LedgerEntry } from '../issuer/ledger-issuer.ts'
import type { Cluster } from './cluster.ts'
import { type LostAnswer, wasLost } from './lost-answers.ts'
import { mostSkewMs } from './round-plan.ts'
import type { HeldGrant, NemesisSummary } from './run-nemesis.ts'
import { labNow, scaledClock } from './scaled-clock.ts'
import { Stalls } from './stalls.ts'

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
  readonly facts: {
    readonly generation?: number
    readonly lostAt?: number
    readonly sends?: number
    readonly answer?: string
  }
}

/**
 * What is not at rest is looked at again and judged for good only when so much of the lab's time has passed since
 * anything happened to it: a resend 575 s after a loss, an issuer that takes two minutes, a second opinion after fifteen.
 */
const restsAfterMs = 1_200_000
const looksAgainMs = 60_000

/** What time cannot mend. */
const isFinal: ReadonlySet<Violation['rule']> = new Set([
  'spent twice',
  'token not durable',
  'secret in plain text',
  'a server crashed',
])

/** Judges by the issuer's ledger, the database and what callers were given. */
export class Checker {
  readonly #cluster: Cluster
  readonly #store: Store
  readonly #seals: GrantSeals
  #ledger: LedgerEntry[] = []
  #losses: readonly LostAnswer[] = []
  readonly #stalls: Stalls

  private constructor(cluster: Cluster, store: Store, seals: GrantSeals) {
    this.#stalls = Stalls.watch()
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
    this.#stalls.stop()
    return this.#store.close()
  }

  async judge(grants: readonly HeldGrant[], summary: NemesisSummary): Promise<void> {
    await this.#look()
    for (const text of this.#cluster.crashes.splice(0)) {
      summary.violations.push({ round: grants[0]?.round ?? 0, rule: 'a server crashed', text })
    }
    for (const grant of grants) {
      for (const fault of await this.#judgeAtRest(grant, summary)) {
        summary.violations.push({ ...fault, round: grant.round })
      }
    }
  }

  async #look(): Promise<void> {
    this.#ledger = await this.#cluster.issuer.ledger()
    this.#losses = this.#cluster.losses()
  }

  /** What is on its way has not failed yet; what has come to rest, or has had all its time, is judged as it stands. */
  async #judgeAtRest(grant: HeldGrant, summary: NemesisSummary): Promise<Omit<Violation, 'round'>[]> {
    for (;;) {
      const seen: NemesisSummary = { ...summary, violations: [] }
      const { faults, lastEventAt } = await this.#patiently(() => this.#judgeGrant(grant, seen))
      const isOver = labNow(this.#cluster.time) > lastEventAt + restsAfterMs
      if (isOver || faults.every(({ rule }) => isFinal.has(rule))) {
        Object.assign(summary, { ...seen, violations: summary.violations })
        return faults
      }
      await new Promise((resolve) => setTimeout(resolve, looksAgainMs * this.#cluster.time.scale))
      await this.#look()
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

  async #judgeGrant(
    held: HeldGrant,
    summary: NemesisSummary,
  ): Promise<{ readonly faults: Omit<Violation, 'round'>[]; readonly lastEventAt: number }> {
    const sends = this.#ledger.filter(({ chain }) => chain === held.chain)
    const name = `${held.consent.mode} chain ${held.chain}`
    if (held.id === null) {
      const isTrue = sends.some(({ outcome }) => outcome === 'refused' || outcome === 'lied')
      const text = `${name}: ${held.refusal}, and the issuer refused nothing`
      return { faults: isTrue ? [] : [{ rule: 'handover lost', text }], lastEventAt: 0 }
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
    if (!row) {
      const text = `${about} is not in the database`
      return { faults: [{ rule: 'handover lost', text }], lastEventAt: 0 }
    }
    summary.spends += sends.filter(({ gave }) => gave !== null).length
    summary.recovered += events.filter(({ action }) => action === 'grant.recovered').length
    summary.needsConsent += row.state === 'needs_consent' ? 1 : 0
    const durable = await this.#findUndurable(held, row)
    const faults: Omit<Violation, 'round'>[] = [
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
    return { faults, lastEventAt: events.at(-1)?.at ?? row.created_at }
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
        if (lives && !wasToldOtherwise && !this.#wasNeverAnswered(row, sends, events))
          return [{ rule: 'gave up a living chain', text: history() }]
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

  /** All sends that the policy names were made, and the answers to them never came: nobody can know what the issuer takes. */
  #wasNeverAnswered(row: GrantRow, sends: readonly LedgerEntry[], events: readonly AuditEvent[]): boolean {
    const end = events.findLast(({ action }) => action === 'grant.needs_consent')
    const { policy } = issuerModes[row.platform as IssuerModeName]
    const { answer, sends: made = 0 } = end?.facts ?? {}
    return answer === 'lost' && made > policy.resendAfterSeconds.length && this.#isLossExcused(sends)
  }

  #isLossExcused(sends: readonly LedgerEntry[]): boolean {
    return wasLost(sends, this.#losses, this.#cluster.kills)
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
    const { origin, scale } = time
    const real = (at: number) => origin + (at - origin) * scale
    const machine =
      (this.#stalls.between(real(loss.at) - 1000, real(end.at) + 1000) +
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
