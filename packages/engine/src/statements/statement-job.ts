import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GrantId } from '@sluis/shared'
import { type LookUpRead, lookUpIn, type ReadMemory, type RememberedRow } from '../databases/read-memory.ts'
import type { QueryRequest } from '../engine.ts'
import type { WritePlan } from '../plan/write-plan.ts'

/** What a statement without a listener needs to go on after its server. Plain data. */
export interface StatementJob {
  readonly request: Pick<
    QueryRequest,
    'parameters' | 'maxRows' | 'timeoutMs' | 'format' | 'mayWrite' | 'strict' | 'freshness'
  >
  /** What `now()` means in it, milliseconds since 1970. */
  readonly frozenAt: number
}

/** What is told of a write whose server ended in its midst. */
export interface LeftWrite {
  readonly write: WritePlan
  readonly platform: string
}

/** A job as it runs here. */
export interface JobRun {
  readonly folder: string
  readonly frozenAt: number
  readonly memory: Pick<ReadMemory, 'load'>
}

/** Opens the folder in which a job keeps its pages and what it planned with. */
export function openJob(folder: string, { frozenAt }: StatementJob, memory: ReadMemory): JobRun {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return { folder, frozenAt, memory: new JobMemory(join(folder, 'memory.json'), memory) }
}

/**
 * What was known of row counts when a job first asked: it plans with the same when it goes on, so that it asks the same
 * requests and finds their pages. Holds names of endpoints and partitions, and numbers.
 */
class JobMemory {
  readonly #file: string
  readonly #memory: ReadMemory
  readonly #known: Map<string, readonly RememberedRow[]>

  constructor(file: string, memory: ReadMemory) {
    this.#file = file
    this.#memory = memory
    this.#known = new Map(readKnown(file))
  }

  async load(grant: GrantId, endpoints: readonly string[]): Promise<LookUpRead> {
    const name = `${grant} ${endpoints.join()}`
    let rows = this.#known.get(name)
    if (!rows) {
      rows = await this.#memory.rows(grant, endpoints)
      this.#known.set(name, rows)
      const draft = `${this.#file}.new`
      writeFileSync(draft, JSON.stringify([...this.#known]), { mode: 0o600 })
      renameSync(draft, this.#file)
    }
    return lookUpIn(rows)
  }
}

function readKnown(file: string): [string, RememberedRow[]][] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as [string, RememberedRow[]][]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
