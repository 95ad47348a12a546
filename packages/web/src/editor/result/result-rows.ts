export interface ResultColumn {
  readonly name: string
  readonly type: string
}

/** What stands around the rows of an answer. */
export interface Envelope {
  readonly columns: readonly ResultColumn[]
  readonly stats?: Readonly<Record<string, unknown>>
  readonly error?: Readonly<Record<string, unknown>>
}

/** Which rows are shown, and in which order. */
export interface ResultView {
  readonly sort: { readonly column: number; readonly isDescending: boolean } | null
  /** Rows of which some cell has this text, in any case. */
  readonly filter: string
}

/** What is shown of a result at one moment: it stays so while somebody sorts and filters on. */
export interface StillRows {
  readonly columns: readonly ResultColumn[]
  readonly shown: number
  /** Rows `from` to `to`, parsed. */
  rows(from: number, to: number): unknown[][]
}

const [quote, backslash, open, close] = [0x22, 0x5c, 0x5b, 0x5d]
const rowsKey = '"rows":'

/**
 * The rows of one answer, kept as the bytes that came: a row is parsed when somebody looks at it. A million rows cost
 * their own bytes and twelve more each, and no object.
 */
export class ResultRows {
  readonly mostRows: number
  /** Pieces of the answer that hold rows. */
  readonly #pieces: Uint8Array[] = []
  #piece = new Uint32Array(1024)
  #start = new Uint32Array(1024)
  #length = new Uint32Array(1024)
  #count = 0
  #hasMore = false
  #view: Uint32Array | null = null

  /** Everything but the rows: before them, and after them. */
  #envelope = ''
  #columns: readonly ResultColumn[] = []
  #place: 'head' | 'rows' | 'tail' = 'head'
  #depth = 0
  #isInString = false
  #isEscaped = false
  /** A row that began in an earlier piece. */
  #begun: Uint8Array[] = []
  readonly #text = new TextDecoder()
  readonly #headText = new TextDecoder()

  constructor(mostRows = Number.POSITIVE_INFINITY) {
    this.mostRows = mostRows
  }

  get count(): number {
    return this.#count
  }
  /** Rows of the view. */
  get shown(): number {
    return this.#view?.length ?? this.#count
  }
  get columns(): readonly ResultColumn[] {
    return this.#columns
  }
  /** Whether there are more rows than are kept. */
  get isFull(): boolean {
    return this.#hasMore
  }

  /** Takes the next bytes of a JSON answer (`{"columns":[…],"rows":[[…],…],"stats":{…}}`), cut anywhere. */
  append(bytes: Uint8Array): void {
    if (this.#hasMore) return
    if (this.#place === 'tail') {
      this.#envelope += this.#headText.decode(bytes, { stream: true })
      return
    }
    let rowFrom = this.#begun.length > 0 || this.#depth > 0 ? 0 : -1
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]
      if (this.#place === 'head') {
        // The head is short: columns, and the key of the rows right before their bracket.
        if (byte === open && this.#endsWithRowsKey(bytes.subarray(0, at))) {
          this.#envelope += this.#headText.decode(bytes.subarray(0, at + 1), { stream: true })
          this.#columns = (JSON.parse(`${this.#envelope}]}`) as Envelope).columns
          this.#place = 'rows'
          this.#depth = 0
          rowFrom = -1
        }
        continue
      }
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (byte === backslash) this.#isEscaped = true
        else if (byte === quote) this.#isInString = false
      } else if (byte === quote) this.#isInString = true
      else if (byte === open || byte === 0x7b) {
        if (this.#depth === 0) {
          if (this.#count >= this.mostRows) {
            this.#hasMore = true
            return
          }
          rowFrom = at
        }
        this.#depth++
      } else if (byte === close || byte === 0x7d) {
        if (this.#depth === 0) {
          this.#place = 'tail'
          this.#envelope += this.#headText.decode(bytes.subarray(at), { stream: true })
          return
        }
        this.#depth--
        if (this.#depth === 0) {
          this.#keep(bytes, rowFrom, at + 1)
          rowFrom = -1
        }
      }
    }
    if (this.#place === 'head') this.#envelope += this.#headText.decode(bytes, { stream: true })
    else if (rowFrom >= 0) this.#begun.push(bytes.subarray(rowFrom))
  }

  /** What stood around the rows; of an answer that was cut off, its columns. */
  finish(): Envelope {
    if (this.#place !== 'tail') return { columns: this.#columns }
    return JSON.parse(this.#envelope) as Envelope
  }

  /** Rows `from` to `to` of the view, parsed. */
  rows(from: number, to: number): unknown[][] {
    return this.still().rows(from, to)
  }

  /** The view as it is now. */
  still(): StillRows {
    const [view, shown] = [this.#view, this.shown]
    return {
      columns: this.#columns,
      shown,
      rows: (from, to) => {
        const found: unknown[][] = []
        for (let index = from; index < Math.min(to, shown); index++)
          found.push(this.#row(view?.[index] ?? index))
        return found
      },
    }
  }

  /** Filters and sorts; NULL stands last, as in SQL. Answers how many rows are shown. */
  setView({ sort, filter }: ResultView): number {
    this.#view = null
    const wanted = filter.trim().toLowerCase()
    if (wanted === '' && sort === null) return this.#count
    let chosen = new Uint32Array(this.#count)
    let size = 0
    for (let index = 0; index < this.#count; index++)
      if (wanted === '' || this.#row(index).some((cell) => cellText(cell).toLowerCase().includes(wanted)))
        chosen[size++] = index
    chosen = chosen.slice(0, size)
    if (sort !== null) this.#sort(chosen, sort)
    this.#view = chosen
    return size
  }

  #sort(chosen: Uint32Array, { column, isDescending }: NonNullable<ResultView['sort']>): void {
    const sign = isDescending ? -1 : 1
    const type = this.#columns[column]?.type ?? ''
    const cells = Array.from({ length: this.#count }) as (number | string | null)[]
    const isNumber = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DOUBLE|FLOAT|DECIMAL)/.test(type)
    for (const index of chosen) {
      const cell = this.#row(index)[column]
      if (cell === null || cell === undefined) cells[index] = null
      else cells[index] = isNumber ? Number(cell) : cellText(cell)
    }
    const { compare } = new Intl.Collator()
    chosen.sort((a, b) => {
      const [left, right] = [cells[a] ?? null, cells[b] ?? null]
      if (left === null || right === null) return left === right ? a - b : left === null ? 1 : -1
      if (typeof left === 'string') return sign * compare(left, String(right)) || a - b
      if (left !== right) return sign * (left - Number(right))
      // Beyond 2^53 two integers may be one number.
      return Math.abs(left) < 2 ** 53 ? a - b : sign * this.#compareExactly(a, b, column) || a - b
    })
  }

  #compareExactly(a: number, b: number, column: number): number {
    const [left, right] = [a, b].map((index) => String(this.#row(index)[column]))
    if (![left, right].every((text) => /^-?\d+$/.test(text ?? ''))) return 0
    const difference = BigInt(left ?? 0) - BigInt(right ?? 0)
    return difference === 0n ? 0 : difference < 0n ? -1 : 1
  }

  #endsWithRowsKey(bytes: Uint8Array): boolean {
    const near = `${this.#envelope.slice(-16)}${new TextDecoder().decode(bytes.subarray(-16))}`
    return near.trimEnd().endsWith(rowsKey)
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    let piece = bytes
    let [start, end] = [from, to]
    if (this.#begun.length > 0) {
      const parts = [...this.#begun, bytes.subarray(0, to)]
      piece = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
      let at = 0
      for (const part of parts) {
        piece.set(part, at)
        at += part.length
      }
      start = 0
      end = piece.length
      this.#begun = []
    }
    if (this.#pieces.at(-1) !== piece) this.#pieces.push(piece)
    if (this.#count === this.#piece.length) {
      this.#piece = grown(this.#piece)
      this.#start = grown(this.#start)
      this.#length = grown(this.#length)
    }
    this.#piece[this.#count] = this.#pieces.length - 1
    this.#start[this.#count] = start
    this.#length[this.#count] = end - start
    this.#count++
  }

  #row(index: number): unknown[] {
    const start = this.#start[index] ?? 0
    const piece = this.#pieces[this.#piece[index] ?? 0]
    const bytes = piece?.subarray(start, start + (this.#length[index] ?? 0))
    return JSON.parse(this.#text.decode(bytes)) as unknown[]
  }
}

function grown(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(list.length * 2)
  larger.set(list)
  return larger
}

/** A cell as people read, copy and search it; NULL is empty. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
