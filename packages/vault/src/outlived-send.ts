import type { Alternate, GrantRow, OutlivedSend } from './grant-row.ts'
import { noSpend } from './grant-store.ts'
import type { SendOutcome } from './token-sender.ts'

/**
 * A new consent may come while the token of the chain before it is being spent. That token is kept beside the new chain,
 * and with it its send: as long as nobody knows what became of that, the token is not sent again as if it were fresh.
 * When it takes the place of a chain that was refused, its send stands in the row again, and is waited for, judged and
 * declared like any other.
 */
const names = Object.keys(noSpend) as (keyof typeof noSpend)[]

/** The send of a row that is about to be superseded; undefined where none is open. */
export function outlivedSendOf(row: GrantRow): OutlivedSend | undefined {
  if (row.spend_id === null) return undefined
  return {
    ...(Object.fromEntries(names.map((name) => [name, row[name]])) as Omit<OutlivedSend, 'due_at'>),
    due_at: row.due_at,
  }
}

/** Whether the send that stands in this row is that of a chain before it. */
export const isOutlived = (row: GrantRow): boolean =>
  row.spend_id !== null && row.spend_generation !== row.generation

/** Whether `current` has the send of `sent`, which was begun on a chain before it. */
export const hasTakenOver = (current: GrantRow, sent: GrantRow): boolean =>
  current.chain !== sent.chain && current.spend_id !== null && current.spend_id === sent.spend_id

/** A pair kept beside a chain after its own send brought no tokens; null when its token is dead. */
export function afterSend(
  alternate: Alternate,
  sent: GrantRow,
  kind: Exclude<SendOutcome['kind'], 'tokens'>,
  now: number,
): Alternate | null {
  const { send, ...pair } = alternate
  if (send === undefined) return alternate
  if (sent.spend_lost_at === null) {
    if (kind === 'terminal') return null
    // Lost: whoever takes the token up declares that first.
    return kind === 'lost' ? alternate : pair
  }
  const refusals = send.spend_refusals + (kind === 'terminal' ? 1 : 0)
  if (refusals >= 2 || (send.spend_was_early && kind === 'terminal')) return null
  const wasEarly = send.spend_was_early || kind === 'too-early'
  return {
    ...pair,
    send: { ...send, spend_refusals: refusals, spend_was_early: wasEarly, spend_process: null, due_at: now },
  }
}
