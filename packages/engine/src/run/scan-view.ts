import type { PlatformTable, ScalarType, TableColumn } from '../catalog/table.ts'

/** The fetched rows of one scan: where the files are and which columns were asked for. */
export interface ScanFiles {
  /** Name of the view that the runnable text refers to: `scan_0`. */
  readonly view: string
  readonly table: PlatformTable
  /** Columns that were fetched, in the table's spelling. */
  readonly columns: readonly string[]
  /** Files of JSON arrays, or `.ndjson` with a row a line; the folder above each is named `p<partition>`. */
  readonly files: readonly string[]
  /** Where the platform only counted: how many rows the view has; else null. */
  readonly countedRows?: number | null
  /** No row has more bytes than the largest page; DuckDB sets aside a multiple of it for each file that it reads. */
  readonly largestPageBytes: number
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** DuckDB's name of a column's type. */
export function typeText(type: TableColumn['type']): string {
  return typeof type === 'string' ? type : `STRUCT(${type.list.map(fieldText).join(', ')})[]`
}

const fieldText = ({ name, type }: { name: string; type: ScalarType | { list: readonly TableColumn[] } }) =>
  `${quoted(name)} ${typeText(type)}`

/**
 * The statement that makes a scan's rows a view with all columns of the table, so that every name of the user's text
 * resolves; columns that nobody observes are NULL.
 */
export function createView(scan: ScanFiles): string {
  const { view, table, columns, files, countedRows = null, largestPageBytes } = scan
  const fetched = new Set(columns)
  const read = table.columns.filter(({ name, page }) => page && fetched.has(name))
  const isPartitionRead =
    table.isPartitionFromUrl &&
    table.partitionColumn !== null &&
    fetched.has(table.partitionColumn) &&
    files.length > 0 &&
    countedRows === null
  const values = table.columns.map(({ name, type, page }) => {
    if (isPartitionRead && name === table.partitionColumn) {
      return `regexp_extract(filename, '/p([^/]+)/[^/]+$', 1)::${typeText(type)} AS ${quoted(name)}`
    }
    const value =
      page && fetched.has(name) && files.length > 0
        ? `(${page.expression})::${typeText(type)}`
        : `NULL::${typeText(type)}`
    return `${value} AS ${quoted(name)}`
  })
  if (countedRows !== null)
    return `CREATE VIEW ${view} AS SELECT ${values.join(', ')} FROM range(${countedRows})`
  if (files.length === 0) return `CREATE VIEW ${view} AS SELECT ${values.join(', ')} WHERE false`
  // A page may hold rows without any column that is read; one name is needed for `columns` all the same.
  const shape =
    read.length > 0
      ? read.map(({ page }) => `${literal(page?.field ?? '')}: ${literal(page?.jsonType ?? '')}`)
      : [`'__metadata': 'JSON'`]
  const options = [
    `columns={${shape.join(', ')}}`,
    `maximum_object_size=${Math.max(largestPageBytes, leastObjectBytes)}`,
    ...(isPartitionRead ? ['filename=true'] : []),
  ].join(', ')
  const isLines = (file: string) => file.endsWith('.ndjson')
  const sources = [
    { format: 'array', of: files.filter((file) => !isLines(file)) },
    { format: 'newline_delimited', of: files.filter(isLines) },
  ]
    .filter(({ of }) => of.length > 0)
    .map(({ format, of }) => `read_json([${of.map(literal).join(', ')}], format='${format}', ${options})`)
  const source =
    sources.length === 1
      ? sources[0]
      : `(${sources.map((one) => `SELECT * FROM ${one}`).join(' UNION ALL ')})`
  return `CREATE VIEW ${view} AS SELECT ${values.join(', ')} FROM ${source}`
}

/** Smaller buffers would be filled too often to be quick. */
const leastObjectBytes = 1 << 20
