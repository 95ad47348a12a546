import type { EmulatedClock, Journal, Ledger } from '@sluis/emulator-shared'
import type { ExactOnlineLedgerEntry } from '../ledger-entry.ts'
import type { Issuer } from '../oauth/issuer.ts'
import { contentOf, deliveryBody, type WebhookEvent } from './delivery.ts'
import type { Subscription } from './subscription-rules.ts'

/** One POST that is owed to a callback. */
interface Due {
  readonly id: number
  readonly at: number
  /** 0 is the first; up to ten more follow. */
  readonly attempt: number
  readonly callbackUrl: string
  readonly clientId: string
  readonly division: number
  readonly topic: string
  /** Null is the empty POST by which a new callback is tried. */
  readonly content: string | null
}

type JournalRecord = { readonly due: Due } | { readonly done: number }

const validationDelayMs = 1000
const retries = 10
const answerWithinMs = 10_000

/**
 * Calls callbacks in emulated time: an empty POST one second after a subscription was made, then one signed POST per
 * event. What is not answered with 2xx is sent again after 2, 4, 8, … minutes, ten times, and then given up. What is
 * owed outlives the emulator.
 * @see wire.md § 4.3
 */
export class Webhooks {
  readonly #clock: EmulatedClock
  readonly #issuer: Issuer
  readonly #ledger: Ledger<ExactOnlineLedgerEntry>
  readonly #journal: Journal
  readonly #owed = new Map<number, Due>()
  readonly #sending = new Set<number>()
  readonly #closing = new AbortController()
  #last = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    clock: EmulatedClock,
    issuer: Issuer,
    ledger: Ledger<ExactOnlineLedgerEntry>,
    journal: Journal,
  ) {
    this.#clock = clock
    this.#issuer = issuer
    this.#ledger = ledger
    this.#journal = journal
    for (const record of journal.read<JournalRecord>()) {
      if ('done' in record) this.#owed.delete(record.done)
      else {
        this.#owed.set(record.due.id, record.due)
        this.#last = Math.max(this.#last, record.due.id)
      }
    }
    this.wake()
  }

  subscribed({ clientId, topic, callbackUrl }: Omit<Subscription, 'id'>, division: number): void {
    const at = this.#clock.now() + validationDelayMs
    this.#owe({ at, attempt: 0, callbackUrl, clientId, division, topic, content: null })
  }

  happened(event: WebhookEvent, callbackUrl: string): void {
    const { clientId, division, topic } = event
    const content = contentOf(event)
    this.#owe({ at: this.#clock.now(), attempt: 0, callbackUrl, clientId, division, topic, content })
  }

  #owe(due: Omit<Due, 'id'>): void {
    const owed = { ...due, id: ++this.#last }
    this.#owed.set(owed.id, owed)
    this.#journal.append({ due: owed }, { isDurable: true })
    this.wake()
  }

  #settle(id: number): void {
    this.#owed.delete(id)
    this.#journal.append({ done: id }, { isDurable: false })
  }

  /** Sends what is due; called again when the clock has been moved. */
  wake(): void {
    clearTimeout(this.#timer)
    if (this.#closing.signal.aborted) return
    const now = this.#clock.now()
    const waiting = [...this.#owed.values()].filter(({ id }) => !this.#sending.has(id))
    for (const due of waiting) if (due.at <= now) void this.#send(due)
    const next = Math.min(...waiting.filter(({ at }) => at > now).map(({ at }) => at))
    // A day at most: a timer cannot hold more than some weeks.
    if (Number.isFinite(next))
      this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(next - now, 20), 86_400_000)).unref()
  }

  async #send(due: Due): Promise<void> {
    this.#sending.add(due.id)
    const secret = this.#issuer.apps.get(due.clientId)?.webhookSecret ?? ''
    const isValidation = due.content === null
    const status = await fetch(due.callbackUrl, {
      method: 'POST',
      redirect: 'manual',
      headers: isValidation ? { 'Content-Length': '0' } : { 'Content-Type': 'application/json' },
      ...(due.content === null ? {} : { body: deliveryBody(due.content, secret) }),
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(answerWithinMs)]),
    }).then(
      async (response) => {
        await response.body?.cancel()
        return response.status
      },
      () => null,
    )
    this.#sending.delete(due.id)
    if (this.#closing.signal.aborted || !this.#owed.has(due.id)) return
    const isTaken = status !== null && status >= 200 && status < 300
    const isLast = isTaken || isValidation || due.attempt >= retries
    this.#ledger.add({
      at: this.#clock.now(),
      kind: 'webhook',
      clientId: due.clientId,
      user: null,
      method: 'POST',
      route: `webhook/${due.topic}`,
      division: due.division,
      outcome: isTaken ? (isValidation ? 'validated' : 'delivered') : isLast ? 'given-up' : 'refused',
      status,
    })
    this.#settle(due.id)
    if (isLast) return
    const attempt = due.attempt + 1
    const { id: _, ...rest } = due
    this.#owe({ ...rest, attempt, at: this.#clock.now() + this.#retryMs(due.clientId) * 2 ** attempt })
  }

  #retryMs(clientId: string): number {
    return (this.#issuer.apps.get(clientId)?.flags?.webhookRetrySeconds ?? 60) * 1000
  }

  clear(): void {
    this.#owed.clear()
    this.#journal.clear()
    clearTimeout(this.#timer)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#closing.abort()
    this.#journal.close()
  }
}
