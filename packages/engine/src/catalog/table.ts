/** SQL types that a platform's columns may have. A list column holds lines: `LIST(STRUCT(fields))`. */
export type ScalarType =
  | 'BOOLEAN'
  | 'SMALLINT'
  | 'INTEGER'
  | 'BIGINT'
  | 'DECIMAL(38,10)'
  | 'DOUBLE'
  | 'UUID'
  | 'TIMESTAMP'
  | 'VARCHAR'

export interface TableColumn {
  /** As the platform spells it; matched without case. */
  readonly name: string
  readonly type: ScalarType | { readonly list: readonly TableColumn[] }
  readonly isNullable: boolean
  readonly isKey: boolean
  /**
   * How the value stands in a page: the type that `read_json` reads it as (VARCHAR survives every value) and the
   * SQL expression over the quoted raw column that makes the typed value, e.g. `epoch_ms(...)` of `/Date(…)/`.
   * Absent when the column is not in the page (a partition column taken from the URL).
   */
  readonly page?: {
    readonly field: string
    readonly jsonType: string
    readonly expression: string
    /** What the value may be read as at once where broken rows show (`rowMark`): a text between takes twice as long. */
    readonly directType?: string
  }
}

/** A logical table of a platform: one per entity, whichever endpoint will serve it. */
export interface PlatformTable {
  /** The service in the platform's spelling, lower case as in SQL: `crm`, `bulk_crm`. */
  readonly schema: string
  readonly name: string
  readonly columns: readonly TableColumn[]
  /** The column that holds the partition (`Division`), or null where the data are not partitioned. */
  readonly partitionColumn: string | null
  /** List columns that hold all rows of another table that belong to the row: an invoice's lines. */
  readonly lines?: readonly LineCollection[]
  /** Where the partition column is not a page field, the engine fills it with the partition read. */
  readonly isPartitionFromUrl: boolean
  /**
   * A member that is an object in every row that stands on a line of its own. With it a row that is no JSON shows, so
   * that values which do not fit their type can be read as NULL by the reader itself.
   */
  readonly rowMark?: string
  /** Columns whose present values go along with every change and delete of a row, because the platform demands them. */
  readonly neededByWrites?: readonly string[]
  /** True where a row may tell of the user who consented or of other partitions: not to be read through a lent grant. */
  readonly tellsOfOthers?: true
  /** Set where this is a function of the platform, called as `schema.name(parameter := value)`: the known ones. */
  readonly parameters?: readonly FunctionParameter[]
}

export interface LineCollection {
  /** The list column. */
  readonly column: string
  /** The table whose rows the lists hold, with the columns of the same names. */
  readonly table: { readonly schema: string; readonly name: string }
  /** Column of a line that names its header, and the header's column that it names. */
  readonly lineKey: string
  readonly headerKey: string
}

export interface FunctionParameter {
  /** As the platform spells it; matched without case. */
  readonly name: string
  readonly type: ScalarType
}

/** What a statement passes to a function: a constant, evaluated. */
export interface FunctionArgument {
  readonly name: string
  /** The parameter's type, or DuckDB's name of the constant's type where the parameter is not a known one. */
  readonly type: string
  /** DuckDB's text of the value. */
  readonly value: string
  readonly isKnown: boolean
}

/** One part of a source's data that is read apart: a division, an office. `id` is its value in the partition column. */
export interface Partition {
  readonly id: string
  readonly name: string
  /** False where the platform says that it is blocked or closed; such a partition is skipped with a warning. */
  readonly isReadable: boolean
}
