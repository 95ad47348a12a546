import { join } from 'node:path'
import { type OutgoingRequest, SluisError } from '@sluis/shared'
import type { ChosenRead, Connector } from '../catalog/connector.ts'
import type { Partition } from '../catalog/table.ts'
import type { PageChain } from './page-chain.ts'
import { PageMemory } from './page-memory.ts'
import { PageSpool } from './page-spool.ts'

export interface FetchScanOptions {
  readonly read: ChosenRead
  readonly connector: Connector
  /** The pages that a request leads to. */
  readonly openChain: (partition: Partition | null, first: OutgoingRequest) => PageChain
  readonly baseUrl: string
  /** The query's own folder. */
  readonly folder: string
  /** Partitions read at the same time. */
  readonly parallel: number
  readonly diskBytes: number
  /** False when the database reads all partitions and is not strict: one that refuses is left out with a warning. */
  readonly isPartitionNamed: boolean
  /** Counts rows of these files that the statement's filter takes, for a limit over a filter that is not exact. */
  readonly countMatches: ((files: readonly string[], largestPageBytes: number) => Promise<number>) | null
  readonly onRows: (rows: number) => void
  /** Told of each partition that is read to its end. */
  readonly onPartition?: () => void
}

export interface FetchedScan {
  readonly files: readonly string[]
  /** For a bare count: the total; else null. */
  readonly countedRows: number | null
  readonly rows: number
  readonly calls: number
  readonly bytes: number
  readonly largestPageBytes: number
  readonly perPartition: readonly {
    readonly partition: string
    readonly rows: number
    readonly calls: number
  }[]
  readonly warnings: readonly string[]
  /** False where reading stopped because a limit was met: the counts then tell nothing of a full read. */
  readonly isComplete: boolean
  /** Pages that were kept from earlier; they are no calls. */
  readonly keptPages: number
}

interface Task {
  readonly partition: Partition | null
  readonly request: OutgoingRequest
  /** Asked for instead where the page comes full; empty where a full page is used like any other. */
  readonly ifFull: readonly OutgoingRequest[]
}

/** Reads one scan to the spool: all its partitions, pages until the end or until the limit is met. */
export async function fetchScan(options: FetchScanOptions): Promise<FetchedScan> {
  const { read, connector, openChain, folder, parallel, diskBytes } = options
  const { scan, offer } = read
  const scanFolder = join(folder, `s${scan.id}`)
  const partitions: readonly (Partition | null)[] = read.partitions ?? [null]
  const tasks: Task[] = partitions.flatMap((partition) => {
    const pieces = offer.ifFull?.(partition)
    return offer
      .requests(partition)
      .map((request, at) => ({ partition, request, ifFull: pieces?.[at] ?? [] }))
  })
  const left = new Map<Partition | null, number>()
  for (const { partition } of tasks) left.set(partition, (left.get(partition) ?? 0) + 1)
  const spools = new Map<Partition | null, PageSpool>()
  const totals = new Map<string, { rows: number; calls: number; kept: number }>()
  const warnings = new Set<string>()
  const memory = new PageMemory()
  const takeMemory = (size: number) => memory.take(size)
  let [rows, calls, bytes, counted, largestPageBytes, keptPages] = [0, 0, 0, 0, 0, 0]
  const isExact = offer.judgements.every((judgement) => judgement === 'exact')
  const stopAt = scan.limit !== null && scan.orderBy.length === 0 && !offer.isCount ? scan.limit : null
  // Over a filter that only narrows, whether enough rows match is asked after 1, 2, 4, … pages.
  let nextCheck = 1
  let isMet = stopAt === 0
  const files = () => [...spools.values()].flatMap((spool) => spool.files)

  const checkLimit = async () => {
    if (stopAt === null || isMet) return
    if (isExact) isMet = rows >= stopAt
    else if (options.countMatches && rows >= stopAt && calls >= nextCheck) {
      nextCheck = calls * 2
      for (const spool of spools.values()) await spool.close()
      isMet = (await options.countMatches(files(), largestPageBytes)) >= stopAt
    }
  }
  const readTask = async (task: Task): Promise<void> => {
    const chain = openChain(task.partition, task.request)
    let isWhole = false
    try {
      isWhole = await readChain(task, chain)
    } finally {
      await chain.end(isWhole)
    }
  }
  /** @returns whether the last page was read */
  const readChain = async ({ partition, request, ifFull }: Task, chain: PageChain): Promise<boolean> => {
    let spool = spools.get(partition)
    if (!spool) {
      spool = new PageSpool(scanFolder, partition?.id ?? null)
      spools.set(partition, spool)
    }
    const total = totals.get(partition?.id ?? '') ?? { rows: 0, calls: 0, kept: 0 }
    totals.set(partition?.id ?? '', total)
    let next: OutgoingRequest | null = request
    // The next page is asked for while the last one is written; one page at most waits for the disk.
    let writing: Promise<void> = Promise.resolve()
    while (next !== null && !isMet) {
      const outcome = await chain.call(next, takeMemory)
      if (outcome.kind === 'answered' && outcome.isKept === 'cache') {
        keptPages++
        total.kept++
      } else {
        calls++
        total.calls++
      }
      if (outcome.kind === 'forbidden') {
        const where = partition === null ? '' : ` in ${partition.name} (${partition.id})`
        const text = `${scan.table.schema}.${scan.table.name}${where} may not be read: ${outcome.text}`
        if (options.isPartitionNamed || partition === null) {
          throw new SluisError('PLATFORM_FORBIDDEN', text, {
            hint: 'The user or the app lacks the right; ask for it at the platform, or leave this out of the statement.',
          })
        }
        warnings.add(text)
        return false
      }
      if (outcome.kind === 'too-much') {
        // What comes after a first page cannot be asked in parts: some of the rows are here already.
        const parts = next === request ? (offer.split?.(request, outcome.at) ?? []) : []
        if (parts.length === 0) {
          throw new SluisError('PLATFORM_UNAVAILABLE', outcome.text, {
            hint: 'Ask for less at once: fewer columns, or a range of periods.',
          })
        }
        for (const part of parts) await readTask({ partition, request: part, ifFull: [] })
        return true
      }
      const { body } = outcome.response
      bytes += body.length
      largestPageBytes = Math.max(largestPageBytes, body.length)
      if (offer.isCount) {
        counted += connector.readCount(body)
        outcome.call.rows = 0
        return true
      }
      if (bytes > diskBytes) {
        throw new SluisError(
          'QUERY_TOO_LARGE',
          `The statement fetches more than ${Math.round(diskBytes / 1_000_000)} MB.`,
          {
            hint: 'Ask for fewer columns, partitions or rows.',
          },
        )
      }
      const page = connector.readPage(body, { asLines: true, request: next })
      const source = page.bytes ?? body
      largestPageBytes = Math.max(largestPageBytes, source.length)
      const isCutOff = () => offer.isCutOff?.(page) ?? (page.rows ?? 0) >= offer.pageRows
      if (ifFull.length > 0 && isCutOff()) {
        outcome.call.rows = 0
        memory.giveBack(body)
        for (const piece of ifFull) await readTask({ partition, request: piece, ifFull: [] })
        return true
      }
      const inside =
        source[page.start] === 0x5b
          ? source.subarray(page.start + 1, page.end - 1)
          : source.subarray(page.start, page.end)
      await writing
      writing = spool.append(inside, page.isLines).then(() => memory.giveBack(body))
      // Its failure is met at the next page or at the end.
      writing.catch(() => {})
      const pageRows = page.rows ?? 0
      outcome.call.rows = page.rows
      rows += pageRows
      total.rows += pageRows
      options.onRows(pageRows)
      next = page.next === null ? null : { ...request, url: pinned(page.next, options.baseUrl) }
      if (stopAt !== null && (next !== null || tasks.length > 1)) {
        await writing
        await checkLimit()
      }
    }
    await writing
    return next === null
  }
  // With a limit one partition after the other: the first may have enough.
  try {
    await inParallel(tasks, stopAt === null ? parallel : 1, async (task) => {
      if (isMet) return
      await readTask(task)
      const others = (left.get(task.partition) ?? 1) - 1
      left.set(task.partition, others)
      if (others === 0) options.onPartition?.()
    })
  } finally {
    // Also where a call failed: a file that is left open ends the process when it is collected.
    await Promise.allSettled([...spools.values()].map((spool) => spool.close()))
  }
  // Its own failure counts only where nothing failed before.
  for (const spool of spools.values()) await spool.close()
  return {
    files: files(),
    countedRows: offer.isCount ? counted : null,
    rows: offer.isCount ? 0 : rows,
    calls,
    bytes,
    largestPageBytes,
    // What it would have cost is what is remembered.
    perPartition: [...totals].map(([partition, total]) => ({
      partition,
      rows: total.rows,
      calls: total.calls + total.kept,
    })),
    warnings: [...warnings],
    isComplete: !isMet && warnings.size === 0,
    keptPages,
  }
}

/** A next link is followed only on the origin that the token is meant for. */
function pinned(next: string, baseUrl: string): string {
  const url = new URL(next, baseUrl)
  if (url.origin !== new URL(baseUrl).origin) {
    throw new SluisError(
      'PLATFORM_UNAVAILABLE',
      `The platform's next link leads to another host (${url.host}).`,
      {
        hint: 'No token goes there. Report this.',
      },
    )
  }
  return url.href
}

/** Does all of `work`, so many at a time; none is left running where one fails. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let at = 0
  let failed = false
  const lane = async () => {
    while (at < items.length && !failed) {
      const item = items[at++] as T
      try {
        await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = Array.from({ length: Math.min(width, items.length) }, lane)
  // Every lane has ended before the caller cleans up, also when one failed.
  const results = await Promise.allSettled(lanes)
  const fault = results.find((result) => result.status === 'rejected')
  if (fault) throw fault.reason
}
