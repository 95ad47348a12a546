import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Clock, must, SluisError } from '@sluis/shared'
import type { PlatformTable } from '../catalog/table.ts'
import type { PlanRequest } from './plan-statement.ts'
import type { PlannerReply, PlannerRequest, SourceKey } from './planner-messages.ts'
import type { StatementPlan } from './statement-plan.ts'

export interface PlannerOptions {
  readonly clock: Clock
  /** Processes at most, each with one statement at a time. */
  readonly processes?: number
  /** A plan that takes longer is given up and its process ended: planning runs the statement's constants. */
  readonly deadlineMs?: number
  /** Plans that may wait for a process; one more is refused. */
  readonly longestQueue?: number
}

/** Plans statements in processes of their own. */
export interface Planner {
  /**
   * Hand over the same array of tables for the same catalogue each time: it is sent to a process once.
   * @throws SluisError as `planStatement` does; QUERY_TIMEOUT beyond the deadline; QUERY_TOO_LARGE where the process
   *   ended under the statement twice, its constants take too much memory, or too many wait; the signal's reason
   */
  plan(request: PlanRequest, signal?: AbortSignal): Promise<StatementPlan>
  /** Ends the processes; plans under way are refused. */
  stop(): Promise<void>
}

interface PlannerProcess {
  readonly child: ChildProcess
  /** Keys of the catalogues that it holds, oldest first. */
  readonly catalogues: Set<string>
  current: Job | null
}

interface Job {
  readonly id: number
  readonly request: PlanRequest
  resolve(plan: StatementPlan): void
  reject(error: Error): void
  attempts: number
}

/** DuckDB folds constants without counting their memory: a process that grows beyond this is ended. */
const mostBytes = 600 << 20
const watchEveryMs = 50

/** Memory that DuckDB took is not given back: beyond this a process is replaced between two statements. */
const recycleAboveBytes = 350 << 20
const mostCatalogues = 32

/** A pool of planner processes, started as they are needed and replaced when they end. */
export function createPlanner(options: PlannerOptions): Planner {
  return new PlannerPool(options)
}

class PlannerPool implements Planner {
  readonly #clock: Clock
  readonly #processes: number
  readonly #deadlineMs: number
  readonly #longestQueue: number
  readonly #all = new Set<PlannerProcess>()
  readonly #waiting: Job[] = []
  readonly #keys = new WeakMap<readonly PlatformTable[], string>()
  #lastId = 0
  #isStopped = false

  constructor(options: PlannerOptions) {
    this.#clock = options.clock
    this.#processes = options.processes ?? 2
    this.#deadlineMs = options.deadlineMs ?? 10_000
    this.#longestQueue = options.longestQueue ?? 1000
  }

  async plan(request: PlanRequest, signal?: AbortSignal): Promise<StatementPlan> {
    signal?.throwIfAborted()
    if (this.#isStopped) throw stopping()
    if (this.#waiting.length >= this.#longestQueue) {
      throw new SluisError('QUERY_TOO_LARGE', 'Too many statements wait to be planned already.', {
        hint: 'Try again in a moment.',
      })
    }
    const { promise, resolve, reject } = Promise.withResolvers<StatementPlan>()
    const job: Job = { id: ++this.#lastId, request, resolve, reject, attempts: 0 }
    const onAbort = () => this.#giveUp(job, signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.push(job)
    this.#dispatch()
    return promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  /** Ends a job wherever it is; the process that plans it is ended with it, as it cannot be asked to stop. */
  #giveUp(job: Job, reason: Error): void {
    const at = this.#waiting.indexOf(job)
    if (at >= 0) this.#waiting.splice(at, 1)
    for (const process of this.#all) {
      if (process.current !== job) continue
      process.current = null
      process.child.kill('SIGKILL')
    }
    job.reject(reason)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const job of this.#waiting.splice(0)) job.reject(stopping())
    await Promise.all(
      [...this.#all].map(({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        return ended
      }),
    )
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      let free = [...this.#all].find((process) => process.current === null)
      if (free === undefined && this.#all.size < this.#processes) free = this.#start()
      const job = free && this.#waiting.shift()
      if (free === undefined || job === undefined) return
      this.#give(free, job)
    }
  }

  #give(process: PlannerProcess, job: Job): void {
    process.current = job
    job.attempts++
    const { tables, ...request } = job.request
    const sources = tables.map(
      (source): SourceKey => ({ alias: source.alias, key: this.#keyOf(source.tables) }),
    )
    for (const [index, { key }] of sources.entries()) {
      const isKnown = process.catalogues.delete(key)
      process.catalogues.add(key)
      if (!isKnown) send(process, { kind: 'catalogue', key, tables: must(tables[index], 'a source').tables })
    }
    send(process, { kind: 'plan', id: job.id, request, sources })
    void this.#watch(process, job)
  }

  async #watch(process: PlannerProcess, job: Job): Promise<void> {
    const ended = new AbortController()
    const { resolve, reject } = job
    job.resolve = (plan) => {
      ended.abort()
      resolve(plan)
    }
    job.reject = (error) => {
      ended.abort()
      reject(error)
    }
    const watch = setInterval(() => {
      if (residentBytes(process.child.pid) < mostBytes) return
      this.#giveUp(
        job,
        new SluisError('QUERY_TOO_LARGE', 'The constants of the statement take too much memory.', {
          hint: 'Look for constant expressions that make very long lists or texts.',
        }),
      )
    }, watchEveryMs)
    try {
      await this.#clock.sleep(this.#deadlineMs, ended.signal)
    } catch {
      return
    } finally {
      clearInterval(watch)
    }
    this.#giveUp(
      job,
      new SluisError('QUERY_TIMEOUT', `The statement could not be planned within ${this.#deadlineMs} ms.`, {
        hint: 'Look for constant expressions that make very long lists or texts.',
      }),
    )
  }

  #start(): PlannerProcess {
    const child = fork(fileURLToPath(new URL('./planner-child.ts', import.meta.url)), [], {
      // Nothing of the server's environment: what runs there is the user's SQL.
      env: {},
      execArgv: ['--max-old-space-size=256'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const process: PlannerProcess = { child, catalogues: new Set(), current: null }
    this.#all.add(process)
    child.on('message', (reply: PlannerReply) => this.#hear(process, reply))
    child.on('error', () => {})
    child.on('exit', () => {
      this.#all.delete(process)
      const job = process.current
      process.current = null
      if (job !== null) this.#retry(job)
      this.#dispatch()
    })
    return process
  }

  /** Planning changes nothing, so a job whose process ended is given to another, once. */
  #retry(job: Job): void {
    if (this.#isStopped) job.reject(stopping())
    else if (job.attempts < 2) this.#waiting.unshift(job)
    else {
      job.reject(
        new SluisError('QUERY_TOO_LARGE', 'The process that planned this statement ended unexpectedly.', {
          hint: 'Other statements are not affected. If it happens again, report the statement.',
        }),
      )
    }
  }

  #hear(process: PlannerProcess, reply: PlannerReply): void {
    const job = process.current
    if (job === null || job.id !== reply.id) return
    process.current = null
    if (reply.kind === 'planned') {
      if (reply.rssBytes > recycleAboveBytes) this.#retire(process)
      job.resolve(this.#received(job.request, reply))
    } else if (reply.code === null) {
      job.reject(new Error(`the planner failed: ${reply.message}`))
    } else {
      const { code, message, hint, details } = reply
      job.reject(new SluisError(code, message, hint === null ? { details } : { hint, details }))
    }
    this.#forgetOld(process)
    this.#dispatch()
  }

  #received(request: PlanRequest, reply: Extract<PlannerReply, { kind: 'planned' }>): StatementPlan {
    const { scans, ...plan } = reply.plan
    return {
      ...plan,
      planMs: reply.planMs,
      scans: scans.map(({ tableIndex, ...scan }) => {
        const source = request.tables.find(({ alias }) => alias === scan.source)
        return { ...scan, table: must(source?.tables[tableIndex], 'a planned table') }
      }),
    }
  }

  #retire(process: PlannerProcess): void {
    this.#all.delete(process)
    if (process.child.connected) process.child.disconnect()
  }

  #forgetOld(process: PlannerProcess): void {
    for (const key of process.catalogues) {
      if (process.catalogues.size <= mostCatalogues) return
      process.catalogues.delete(key)
      send(process, { kind: 'forget', key })
    }
  }

  /** Equal catalogues have equal keys, whoever made the array. */
  #keyOf(tables: readonly PlatformTable[]): string {
    let key = this.#keys.get(tables)
    if (key === undefined) {
      key = createHash('sha256').update(JSON.stringify(tables)).digest('base64')
      this.#keys.set(tables, key)
    }
    return key
  }
}

function send(process: PlannerProcess, message: PlannerRequest): void {
  // A channel that is closed already is heard of by the process's exit.
  process.child.send(message, () => {})
}

/** Memory of a process as the kernel counts it; 0 where it does not tell. @see proc(5), statm */
function residentBytes(pid: number | undefined): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return Number(pages) * 4096
  } catch {
    return 0
  }
}

function stopping(): SluisError {
  return new SluisError('QUERY_CANCELLED', 'The server is stopping.')
}
