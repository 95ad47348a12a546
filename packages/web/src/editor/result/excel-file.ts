import writeXlsxFile from 'write-excel-file/universal'
import { cellText, type ResultRows } from './result-rows.ts'

/** Excel keeps 15 digits of a number; what has more stays text, so that none is lost. */
const mostDigits = 15
/** Rows that are parsed at a time. */
const batch = 10_000

/** What is shown of a result, as a workbook: numbers as numbers, times as times, NULL as an empty cell. */
export async function excelFile(rows: ResultRows): Promise<Blob> {
  const { columns } = rows
  const sheet: object[][] = [
    columns.map(({ name }) => ({ value: name, type: String, fontWeight: 'bold' as const })),
  ]
  for (let from = 0; from < rows.shown; from += batch) {
    for (const row of rows.rows(from, from + batch)) {
      sheet.push(columns.map(({ type }, index) => excelCell(type, row[index])))
    }
  }
  return await writeXlsxFile(sheet as never, { stickyRowsCount: 1 } as never).toBlob()
}

export function excelCell(type: string, value: unknown): object {
  if (value === null || value === undefined) return {}
  const text = cellText(value)
  if (typeof value === 'boolean') return { value, type: Boolean }
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DOUBLE|FLOAT|DECIMAL)/.test(type)) {
    const digits = text.replace(/^-?0*|e.*$|\.0*$|[.]/gi, '').length
    if (digits <= mostDigits && Number.isFinite(Number(text))) return { value: Number(text), type: Number }
  }
  if (/^(DATE|TIMESTAMP)/.test(type) && /^\d{4}-\d\d-\d\d/.test(text)) {
    // Excel has no zones: the moment stands as the database told it.
    const at = new Date(`${text.slice(0, 10)}T${text.slice(11, 23) || '00:00:00'}Z`)
    const isDay = type === 'DATE'
    if (!Number.isNaN(at.valueOf()) && at.getUTCFullYear() >= 1900)
      return { value: at, type: Date, format: isDay ? 'yyyy-mm-dd' : 'yyyy-mm-dd hh:mm:ss' }
  }
  // The longest text that a cell of Excel holds.
  return { value: text.slice(0, 32_767), type: String }
}
