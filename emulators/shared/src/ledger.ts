import type { Journal } from './journal.ts'

/** One request that an emulator saw, without any secret; platforms add what is their own. */
export interface LedgerEntry {
  readonly seq: number
  readonly at: number
  readonly kind: string
  readonly clientId: string | null
  readonly user: string | null
  readonly route: string
  readonly outcome: string
  readonly status: number | null
  /** Set when a fault was played on this request. */
  readonly fault?: string
}

/** Beyond this many the oldest entries are dropped, so that load tests do not fill the memory. */
const limit = 200_000

/** Every token request and API call with its outcome: what a checker reads. */
export class Ledger<Entry extends LedgerEntry = LedgerEntry> {
  readonly #journal: Journal
  #entries: Entry[]
  #last: number

  constructor(journal: Journal) {
    this.#journal = journal
    this.#entries = journal.read<Entry>()
    this.#last = this.#entries.at(-1)?.seq ?? 0
  }

  add(entry: Omit<Entry, 'seq'>): void {
    this.#last++
    const numbered = { seq: this.#last, ...entry } as Entry
    this.#entries.push(numbered)
    if (this.#entries.length > limit * 1.1) this.#entries = this.#entries.slice(-limit)
    this.#journal.append(numbered, { isDurable: false })
  }

  since(seq: number): readonly Entry[] {
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

  close(): void {
    this.#journal.close()
  }
}
