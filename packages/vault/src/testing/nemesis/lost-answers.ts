import type { LedgerEntry } from '../issuer/ledger-issuer.ts'

/** A request that a server gave up, in real time. */
export interface LostAnswer {
  readonly sender: string
  readonly chain: number
  readonly generation: number
  readonly at: number
}

/** An answer given to the network so shortly before its receiver was killed may never have been read, in real time. */
const unreadMs = 500

/**
 * Whether an answer with tokens never reached a process that lived on to keep it: it never left the issuer, its receiver
 * had hung up before it came, or was killed as it came. One that lay in the socket when its receiver hung up was not lost.
 */
export function wasLost(
  sends: readonly LedgerEntry[],
  losses: readonly LostAnswer[],
  kills: readonly { readonly name: string; readonly at: number }[],
): boolean {
  return sends.some(({ chain, generation, gave, deliveredAt, sender }) => {
    if (gave === null) return false
    if (deliveredAt === null) return true
    const hungUp = losses.some(
      (loss) =>
        loss.sender === sender &&
        loss.chain === chain &&
        loss.generation === generation &&
        loss.at < deliveredAt + unreadMs,
    )
    const kill = kills.find(({ name }) => name === sender)
    return hungUp || (kill !== undefined && kill.at < deliveredAt + unreadMs)
  })
}
