import type { CatalogueEntry } from '@sluis/facts'
import { bookingOf, LedgerLayout } from './books/bookings.ts'
import { shortestChart } from './books/chart-of-accounts.ts'
import { ledgerPath } from './books/ledger.ts'
import { countOpen, linesToSettle, openLists } from './books/open-items.ts'
import { stockItems } from './books/stock.ts'
import { defaultRows, entitySizes, headerLines, setUpSizes } from './entity-sizes.ts'
import { countLines, linesOf, patternOf } from './line-numbering.ts'

/** How many generated rows each entity has in every company: as many as its scale says, and what the books need. */
export class EntityRows {
  readonly #paths: ReadonlyMap<string, CatalogueEntry>
  readonly #scale: number
  readonly #known = new Map<string, number>()

  constructor(paths: ReadonlyMap<string, CatalogueEntry>, scale: number) {
    this.#paths = paths
    this.#scale = scale
  }

  readonly of = (path: string): number => {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const rows = this.#count(path)
    this.#known.set(path, rows)
    return rows
  }

  #count(path: string): number {
    if (path in setUpSizes) return setUpSizes[path] ?? defaultRows
    if (path === ledgerPath) return new LedgerLayout(this.of).rows
    const pair = headerLines.find(([, lines]) => lines === path)
    if (pair && this.#paths.has(pair[0])) return countLines(this.of(pair[0]), patternOf(path))
    const open = openLists[path]
    if (open) return countOpen(open.chain, this.of(open.entries))
    const wanted = this.#scaled(path)
    switch (path) {
      case 'financial/glaccounts':
        return Math.max(wanted, shortestChart)
      case bookingOf('bank').header:
        return Math.max(wanted, this.#statements())
      case 'inventory/itemwarehouses':
      case 'sync/inventory/stockpositions':
        return stockItems(
          this.#scaled('inventory/itemwarehouses'),
          this.of('logistics/items'),
          this.of('inventory/stockcountlines'),
        )
      default:
        return wanted
    }
  }

  #scaled(path: string): number {
    return Math.max(1, Math.round((entitySizes[path] ?? defaultRows) * this.#scale))
  }

  /** Statements that it takes to pay all that is paid. */
  #statements(): number {
    const lines = linesToSettle({
      sales: this.of(bookingOf('sales').header),
      purchases: this.of(bookingOf('purchases').header),
    })
    let statements = Math.floor(lines / 15) * 5
    while (linesOf(statements).first < lines) statements++
    return statements
  }
}
