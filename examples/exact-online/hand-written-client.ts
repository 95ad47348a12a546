/** What one read of the hand-written client asks for. */
export interface HandRead {
  readonly select: string
  readonly filter?: string
  readonly expand?: string
  readonly orderby?: string
  readonly top?: number
  /** Only these companies; all of them by default. */
  readonly divisions?: readonly number[]
}

export type Row = Readonly<Record<string, unknown>>

/** What a careful programmer would use instead of SQL: plain requests, next links followed, every call counted. */
export interface HandWrittenClient {
  readonly calls: number
  /** All rows of an endpoint, from each company, each with the company's code as `Division`. */
  read(path: string, read: HandRead): Promise<readonly Row[]>
  /**
   * The rows whose `column` is one of the values that `rows` have in `from`: asked for by those values where that
   * takes fewer calls than reading what the filter takes, as somebody does who knows how large the tables are. Where
   * such values take more than one page, as many of them are asked for at once as leave room for the next link.
   */
  readMatching(
    path: string,
    column: string,
    read: HandRead,
    rows: readonly Row[],
    from: string,
  ): Promise<readonly Row[]>
  /** `/$count` of each company together. */
  count(path: string, filter: string): Promise<number>
}

export interface HandWrittenClientOptions {
  readonly baseUrl: string
  readonly accessToken: string
  readonly divisions: readonly number[]
  readonly rowsOf: KnownRows
}

/** Rows that a read takes from a company: what a programmer knows of the tables beforehand. */
export type KnownRows = (division: number, path: string, read: HandRead) => Promise<number>

/** Exact refuses longer addresses. */
const longestAddress = 6000
const roomForSkipToken = 100

/** The link to a further page but for its `$skiptoken`: Exact escapes blanks in three characters and little else. */
const nextLinkOf = (address: string) =>
  decodeURIComponent(address.replaceAll('+', ' ')).replaceAll(' ', '%20')

/** A client over plain `fetch`. It shares nothing with the connector that it is compared with. */
export function handWrittenClient({
  baseUrl,
  accessToken,
  divisions,
  rowsOf,
}: HandWrittenClientOptions): HandWrittenClient {
  let calls = 0
  const get = async (url: string, accept: Readonly<Record<string, string>>) => {
    calls++
    const response = await fetch(url, { headers: { authorization: `Bearer ${accessToken}`, ...accept } })
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status} of ${url}: ${text}`)
    return text
  }
  const address = (division: number, path: string) => `${baseUrl}/api/v1/${division}/${path}`

  const addressOf = (division: number, path: string, read: HandRead): string => {
    const { select, filter, expand, orderby, top } = read
    const query = new URLSearchParams({ $select: select })
    if (filter !== undefined) query.set('$filter', filter)
    if (expand !== undefined) query.set('$expand', expand)
    if (orderby !== undefined) query.set('$orderby', orderby)
    if (top !== undefined) query.set('$top', String(top))
    return `${address(division, path)}?${query}`
  }

  const readOne = async (division: number, path: string, read: HandRead): Promise<Row[]> => {
    const rows: Row[] = []
    let next: string | undefined = addressOf(division, path, read)
    while (next !== undefined) {
      const { d } = JSON.parse(await get(next, { accept: 'application/json' })) as {
        d: Row[] | { results: Row[]; __next?: string }
      }
      const page: { readonly results: Row[]; readonly __next?: string } = Array.isArray(d)
        ? { results: d }
        : d
      rows.push(...page.results.map((row) => ({ ...row, Division: division })))
      next = page.__next
    }
    return rows
  }
  return {
    get calls() {
      return calls
    },
    async read(path, read) {
      const pages = (read.divisions ?? divisions).map((division) => readOne(division, path, read))
      return (await Promise.all(pages)).flat()
    },
    async readMatching(path, column, read, rows, from) {
      const parts = divisions.map(async (division) => {
        const own = rows.filter((row) => row.Division === division && row[from] !== null)
        const values = [...new Set(own.map((row) => String(row[from])))]
        if (values.length === 0) return []
        const pageRows = path.startsWith('bulk/') ? 1000 : 60
        const toRead = (some: readonly string[]): HandRead => {
          const list = some.map((value) => `${column} eq guid'${value}'`).join(' or ')
          return { ...read, filter: read.filter === undefined ? list : `(${list}) and ${read.filter}` }
        }
        const inBatchesOf = (length: (address: string) => number) =>
          inBatches(values, pageRows, toRead, (one) => {
            return length(addressOf(division, path, one)) <= longestAddress - roomForSkipToken
          })
        const pagesOf = async (reads: readonly HandRead[]) => {
          const rowsOfEach = await Promise.all(reads.map((one) => rowsOf(division, path, one)))
          return rowsOfEach.map((count) => Math.max(1, Math.ceil(count / pageRows)))
        }
        const sum = (pages: readonly number[]) => pages.reduce((total, count) => total + count, 0)
        const full = inBatchesOf((own) => own.length)
        const wholePages = sum(await pagesOf([read]))
        let [batches, pages] = [full, await pagesOf(full)]
        if (pages.some((count) => count > 1)) {
          batches = inBatchesOf((own) => Math.max(own.length, nextLinkOf(own).length))
          pages = await pagesOf(batches)
        }
        const reads = sum(pages) < wholePages ? batches : [read]
        return (await Promise.all(reads.map((one) => readOne(division, path, one)))).flat()
      })
      return (await Promise.all(parts)).flat()
    },
    async count(path, filter) {
      const query = new URLSearchParams({ $filter: filter })
      const counts = divisions.map((division) => get(`${address(division, path)}/$count?${query}`, {}))
      return (await Promise.all(counts)).reduce((sum, text) => sum + Number(text), 0)
    },
  }
}

/** The values in as few reads as fit an address and a page each. */
function inBatches(
  values: readonly string[],
  pageRows: number,
  toRead: (values: readonly string[]) => HandRead,
  fits: (read: HandRead) => boolean,
): readonly HandRead[] {
  const batches: HandRead[] = []
  let at = 0
  while (at < values.length) {
    let size = Math.min(pageRows, values.length - at)
    while (size > 1 && !fits(toRead(values.slice(at, at + size)))) size--
    batches.push(toRead(values.slice(at, at + size)))
    at += size
  }
  return batches
}
