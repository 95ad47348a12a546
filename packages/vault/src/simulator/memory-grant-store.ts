import type { GrantId, OrganisationId } from '@sluis/shared'
import type { GrantRow } from '../grant-row.ts'
import {
  columnsBesideChain,
  type GrantChange,
  type GrantStore,
  issuerName,
  recovered,
  refreshed,
  rowFromJson,
  type SpendIntent,
  type StoreEvent,
} from '../grant-store.ts'
import {
  type BudgetClaim,
  type BudgetKey,
  type BudgetUse,
  fitsAt,
  withCall,
  withError,
} from '../token-budget.ts'
import { TimeIndex } from './time-index.ts'

export interface NotedEvent {
  readonly id: GrantId
  readonly at: number
  readonly action: string
  readonly facts: object
}

/** The rows of all chains in memory: a model of `PgGrantStore` for the simulator, held to the same contract suite. */
export class MemoryGrantStore implements GrantStore {
  readonly #rows = new Map<GrantId, GrantRow>()
  readonly #due = new TimeIndex()
  readonly #warnings = new TimeIndex()
  readonly #sending = new Set<GrantId>()
  readonly events: NotedEvent[] = []
  readonly fingerprints = new Set<string>()
  readonly #budgets = new Map<string, BudgetUse>()
  /** The database forgot something and is being repaired: nothing that works once is spent. */
  isRecovering = false
  readonly #onChange: (row: GrantRow) => void

  readonly #onEvent: (event: NotedEvent) => void

  /**
   * `onChange` hears every row that was written, as a listener hears PostgreSQL's notification. `onEvent` gets events
   * in place of the list, for a run that is too long to keep them.
   */
  constructor(
    onChange: (row: GrantRow) => void = () => {},
    onEvent: (event: NotedEvent) => void = (event) => this.events.push(event),
  ) {
    this.#onChange = onChange
    this.#onEvent = onEvent
  }

  get rows(): ReadonlyMap<GrantId, GrantRow> {
    return this.#rows
  }

  put(row: GrantRow): void {
    this.write(row)
    this.#onChange(row)
  }

  /** Writes a row of which nobody is told. */
  write(row: GrantRow): void {
    this.#rows.set(row.id, row)
    const lives = row.deleted_at === null
    this.#due.set(row.id, lives ? row.due_at : null)
    this.#warnings.set(row.id, lives ? row.warn_at : null)
    if (lives && row.spend_id !== null && row.spend_process !== null) this.#sending.add(row.id)
    else this.#sending.delete(row.id)
  }

  #rowsOf(ids: Iterable<string>): GrantRow[] {
    return [...ids].flatMap((id) => this.#rows.get(id as GrantId) ?? [])
  }

  #living(id: GrantId): GrantRow | null {
    const row = this.#rows.get(id)
    return row && row.deleted_at === null ? row : null
  }

  #note(id: GrantId, { at, action, facts = {} }: StoreEvent): void {
    this.#onEvent({ id, at, action, facts })
  }

  async get(id: GrantId, organisationId?: OrganisationId): Promise<GrantRow | null> {
    const row = this.#living(id)
    return row && (organisationId === undefined || row.organisation_id === organisationId) ? row : null
  }

  async beginSpend(row: GrantRow, spend: SpendIntent): Promise<GrantRow | null> {
    const current = this.#living(row.id)
    if (!current || !isAtPlace(current, row) || current.spend_id !== null || current.state !== row.state)
      return null
    if (spend.isSingleUse && this.isRecovering) return null
    if (!this.#claim(spend.claim, spend.at)) return null
    const begun: GrantRow = {
      ...current,
      spend_id: spend.id,
      spend_kind: spend.kind,
      spend_generation: current.generation,
      spend_process: spend.process,
      spend_started_at: spend.at,
      spend_sends: 1,
      spend_lost_at: null,
      spend_refusals: 0,
      spend_was_early: false,
      state: spend.state,
    }
    this.write(begun)
    return begun
  }

  async beginResend(
    row: GrantRow,
    process: string,
    at: number,
    lostAt: number,
    claim?: BudgetClaim,
  ): Promise<GrantRow | null> {
    const current = this.#living(row.id)
    const isOurs = current !== null && current.spend_id === row.spend_id && current.spend_id !== null
    if (!isOurs || current.spend_sends !== row.spend_sends || current.state !== 'ambiguous') return null
    if (current.due_at === null || current.due_at > at || this.isRecovering) return null
    if (!this.#claim(claim, at)) return null
    const begun: GrantRow = {
      ...current,
      spend_sends: current.spend_sends + 1,
      spend_process: process,
      spend_started_at: at,
      due_at: lostAt,
    }
    this.write(begun)
    return begun
  }

  /** Counts a request; false, and nothing counted, when it does not fit. */
  #claim(claim: BudgetClaim | undefined, at: number): boolean {
    if (!claim) return true
    const name = JSON.stringify(claim.key)
    const use = this.#budgets.get(name) ?? null
    if (fitsAt(use, claim, at) > at) return false
    this.#budgets.set(name, withCall(use, at))
    return true
  }

  async budgetUse(key: BudgetKey): Promise<BudgetUse | null> {
    return this.#budgets.get(JSON.stringify(key)) ?? null
  }

  async noteTokenError(key: BudgetKey, at: number, most: number): Promise<void> {
    const name = JSON.stringify(key)
    this.#budgets.set(name, withError(this.#budgets.get(name) ?? null, at, most))
  }

  async isStillSpending(row: GrantRow): Promise<boolean> {
    const current = this.#living(row.id)
    return (
      current !== null &&
      row.spend_id !== null &&
      current.spend_id === row.spend_id &&
      current.spend_sends === row.spend_sends &&
      current.generation === row.generation
    )
  }

  async change(row: GrantRow, change: GrantChange, event: StoreEvent | null): Promise<boolean> {
    const current = this.#living(row.id)
    const isSame =
      current !== null &&
      isAtPlace(current, row) &&
      current.spend_id === row.spend_id &&
      current.spend_sends === row.spend_sends
    if (!isSame) return false
    if (event) this.#note(row.id, event)
    this.put({ ...current, ...change })
    return true
  }

  async advance(
    spent: GrantRow,
    next: GrantRow,
    fingerprint: Buffer | null,
    event: StoreEvent,
  ): Promise<boolean> {
    const current = this.#living(spent.id)
    if (!current || !isAtPlace(current, spent)) return false
    const kept = Object.fromEntries([...columnsBesideChain].map((column) => [column, current[column]]))
    const wasLost = current.state === 'ambiguous' || current.state === 'needs_consent'
    const action = event.action === refreshed && wasLost ? recovered : event.action
    this.#note(spent.id, { ...event, action })
    if (fingerprint) this.fingerprints.add(fingerprint.toString('hex'))
    this.put({ ...next, ...kept })
    return true
  }

  async replay(json: Record<string, unknown>, at: number, fingerprint: Buffer | null): Promise<boolean> {
    const row = rowFromJson(json)
    const current = this.#rows.get(row.id)
    const isNewer =
      !current ||
      (current.deleted_at === null &&
        (current.chain < row.chain ||
          (current.chain === row.chain && current.generation < row.generation) ||
          row.deleted_at !== null))
    if (!isNewer) return false
    const facts = { generation: row.generation, from: 'spool' }
    this.#note(row.id, { action: recovered, at, facts })
    if (fingerprint && row.deleted_at === null) this.fingerprints.add(fingerprint.toString('hex'))
    this.put(row)
    return true
  }

  async knowsFingerprint(fingerprint: Buffer): Promise<boolean> {
    return this.fingerprints.has(fingerprint.toString('hex'))
  }

  async addFingerprint(fingerprint: Buffer): Promise<void> {
    this.fingerprints.add(fingerprint.toString('hex'))
  }

  async due(now: number, limit: number, except: readonly string[] = []): Promise<GrantRow[]> {
    const isWanted = (id: string) => {
      const row = this.#rows.get(id as GrantId)
      if (!row || (row.spend_id !== null && row.state !== 'ambiguous')) return false
      return !except.includes(issuerName(row))
    }
    return this.#rowsOf(this.#due.due(now, limit, isWanted))
  }

  async dueWarnings(now: number, limit: number): Promise<GrantRow[]> {
    return this.#rowsOf(this.#warnings.due(now, limit, () => true))
  }

  async warn(row: GrantRow, next: number | null, event: StoreEvent | null): Promise<boolean> {
    const current = this.#living(row.id)
    if (!current || row.warn_at === null || current.warn_at !== row.warn_at) return false
    if (event) this.#note(row.id, event)
    this.write({ ...current, warn_at: next })
    return true
  }

  async postpone(row: GrantRow, due: number): Promise<void> {
    const current = this.#living(row.id)
    // As in SQL, where nothing equals NULL: a row without a time is not moved.
    if (current && row.due_at !== null && current.due_at === row.due_at)
      this.write({ ...current, due_at: due })
  }

  async openSends(): Promise<GrantRow[]> {
    return this.#rowsOf(this.#sending)
      .sort((a, b) => (a.spend_started_at ?? 0) - (b.spend_started_at ?? 0))
      .slice(0, 1000)
  }
}

function isAtPlace(current: GrantRow, row: GrantRow): boolean {
  return current.chain === row.chain && current.generation === row.generation
}
