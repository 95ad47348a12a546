import type { Journal } from '@sluis/emulator-shared'
import {
  type BankStatement,
  type DataOptions,
  type Dimension,
  type Invoice,
  makeOffices,
  type Office,
  type Transaction,
} from './dataset.ts'

/** Lines of transactions that are settled with each other; an amount in cents takes as much of what was open. */
export interface Match {
  readonly lines: readonly {
    readonly code: string
    readonly number: number
    readonly line: number
    readonly cents: number
  }[]
}

/** One thing that was written, as the journal keeps it. */
export type Change =
  | { readonly transaction: Transaction }
  | { readonly removed: { readonly code: string; readonly number: number } }
  | { readonly dimension: Dimension; readonly isGone: boolean }
  | { readonly invoice: Invoice }
  | { readonly match: Match }
  | { readonly statement: BankStatement }

/** Told of everything that is written. */
export type Write = (office: Office, change: Change) => void

/** The generated books with what was written into them, over restarts. */
export class Books {
  offices: readonly Office[]
  readonly #journal: Journal

  constructor(data: DataOptions, journal: Journal) {
    this.offices = makeOffices(data)
    this.#journal = journal
    for (const { office: code, ...change } of journal.read<Change & { readonly office: string }>()) {
      const office = this.offices.find((one) => one.code === code)
      if (office) apply(office, change as Change)
    }
  }

  readonly write: Write = (office, change) => {
    apply(office, change)
    this.#journal.append({ office: office.code, ...change }, { isDurable: true })
  }

  /** Other books: what was written into the earlier ones is gone. */
  replace(data: DataOptions): void {
    this.#journal.clear()
    this.offices = makeOffices(data)
  }

  close(): void {
    this.#journal.close()
  }
}

function apply(office: Office, change: Change): void {
  if ('transaction' in change) office.transactions.push(change.transaction)
  else if ('removed' in change) remove(office, change.removed)
  else if ('invoice' in change) office.invoices.push(change.invoice)
  else if ('statement' in change) office.statements.push(change.statement)
  else if ('match' in change) settle(office, change.match)
  else put(office, change.dimension, change.isGone)
}

function remove({ transactions, deleted }: Office, { code, number }: { code: string; number: number }): void {
  const at = transactions.findIndex((one) => one.code === code && one.number === number)
  if (at >= 0) deleted.push(...transactions.splice(at, 1))
}

/** In place of the one with its type and code, or out; one that is out is kept, so that it can be restored. */
function put({ dimensions, deletedDimensions }: Office, dimension: Dimension, isGone: boolean): void {
  for (const list of [dimensions, deletedDimensions]) {
    const at = list.findIndex((one) => one.type === dimension.type && one.code === dimension.code)
    if (at >= 0) list.splice(at, 1)
  }
  const into = isGone ? deletedDimensions : dimensions
  into.push(dimension)
}

function settle({ transactions }: Office, { lines }: Match): void {
  for (const { code, number, line, cents } of lines) {
    const at = transactions.findIndex((one) => one.code === code && one.number === number)
    const found = transactions[at]
    if (!found) continue
    transactions[at] = {
      ...found,
      lines: found.lines.map((one) => {
        if (one.id !== line) return one
        const openCents = one.openCents - cents
        return { ...one, openCents, matchStatus: openCents === 0 ? 'matched' : 'available' }
      }),
    }
  }
}
