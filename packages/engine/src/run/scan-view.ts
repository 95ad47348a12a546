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
  /** Set where the files hold rows of this table, and the scan's rows are the lines in this list column of theirs. */
  readonly nestedIn?: { readonly table: PlatformTable; readonly column: string }
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
  const { view, files, countedRows = null } = scan
  if (countedRows !== null)
    return `CREATE VIEW ${view} AS SELECT ${nulls(scan.table)} FROM range(${countedRows})`
  if (files.length === 0) return `CREATE VIEW ${view} AS SELECT ${nulls(scan.table)} WHERE false`
  const isLines = (file: string) => file.endsWith('.ndjson')
  const sources = [
    { format: 'array', of: files.filter((file) => !isLines(file)) } as const,
    { format: 'newline_delimited', of: files.filter(isLines) } as const,
  ].filter(({ of }) => of.length > 0)
  const select = scan.nestedIn === undefined ? selectRows : selectLines
  return `CREATE VIEW ${view} AS ${sources.map(({ format, of }) => select(scan, format, of)).join(' UNION ALL ')}`
}

/** The lines inside the rows of another table. */
function selectLines(
  { table, columns, nestedIn, largestPageBytes }: ScanFiles,
  format: 'array' | 'newline_delimited',
  files: readonly string[],
): string {
  const list = nestedIn?.table.columns.find(({ name }) => name === nestedIn.column)
  if (!list?.page || typeof list.type === 'string') throw new TypeError('lines stand in a list column')
  const held = new Set(list.type.list.map(({ name }) => name))
  const fetched = new Set(columns)
  const values = table.columns.map(({ name, type }) => {
    const value =
      table.isPartitionFromUrl && name === table.partitionColumn
        ? partitionOfFile
        : fetched.has(name) && held.has(name)
          ? `line_.${quoted(name)}`
          : 'NULL'
    return `${value}::${typeText(type)} AS ${quoted(name)}`
  })
  const shape = `${literal(list.page.field)}: ${literal(list.page.jsonType)}`
  const source = readJson(files, format, [shape], largestPageBytes, ['filename=true'])
  return `SELECT ${values.join(', ')} FROM (SELECT unnest((${list.page.expression})::${typeText(list.type)}) AS line_, filename FROM ${source})`
}

/** A partition's files stand in a folder of its name. */
const partitionOfFile = `regexp_extract(filename, '/p([^/]+)/[^/]+$', 1)`

function readJson(
  files: readonly string[],
  format: string,
  shape: readonly string[],
  largestPageBytes: number,
  others: readonly string[],
): string {
  const options = [
    `format='${format}'`,
    `columns={${shape.join(', ')}}`,
    `maximum_object_size=${Math.max(largestPageBytes, leastObjectBytes)}`,
    ...others,
  ]
  return `read_json([${files.map(literal).join(', ')}], ${options.join(', ')})`
}

const nulls = ({ columns }: PlatformTable) =>
  columns.map(({ name, type }) => `NULL::${typeText(type)} AS ${quoted(name)}`).join(', ')

function selectRows(
  { table, columns, largestPageBytes }: ScanFiles,
  format: 'array' | 'newline_delimited',
  files: readonly string[],
): string {
  const fetched = new Set(columns)
  const read = table.columns.filter(({ name, page }) => page && fetched.has(name))
  const isPartitionRead =
    table.isPartitionFromUrl && table.partitionColumn !== null && fetched.has(table.partitionColumn)
  const values = table.columns.map(({ name, type, page }) => {
    const value =
      isPartitionRead && name === table.partitionColumn
        ? partitionOfFile
        : page && fetched.has(name)
          ? `(${page.expression})`
          : 'NULL'
    return `${value}::${typeText(type)} AS ${quoted(name)}`
  })
  // Only of rows on lines DuckDB reads on after one that is broken. It then is NULL in all columns.
  const { rowMark } = table
  const mark =
    format === 'newline_delimited' && read.some(({ page }) => page?.directType) ? rowMark : undefined
  const shape = read.map(({ page }) => {
    const type = (mark === undefined ? undefined : page?.directType) ?? page?.jsonType ?? ''
    return `${literal(page?.field ?? '')}: ${literal(type)}`
  })
  if (mark !== undefined) shape.push(`${literal(mark)}: 'STRUCT(_ BOOLEAN)'`)
  // A page may hold rows without any column that is read; one name is needed for `columns` all the same.
  if (shape.length === 0) shape.push(`'__metadata': 'JSON'`)
  const source = readJson(files, format, shape, largestPageBytes, [
    ...(isPartitionRead ? ['filename=true'] : []),
    ...(mark === undefined ? [] : ['ignore_errors=true']),
  ])
  const isWhole =
    mark === undefined
      ? ''
      : ` WHERE CASE WHEN ${quoted(mark)} IS NULL THEN error('Malformed JSON in a row of the platform') ELSE true END`
  return `SELECT ${values.join(', ')} FROM ${source}${isWhole}`
}

/** Smaller buffers would be filled too often to be quick. */
const leastObjectBytes = 1 << 20
