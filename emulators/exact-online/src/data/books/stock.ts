import type { EntitySet } from '../entity-set.ts'
import { hashRow, hashText } from '../seeded-hash.ts'
import type { Books, BookValue } from './book-value.ts'
import { day, firstDay } from './document-chain.ts'

// Row n of the warehouses' items is item n; the others are services. What is there is what was counted before the first
// deal, and what came and went since.

const places = 'inventory/itemwarehouses'
const positions = 'sync/inventory/stockpositions'
const counts = 'inventory/stockcounts'
const countLines = 'inventory/stockcountlines'
const items = 'logistics/items'
const movements = [
  ['purchaseorder/goodsreceiptlines', 'QuantityReceived', 1],
  ['salesorder/goodsdeliverylines', 'QuantityDelivered', -1],
] as const
const surplus = hashText('stock that was counted')

/** Adds up what the lines of an item say; without what clients wrote where `isGenerated`. */
function sumOf(
  set: EntitySet,
  division: number,
  id: string,
  read: (index: number) => number,
  isGenerated = false,
): number {
  const item = set.properties.get('Item')
  const { first, step, count } = item?.rowsWith?.(division, id) ?? { first: 0, step: 1, count: 0 }
  const end = count === null ? set.rows : Math.min(set.rows, first + count * step)
  let sum = 0
  for (let index = first; index < end; index += step)
    if (isGenerated || set.written.rowOf(division, index) === undefined) sum += read(index)
  if (isGenerated) return sum
  for (const row of set.written.touched(division))
    if (!row.isDeleted && item?.value(division, row.index) === id) sum += read(row.index)
  return sum
}

const reader = (set: EntitySet, name: string, division: number) => (index: number) =>
  Number(set.properties.get(name)?.value(division, index) ?? 0)

/** Quantities of items: what is there, what orders still bring in, and what they still take out. */
function stockOf(books: Books, division: number, item: number) {
  const id = String(books.set(items).keys[0]?.value(division, item))
  let [since, generated] = [0, 0]
  for (const [path, name, sign] of movements) {
    const set = books.set(path)
    const read = reader(set, name, division)
    since += sign * sumOf(set, division, id, read)
    // What clients wrote changes what is there, not what was counted before.
    const original = set.properties.get(name)?.generated
    generated += sign * sumOf(set, division, id, (index) => Number(original?.(division, index) ?? 0), true)
  }
  const counted =
    Math.max(0, -generated) + (hashRow((surplus ^ books.seed) + Math.imul(division, 0x51ed27), item) % 60)
  const due = (path: string, done: string) => {
    const set = books.set(path)
    const [all, part] = [reader(set, 'Quantity', division), reader(set, done, division)]
    return sumOf(set, division, id, (index) => Math.max(0, all(index) - part(index)))
  }
  return {
    counted,
    current: counted + since,
    planningIn: () => due('purchaseorder/purchaseorderlines', 'ReceivedQuantity'),
    planningOut: () => due('salesorder/salesorderlines', 'QuantityDelivered'),
  }
}

export function stockValue(path: string, name: string, books: Books): BookValue | null {
  const isStockItem = (index: number) => index < books.rows(places)
  if (path === items) {
    if (name === 'IsStockItem') return { value: (_, index) => isStockItem(index) }
    if (name !== 'Stock') return null
    return {
      isDerived: true,
      value: (division, index) => (isStockItem(index) ? stockOf(books, division, index).current : 0),
    }
  }
  if (path === places || path === positions) return placeValue(name, books)
  if (path === counts && name === 'StockCountDate') return { value: () => firstDay - day }
  if (path !== countLines) return null
  const itemOf = (index: number) => index % books.rows(places)
  const counted = (division: number, index: number) => stockOf(books, division, itemOf(index)).counted
  switch (name) {
    case 'Item':
      return { to: { path: items, rowOf: (_, index) => itemOf(index) } }
    case 'QuantityNew':
      return { value: counted }
    // Who counts twice finds nothing new.
    case 'QuantityInStock':
      return { value: (division, index) => (isStockItem(index) ? 0 : counted(division, index)) }
    case 'QuantityDifference':
      return { value: (division, index) => (isStockItem(index) ? counted(division, index) : 0) }
    case 'Warehouse':
      return warehouse(itemOf, books)
    default:
      return null
  }
}

const warehouse = (itemOf: (index: number) => number, books: Books): BookValue => ({
  to: {
    path: 'inventory/warehouses',
    rowOf: (_, index) => itemOf(index) % books.rows('inventory/warehouses'),
  },
})

function placeValue(name: string, books: Books): BookValue | null {
  const stock = (of: (stock: ReturnType<typeof stockOf>) => number): BookValue => ({
    value: (division, index) => of(stockOf(books, division, index)),
  })
  switch (name) {
    case 'Item':
    case 'ItemId':
      return { to: { path: items, rowOf: (_, index) => index } }
    case 'Warehouse':
      return warehouse((index) => index, books)
    case 'CurrentStock':
    case 'FreeStock':
      return stock(({ current }) => current)
    case 'ReservedStock':
      return { value: () => 0 }
    case 'PlanningIn':
    case 'PlannedStockIn':
      return stock(({ planningIn }) => planningIn())
    case 'PlanningOut':
    case 'PlannedStockOut':
      return stock(({ planningOut }) => planningOut())
    case 'ProjectedStock':
      return stock(({ current, planningIn, planningOut }) => current + planningIn() - planningOut())
    default:
      return null
  }
}

/** Items that are in a warehouse: as many as were counted at most. */
export const stockItems = (wanted: number, allItems: number, counted: number) =>
  Math.max(1, Math.min(wanted, allItems, counted))
