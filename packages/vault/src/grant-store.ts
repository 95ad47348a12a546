import type { GrantId, OrganisationId } from '@sluis/shared'
import type { GrantRow } from './grant-row.ts'
import type { BudgetClaim, BudgetKey, BudgetUse } from './token-budget.ts'
import type { GrantState } from './vault.ts'

/** Heard by all processes when a grant changed: waiters look again, caches forget. */
export const grantChannel = 'sluis_grant'

/** A chain went on as it should. */
export const refreshed = 'grant.refreshed'
/** A chain went on that was thought to be lost. */
export const recovered = 'grant.recovered'

/** The issuer that a grant is of: what is counted, paused and queued together. */
export const issuerName = (row: Pick<GrantRow, 'platform' | 'region'>): string =>
  `${row.platform} ${row.region}`

/** What a change of state writes beside the state. */
export type GrantChange = Partial<Omit<GrantRow, 'id' | 'organisation_id' | 'created_at'>>

/** Every column of a grant's row. */
export const grantColumns = [
  'id',
  'organisation_id',
  'platform',
  'region',
  'client_id',
  'redirect_uri',
  'sealed_secret',
  'platform_user',
  'platform_user_id',
  'label',
  'external_id',
  'renews',
  'state',
  'chain',
  'generation',
  'sealed_tokens',
  'sealed_alternates',
  'has_access',
  'has_refresh',
  'received_at',
  'access_expires_at',
  'refresh_idle_expires_at',
  'refresh_absolute_expires_at',
  'proven_access',
  'proven_refresh',
  'proven_client',
  'not_before',
  'due_at',
  'warn_at',
  'failures',
  'problem',
  'spend_id',
  'spend_kind',
  'spend_generation',
  'spend_process',
  'spend_started_at',
  'spend_sends',
  'spend_lost_at',
  'spend_refusals',
  'spend_was_early',
  'created_at',
  'last_refreshed_at',
  'deleted_at',
] as const satisfies readonly (keyof GrantRow)[]

/**
 * The same for a statement. Never `*`: a prepared statement whose result gains a column, because a newer server has
 * migrated the database, fails with "cached plan must not change result type".
 */
export const grantColumnsSql = grantColumns.join(', ')

/** No spend under way. */
export const noSpend = {
  spend_id: null,
  spend_kind: null,
  spend_generation: null,
  spend_process: null,
  spend_started_at: null,
  spend_sends: 0,
  spend_lost_at: null,
  spend_refusals: 0,
  spend_was_early: false,
} as const satisfies GrantChange

/** A row as JSON that PostgreSQL can read back: what the spool keeps. */
export function rowToJson(row: GrantRow): Record<string, unknown> {
  return Object.fromEntries(
    grantColumns.map((column) => {
      const value = row[column]
      return [column, Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value]
    }),
  )
}

/** The row that `rowToJson` made JSON of. */
export function rowFromJson(json: Record<string, unknown>): GrantRow {
  const entries = Object.entries(json).map(([column, value]) => [
    column,
    column.startsWith('sealed_') && typeof value === 'string' ? Buffer.from(value.slice(2), 'hex') : value,
  ])
  // What an earlier version wrote lacks what came later.
  return { renews: null, ...Object.fromEntries(entries) } as GrantRow
}

/** The intent to spend a generation. */
export interface SpendIntent {
  readonly id: string
  readonly kind: 'refresh' | 'code'
  readonly process: string
  readonly at: number
  readonly state: GrantState
  readonly isSingleUse: boolean
  /** Counted with the intent, which is not recorded where it does not fit. */
  readonly claim?: BudgetClaim
}

/** What the audit trail says of a change. */
export interface StoreEvent {
  readonly action: string
  readonly at: number
  readonly facts?: object
}

/**
 * The rows of all chains, shared by all processes. Every write is one atomic compare-and-set; the time always comes
 * as a value. `PgGrantStore` keeps them in PostgreSQL; the simulator has a model in memory. One contract suite
 * (`testing/grant-store-contract.ts`) runs on both.
 */
export interface GrantStore {
  get(id: GrantId, organisationId?: OrganisationId): Promise<GrantRow | null>
  /**
   * The intent: exactly one caller in the whole cluster wins generation `row.generation`. Null when somebody else
   * has it, the row has moved on, it does not fit the issuer's budget, or a single-use token may not be spent because
   * the database is being repaired.
   */
  beginSpend(row: GrantRow, spend: SpendIntent): Promise<GrantRow | null>
  /**
   * The intent to send an ambiguous spend once more: exactly one caller wins send number `row.spend_sends + 1`. Until
   * `lostAt` the row is left to it; a holder that dies meanwhile is found by its lock, or at the latest then.
   */
  beginResend(
    row: GrantRow,
    process: string,
    at: number,
    lostAt: number,
    claim?: BudgetClaim,
  ): Promise<GrantRow | null>
  /** What was counted for an app and user; null when nothing was. */
  budgetUse(key: BudgetKey): Promise<BudgetUse | null>
  /** Counts a refusal by the token endpoint; the last `most` are remembered. */
  noteTokenError(key: BudgetKey, at: number, most: number): Promise<void>
  /** Whether this spend is still the caller's to send. */
  isStillSpending(row: GrantRow): Promise<boolean>
  /**
   * Writes a change if the row still is at `row`'s chain, generation, spend and number of sends, with an audit event at
   * the same time; all processes are told soon after. False when the row has moved on.
   */
  change(row: GrantRow, change: GrantChange, event: StoreEvent | null): Promise<boolean>
  /**
   * Stores the answer of a spend: generation g → g+1 and the new token's fingerprint, whatever happened to the state
   * meanwhile. False when g+1 is there already, or the chain was superseded. A chain that was ambiguous or in need of
   * consent until now is `recovered`, not `refreshed`.
   */
  advance(spent: GrantRow, next: GrantRow, fingerprint: Buffer | null, event: StoreEvent): Promise<boolean>
  /**
   * Puts a spooled row back where the database knows an older one or none. An older record never wins, and a grant
   * that was deleted stays deleted. The event and the token's fingerprint are noted only when something changed, and
   * with the row: a token whose fingerprint is missing would be taken for one that never reached the database.
   */
  replay(json: Record<string, unknown>, at: number, fingerprint: Buffer | null): Promise<boolean>
  /** Whether this refresh token's fingerprint is on record. */
  knowsFingerprint(fingerprint: Buffer): Promise<boolean>
  /** Puts a fingerprint on record; one that is known stays as it is. */
  addFingerprint(fingerprint: Buffer, row: GrantRow, at: number): Promise<void>
  /** Grants whose time has come and that nobody is spending, the longest overdue first; not those of issuers `except`. */
  due(now: number, limit: number, except?: readonly string[]): Promise<GrantRow[]>
  /** Grants that are to be told of, the longest overdue first. */
  dueWarnings(now: number, limit: number): Promise<GrantRow[]>
  /** Tells of a grant, exactly one caller of many, and sets when that is done next. */
  warn(row: GrantRow, next: number | null, event: StoreEvent | null): Promise<boolean>
  /** Moves the time at which a grant is looked at again, without any other change. */
  postpone(row: GrantRow, due: number): Promise<void>
  /** Rows with a send under way, first or repeated: one whose answer was lost or judged has no process any more. */
  openSends(): Promise<GrantRow[]>
}

/** Columns that an answer never touches: they are the partner's, or written once. */
export const columnsBesideChain: ReadonlySet<keyof GrantRow> = new Set([
  'id',
  'organisation_id',
  'created_at',
  'label',
  'external_id',
  'platform_user',
  'platform_user_id',
  'deleted_at',
])
