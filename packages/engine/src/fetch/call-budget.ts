import { type Clock, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { LimitReading } from '../catalog/connector.ts'

/** What counts together: calls of one OAuth client to one partition of one platform. */
export interface BudgetKey {
  readonly platform: string
  readonly clientId: string
  readonly key: string
}

interface BudgetRow {
  readonly minute_start: number
  readonly minute_used: number
  readonly minute_limit: number
  readonly day_start: number
  readonly day_used: number
  readonly day_limit: number
}

const minute = 60_000
const day = 86_400_000

/** Named, so that PostgreSQL parses and plans it once a connection: it runs before every call. */
const takeOne = {
  name: 'call-budget-take',
  text: `INSERT INTO call_budget AS b
      (platform, client_id, key, minute_start, minute_used, minute_limit, day_start, day_used, day_limit)
    VALUES ($1, $2, $3, $4, 1, $6, $5, 1, $7)
    ON CONFLICT (platform, client_id, key) DO UPDATE SET
      minute_used = CASE WHEN b.minute_start < $4 THEN 1 ELSE b.minute_used + 1 END,
      minute_start = greatest(b.minute_start, $4),
      day_used = CASE WHEN b.day_start < $5 THEN 1 ELSE b.day_used + 1 END,
      day_start = greatest(b.day_start, $5)
    WHERE (b.minute_start < $4 OR b.minute_used < b.minute_limit) AND (b.day_start < $5 OR b.day_used < b.day_limit)
    RETURNING *`,
}

/** The longest that a statement with a listener waits for one call's turn; it never waits for a day's end. */
const longestWaitMs = 5 * minute

/** How a statement waits for its turn. */
export interface Waiting {
  readonly signal?: AbortSignal
  /** Nobody listens: days may pass. */
  readonly isPatient?: boolean
  /** Told when a wait begins; what it gives is called when the wait is over. */
  readonly onWait?: (until: number) => () => void
}

/** What is left of a partition's day. */
export interface DayLeft {
  readonly limit: number
  readonly left: number
  readonly resetsAt: number
}

/**
 * Call budgets in PostgreSQL, shared by all processes. A call is counted before it is sent, so that no two processes
 * spend the same one; what the platform's answers say corrects the count.
 */
export class CallBudgets {
  readonly #store: Store
  readonly #clock: Clock
  readonly #defaults: ReadonlyMap<string, { readonly minute: number; readonly day: number }>

  constructor(
    store: Store,
    clock: Clock,
    defaults: ReadonlyMap<string, { readonly minute: number; readonly day: number }>,
  ) {
    this.#store = store
    this.#clock = clock
    this.#defaults = defaults
  }

  /** Counts one call and returns what is known of the budget after it; waits for the next minute when this one is full. */
  async take(key: BudgetKey, waiting: Waiting = {}): Promise<BudgetRow> {
    const limits = this.#defaults.get(key.platform) ?? { minute: 60, day: 5000 }
    const startedAt = this.#clock.now()
    for (;;) {
      const now = this.#clock.now()
      const [thisMinute, thisDay] = [Math.floor(now / minute) * minute, Math.floor(now / day) * day]
      const identity = [key.platform, key.clientId, key.key]
      const { rows } = await this.#store.pool.query<BudgetRow>({
        ...takeOne,
        values: [...identity, thisMinute, thisDay, limits.minute, limits.day],
      })
      const [taken] = rows
      if (taken) return taken
      const { rows: known } = await this.#store.pool.query<BudgetRow>(
        'SELECT * FROM call_budget WHERE platform = $1 AND client_id = $2 AND key = $3',
        identity,
      )
      const [full] = known
      if (!full) continue
      if (full.day_start >= thisDay && full.day_used >= full.day_limit) {
        const resetsAt = full.day_start + day
        if (!waiting.isPatient) throw exhausted(key, full.day_limit, 'day', resetsAt)
        await waitUntil(this.#clock, resetsAt, waiting)
        continue
      }
      const waitMs = Math.max(1, full.minute_start + minute - now)
      if (!waiting.isPatient && now - startedAt + waitMs > longestWaitMs) {
        throw exhausted(key, full.minute_limit, 'minute', full.minute_start + minute)
      }
      await waitUntil(this.#clock, now + waitMs, waiting)
    }
  }

  /** What is left of the day of each of these partitions. */
  async dayLeft(
    platform: string,
    clientId: string,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, DayLeft>> {
    const today = Math.floor(this.#clock.now() / day) * day
    const resetsAt = today + day
    const { rows } = await this.#store.pool.query<
      Pick<BudgetRow, 'day_start' | 'day_used' | 'day_limit'> & { key: string }
    >(
      `SELECT key, day_start, day_used, day_limit FROM call_budget
       WHERE platform = $1 AND client_id = $2 AND key = ANY($3)`,
      [platform, clientId, keys],
    )
    const known = new Map(rows.map((row) => [row.key, row]))
    const assumed = this.#defaults.get(platform)?.day ?? 5000
    return new Map(
      keys.map((key) => {
        const row = known.get(key)
        const limit = row?.day_limit ?? assumed
        const used = row && row.day_start >= today ? row.day_used : 0
        return [key, { limit, left: Math.max(0, limit - used), resetsAt }]
      }),
    )
  }

  /** What is left for these partitions of a client, as counted here. */
  async list(
    platform: string,
    clientId: string,
    keys: readonly string[],
  ): Promise<{ partition: string; window: string; limit: number; remaining: number; resetsAt: string }[]> {
    const { rows } = await this.#store.pool.query<BudgetRow & { key: string }>(
      'SELECT * FROM call_budget WHERE platform = $1 AND client_id = $2 AND key = ANY($3) ORDER BY key',
      [platform, clientId, keys],
    )
    const now = this.#clock.now()
    return rows.flatMap((row) =>
      [
        { window: 'minute', limit: row.minute_limit, used: row.minute_used, end: row.minute_start + minute },
        { window: 'day', limit: row.day_limit, used: row.day_used, end: row.day_start + day },
      ].map(({ window, limit, used, end }) => ({
        partition: row.key,
        window,
        limit,
        remaining: end > now ? Math.max(0, limit - used) : limit,
        resetsAt: new Date(end).toISOString(),
      })),
    )
  }

  /** Believes the platform where it says that less is left, or that the limit is another one. */
  async correct(key: BudgetKey, taken: BudgetRow, readings: readonly LimitReading[]): Promise<void> {
    for (const { window, limit, remaining, resetsAt } of readings) {
      const [used, known] =
        window === 'minute' ? [taken.minute_used, taken.minute_limit] : [taken.day_used, taken.day_limit]
      if (limit === known && limit - remaining <= used) continue
      const length = window === 'minute' ? minute : day
      await this.#store.pool.query(
        `UPDATE call_budget SET ${window}_limit = $4,
           ${window}_used = CASE WHEN ${window}_start > $6 THEN ${window}_used ELSE greatest(${window}_used, $5) END,
           ${window}_start = greatest(${window}_start, $6)
         WHERE platform = $1 AND client_id = $2 AND key = $3`,
        [key.platform, key.clientId, key.key, limit, limit - remaining, resetsAt - length],
      )
    }
  }
}

/** Sleeps where others can see it. */
export async function waitUntil(
  clock: Clock,
  until: number,
  { signal, onWait }: Pick<Waiting, 'signal' | 'onWait'>,
): Promise<void> {
  const over = onWait?.(until)
  try {
    await clock.sleep(Math.max(1, until - clock.now()), signal)
  } finally {
    over?.()
  }
}

function exhausted(key: BudgetKey, limit: number, window: 'minute' | 'day', resetsAt: number): SluisError {
  const at = new Date(resetsAt).toISOString()
  return new SluisError(
    'PLATFORM_BUDGET_EXHAUSTED',
    `The ${limit} calls a ${window} for partition ${key.key} are used up until ${at}.`,
    {
      hint: 'Wait until then, or ask for fewer partitions or rows; explain shows what a statement costs.',
      details: { resetsAt: at },
    },
  )
}
