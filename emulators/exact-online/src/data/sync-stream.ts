import type { CatalogueEntry } from '@sluis/facts'
import { typeNameOf } from './catalogue-paths.ts'
import { type EntitySet, oneRow, type Property } from './entity-set.ts'
import { headerOf, linesOf } from './line-numbering.ts'
import type { WrittenRow, WrittenView } from './written-rows.ts'

/** Streams that hold headers and lines alike. @see wire.md § 4.1 */
export const mixedStreams: Readonly<Record<string, readonly [header: string, lines: string]>> = {
  'sync/salesinvoice/salesinvoices': ['salesinvoice/salesinvoices', 'salesinvoice/salesinvoicelines'],
  'sync/salesorder/salesorders': ['salesorder/salesorders', 'salesorder/salesorderlines'],
  'sync/purchaseorder/purchaseorders': ['purchaseorder/purchaseorders', 'purchaseorder/purchaseorderlines'],
  'sync/crm/quotations': ['crm/quotations', 'crm/quotationlines'],
}

/** A row of a stream: a header, or a line of it. */
interface Place {
  readonly isLine: boolean
  readonly index: number
}

// Five headers and their fifteen lines are twenty rows, each header before its own lines.
const headersPerBlock = 5
const rowsPerBlock = 20

const rowOfHeader = (header: number) =>
  Math.floor(header / headersPerBlock) * rowsPerBlock +
  (header % headersPerBlock) +
  linesOf(header % headersPerBlock).first

function rowOfLine(line: number): number {
  const { header, lineNumber } = headerOf(line)
  return rowOfHeader(header) + lineNumber
}

function generatedPlace(row: number): Place {
  const first = Math.floor(row / rowsPerBlock) * headersPerBlock
  let header = first + headersPerBlock - 1
  while (rowOfHeader(header) > row) header--
  const position = row - rowOfHeader(header)
  return position === 0
    ? { isLine: false, index: header }
    : { isLine: true, index: linesOf(header).first + position - 1 }
}

/** What was written of headers and lines, as rows of the stream: added ones take turns behind the generated. */
class MixedWritten implements WrittenView {
  readonly #headers: EntitySet
  readonly #lines: EntitySet
  readonly #rows: number

  constructor(headers: EntitySet, lines: EntitySet) {
    this.#headers = headers
    this.#lines = lines
    this.#rows = headers.rows + lines.rows
  }

  placeOf(row: number): Place {
    if (row < this.#rows) return generatedPlace(row)
    const added = row - this.#rows
    const isLine = added % 2 === 1
    return { isLine, index: (isLine ? this.#lines : this.#headers).rows + Math.floor(added / 2) }
  }

  #rowAt(isLine: boolean, index: number): number {
    const { rows } = isLine ? this.#lines : this.#headers
    if (index >= rows) return this.#rows + 2 * (index - rows) + (isLine ? 1 : 0)
    return isLine ? rowOfLine(index) : rowOfHeader(index)
  }

  #of(isLine: boolean): WrittenView {
    return (isLine ? this.#lines : this.#headers).written
  }

  rowOf(division: number, row: number): WrittenRow | undefined {
    const { isLine, index } = this.placeOf(row)
    const found = this.#of(isLine).rowOf(division, index)
    return found && { ...found, index: row }
  }

  touched(division: number): readonly WrittenRow[] {
    return [false, true].flatMap((isLine) =>
      this.#of(isLine)
        .touched(division)
        .map((row) => ({ ...row, index: this.#rowAt(isLine, row.index) })),
    )
  }

  rowOfVersion(division: number, version: number): WrittenRow | undefined {
    return this.touched(division).find((row) => row.version === version)
  }

  addedIn(division: number): number {
    return 2 * Math.max(this.#of(false).addedIn(division), this.#of(true).addedIn(division))
  }

  lastVersion(division: number): number {
    return Math.max(this.#of(false).lastVersion(division), this.#of(true).lastVersion(division))
  }

  /** Also true for the places behind the generated rows that no added row has taken. */
  isDeleted(division: number, row: number): boolean {
    const { isLine, index } = this.placeOf(row)
    const set = isLine ? this.#lines : this.#headers
    return index >= set.rowsIn(division) || set.written.isDeleted(division, index)
  }

  put(): never {
    throw new TypeError('a stream is written through its headers and lines')
  }
}

/**
 * The stream of a header and its lines in the order of their versions: a header is line 0, and columns that only the
 * other kind has are empty.
 */
export function mixedStream(
  entry: CatalogueEntry,
  path: string,
  headers: EntitySet,
  lines: EntitySet,
  firstTimestamp: number,
): EntitySet {
  const written = new MixedWritten(headers, lines)
  const rows = headers.rows + lines.rows
  const properties = new Map<string, Property>()
  const rowsIn = (division: number) => rows + written.addedIn(division)
  for (const { name, type, key } of entry.properties) {
    if (!type.startsWith('Edm.')) continue
    const common = { name, type, isKey: key === true }
    if (name === 'Timestamp') {
      const value: Property['value'] = (division, row) =>
        written.rowOf(division, row)?.version ?? firstTimestamp + row
      properties.set(name, {
        ...common,
        value,
        generated: value,
        rowsWith(division, value) {
          const found = written.rowOfVersion(division, Number(value))
          return found ? oneRow(found.index, rowsIn(division)) : oneRow(Number(value) - firstTimestamp, rows)
        },
      })
      continue
    }
    const own = (set: EntitySet) => {
      const found = name === 'ID' ? set.keys[0] : set.properties.get(name)
      return found?.type === type ? found : undefined
    }
    const [header, line] = [own(headers), own(lines) ?? own(headers)]
    const parent = own(lines) ? null : header
    const headerRow = (division: number, index: number) => {
      const id = lines.properties.get(headers.keys[0]?.name ?? '')?.value(division, index) ?? null
      const found = id === null ? undefined : headers.keys[0]?.rowsWith?.(division, id)
      return found?.count === 1 ? found.first : null
    }
    const value: Property['value'] = (division, row) => {
      const { isLine, index } = written.placeOf(row)
      if (!isLine) return name === 'LineNumber' ? 0 : (header?.value(division, index) ?? null)
      if (!parent) return line?.value(division, index) ?? null
      // What only the header has, its lines repeat.
      const at = headerRow(division, index)
      return at === null ? null : parent.value(division, at)
    }
    properties.set(name, { ...common, rowsWith: null, value, generated: value })
  }
  return {
    entry,
    path,
    properties,
    keys: [...properties.values()].filter(({ isKey }) => isKey),
    collections: [],
    typeName: typeNameOf(entry),
    rows,
    written,
    rowsIn,
  }
}
