import type { Journal } from './journal.ts'

/** One request that the emulator saw, without any secret. */
export interface LedgerEntry {
  readonly seq: number
  readonly at: number
  readonly kind: 'authorize' | 'token' | 'api'
  readonly clientId: string | null
  readonly user: string | null
  readonly method: string
  /** Endpoint without division and key: `crm/Accounts`. */
  readonly route: string
  readonly outcome: string
  readonly status: number | null
  readonly division?: number | null
  readonly query?: string
  readonly rows?: number | null
  readonly bytes?: number
  readonly grantType?: string
  /** A hash that names the spent code or refresh token. */
  readonly tokenId?: string
  readonly generation?: number | null
  /** Set when a fault was played on this request. */
  readonly fault?: string
}

/** Beyond this many the oldest entries are dropped, so that load tests do not fill the memory. */
const limit = 200_000

/** Every token request and API call with its outcome: what a checker reads. */
export class Ledger {
  readonly #journal: Journal
  #entries: LedgerEntry[]
  #last: number

  constructor(journal: Journal) {
    this.#journal = journal
    this.#entries = journal.read<LedgerEntry>()
    this.#last = this.#entries.at(-1)?.seq ?? 0
  }

  add(entry: Omit<LedgerEntry, 'seq'>): void {
    this.#last++
    const numbered = { seq: this.#last, ...entry }
    this.#entries.push(numbered)
    if (this.#entries.length > limit * 1.1) this.#entries = this.#entries.slice(-limit)
    this.#journal.append(numbered, { isDurable: false })
  }

  since(seq: number): readonly LedgerEntry[] {
    return seq <= 0 ? this.#entries : this.#entries.filter((entry) => entry.seq > seq)
  }

  get last(): number {
    return this.#last
  }

  clear(): void {
    this.#entries = []
    this.#last = 0
    this.#journal.clear()
  }
}
