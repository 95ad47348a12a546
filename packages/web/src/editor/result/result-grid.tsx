// biome-ignore-all lint/a11y/useSemanticElements: a table lays out all of its rows; a million of them need places of their own
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useLanguage } from '../../i18n/language.tsx'
import type { ResultClient } from './result-client.ts'
import { cellText, type ResultColumn, type ResultView } from './result-rows.ts'

const rowHeight = 28
const pageRows = 200
const keptPages = 40
/** Rows that one copy takes at most: a clipboard is no export. */
const mostCopied = 50_000

interface Place {
  readonly row: number
  readonly column: number
}

const isNumeric = (type: string) =>
  /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DOUBLE|FLOAT|DECIMAL)/.test(type) && !type.endsWith(']')

/** Rows of a view, fetched page by page from the worker as they come into sight. */
function useVisibleRows(client: ResultClient, version: string) {
  const pages = useRef(new Map<number, readonly unknown[][]>())
  const [, setTick] = useState(0)
  // Another view has other rows.
  useEffect(() => {
    pages.current = new Map()
    setTick((tick) => tick + 1)
  }, [client, version])
  const rowAt = (row: number): readonly unknown[] | undefined =>
    pages.current.get(Math.floor(row / pageRows))?.[row % pageRows]
  const need = useCallback(
    (from: number, to: number) => {
      const wanted = pages.current
      for (let page = Math.floor(from / pageRows); page <= Math.floor(to / pageRows); page++) {
        const known = wanted.get(page)
        // A page at the end may have grown since.
        if (known && (known.length === pageRows || known.length > to - page * pageRows)) continue
        wanted.set(page, known ?? [])
        void client.rows(page * pageRows, (page + 1) * pageRows).then((rows) => {
          wanted.set(page, rows)
          for (const old of wanted.keys()) {
            if (wanted.size <= keptPages) break
            if (Math.abs(old - page) > 4) wanted.delete(old)
          }
          setTick((tick) => tick + 1)
        })
      }
    },
    [client],
  )
  return { rowAt, need }
}

/** Wide enough for the name and for what stands in the first rows. */
function widthsOf(columns: readonly ResultColumn[], sample: readonly (readonly unknown[])[]): number[] {
  return columns.map(({ name, type }, column) => {
    const texts = sample.map((row) => cellText(row[column]).length)
    const letters = Math.max(name.length + 4, Math.min(type.length, 18), ...texts)
    return Math.min(380, Math.max(110, Math.round(letters * 8) + 32))
  })
}

/**
 * A result as a grid: a million rows as easily as ten. By keyboard: arrows, Page Up and Down, Home and End; Shift widens
 * the selection, Ctrl+C copies it as a spreadsheet takes it.
 */
export function ResultGrid(props: {
  readonly client: ResultClient
  readonly columns: readonly ResultColumn[]
  readonly rows: number
  readonly view: ResultView
  readonly version: string
  readonly onSort: (column: number) => void
  readonly label: string
}) {
  const { client, columns, rows, view, version, onSort, label } = props
  const { t } = useLanguage()
  const box = useRef<HTMLDivElement>(null)
  const { rowAt, need } = useVisibleRows(client, version)
  const [focus, setFocus] = useState<Place>({ row: 0, column: 0 })
  const [anchor, setAnchor] = useState<Place>({ row: 0, column: 0 })
  const [sample, setSample] = useState<readonly (readonly unknown[])[]>([])
  const [said, setSaid] = useState('')
  const hasRows = rows > 0
  useEffect(() => {
    if (hasRows) void client.rows(0, 50).then(setSample)
  }, [client, hasRows])
  const widths = useMemo(() => widthsOf(columns, sample), [columns, sample])

  const vertical = useVirtualizer({
    count: rows,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollPaddingStart: 2 * rowHeight,
  })
  const horizontal = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => widths[index] ?? 120,
    overscan: 4,
  })
  // Measured again when widths are known.
  useEffect(() => horizontal.measure(), [widths])
  const items = vertical.getVirtualItems()
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1]
  useEffect(() => {
    if (last >= first) need(first, last)
  })

  const move = (place: Place, isWidening: boolean) => {
    const row = Math.max(0, Math.min(rows - 1, place.row))
    const column = Math.max(0, Math.min(columns.length - 1, place.column))
    setFocus({ row, column })
    if (!isWidening) setAnchor({ row, column })
    vertical.scrollToIndex(row)
    horizontal.scrollToIndex(column)
  }
  const area = {
    top: Math.min(anchor.row, focus.row),
    bottom: Math.max(anchor.row, focus.row),
    left: Math.min(anchor.column, focus.column),
    right: Math.max(anchor.column, focus.column),
  }
  const copy = async () => {
    const bottom = Math.min(area.bottom, area.top + mostCopied - 1)
    const found = await client.rows(area.top, bottom + 1)
    const text = found
      .map((row) =>
        row
          .slice(area.left, area.right + 1)
          .map((cell) => cellText(cell).replaceAll(/[\t\r\n]+/g, ' '))
          .join('\t'),
      )
      .join('\n')
    await navigator.clipboard.writeText(text)
    setSaid(t('grid.copied', { rows: found.length }))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const isFar = event.ctrlKey || event.metaKey
    const { row, column } = focus
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 300) / rowHeight) - 2)
    const places: Readonly<Record<string, Place>> = {
      ArrowDown: { row: isFar ? rows : row + 1, column },
      ArrowUp: { row: isFar ? 0 : row - 1, column },
      ArrowRight: { row, column: isFar ? columns.length : column + 1 },
      ArrowLeft: { row, column: isFar ? 0 : column - 1 },
      PageDown: { row: row + page, column },
      PageUp: { row: row - page, column },
      Home: { row: isFar ? 0 : row, column: 0 },
      End: { row: isFar ? rows : row, column: columns.length },
    }
    const place = places[event.key]
    if (place) move(place, event.shiftKey)
    else if (isFar && event.key.toLowerCase() === 'c') void copy()
    else if (isFar && event.key.toLowerCase() === 'a') {
      setAnchor({ row: 0, column: 0 })
      setFocus({ row: rows - 1, column: columns.length - 1 })
    } else return
    event.preventDefault()
  }
  const shownColumns = horizontal.getVirtualItems()
  const width = horizontal.getTotalSize()
  const active = `${focus.row}-${focus.column}`
  const isFocusShown = focus.row >= first && focus.row <= last
  return (
    <>
      <div
        ref={box}
        className="grid"
        // A few rows need no empty field below them; the bar for scrolling sideways has room.
        style={{ height: rows * rowHeight + 62 }}
        role="grid"
        aria-label={label}
        aria-rowcount={rows + 1}
        aria-colcount={columns.length}
        aria-activedescendant={isFocusShown ? `cell-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div role="rowgroup" className="grid-head" style={{ width }}>
          <div role="row" aria-rowindex={1} tabIndex={-1}>
            {shownColumns.map(({ index, start, size }) => {
              const { name, type } = columns[index] ?? { name: '', type: '' }
              const sorted =
                view.sort?.column !== index ? 'none' : view.sort.isDescending ? 'descending' : 'ascending'
              return (
                <div
                  key={index}
                  role="columnheader"
                  aria-colindex={index + 1}
                  aria-sort={sorted}
                  tabIndex={-1}
                  className="grid-column"
                  style={{ left: start, width: size }}
                >
                  <button type="button" title={`${name} ${type}`} onClick={() => onSort(index)}>
                    <span>
                      {name} {sorted === 'none' ? '' : sorted === 'ascending' ? '▲' : '▼'}
                    </span>
                    <small>{type}</small>
                  </button>
                </div>
              )
            })}
          </div>
        </div>
        <div role="rowgroup" style={{ height: vertical.getTotalSize(), width, position: 'relative' }}>
          {items.map(({ index: row, start }) => {
            const values = rowAt(row)
            return (
              <div
                key={row}
                role="row"
                aria-rowindex={row + 2}
                tabIndex={-1}
                className={row % 2 === 1 ? 'grid-row odd' : 'grid-row'}
                style={{ top: start, width }}
              >
                {shownColumns.map(({ index: column, start: left, size }) => {
                  const value = values?.[column]
                  const isChosen =
                    row >= area.top && row <= area.bottom && column >= area.left && column <= area.right
                  return (
                    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid itself takes the keys
                    <div
                      key={column}
                      id={`cell-${row}-${column}`}
                      role="gridcell"
                      aria-colindex={column + 1}
                      aria-selected={isChosen}
                      tabIndex={-1}
                      className={isNumeric(columns[column]?.type ?? '') ? 'grid-cell number' : 'grid-cell'}
                      style={{ left, width: size }}
                      title={value === null || value === undefined ? undefined : cellText(value)}
                      onClick={(event) => {
                        box.current?.focus({ preventScroll: true })
                        move({ row, column }, event.shiftKey)
                      }}
                    >
                      {values === undefined ? (
                        '…'
                      ) : value === null || value === undefined ? (
                        <span className="null">NULL</span>
                      ) : (
                        cellText(value)
                      )}
                    </div>
                  )
                })}
              </div>
            )
          })}
        </div>
      </div>
      <p className="unseen" role="status">
        {said}
      </p>
    </>
  )
}
