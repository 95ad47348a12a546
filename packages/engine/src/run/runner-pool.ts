import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SluisError } from '@sluis/shared'
import type { ResultColumn } from '../plan/statement-plan.ts'
import { runFailure } from './run-failure.ts'
import type { RunJob, RunnerReply, RunnerRequest } from './runner-messages.ts'

export interface RunDone {
  readonly values: readonly (string | null)[] | null
  readonly peakRssBytes: number
}

/** A job on its way. `columns` comes before the first row does. */
export interface Run {
  readonly columns: Promise<{ readonly columns: readonly ResultColumn[]; readonly isTruncated: boolean }>
  readonly done: Promise<RunDone>
}

interface Runner {
  readonly child: ChildProcess
  current: Current | null
}

interface Current {
  readonly id: number
  columns(columns: readonly ResultColumn[], isTruncated: boolean): void
  done(result: RunDone): void
  fail(error: Error): void
}

export interface RunnerPoolOptions {
  /** Processes at most, each with one statement at a time. */
  readonly workers: number
  /** Statements that may wait for a process; one more is refused. */
  readonly longestQueue: number
}

/** A process that has grown beyond this is replaced after its statement: memory that DuckDB used is not given back. */
const recycleAboveBytes = 350 << 20

/**
 * Child processes that run SQL over spooled files. They are started with an empty environment; one that crashes takes
 * only its own statement with it.
 */
export class RunnerPool {
  readonly #options: RunnerPoolOptions
  readonly #idle: Runner[] = []
  readonly #all = new Set<Runner>()
  readonly #waiting: { take(runner: Runner): void; refuse(error: Error): void }[] = []
  #lastId = 0
  #isStopped = false

  constructor(options: RunnerPoolOptions) {
    this.#options = options
  }

  /** Starts a process ahead of the first statement. */
  warm(): void {
    if (this.#all.size === 0) this.#idle.push(this.#start())
  }

  /** Runs a job; aborting the signal cancels it, by force when asking does not help within a second. */
  run(job: Omit<RunJob, 'id'>, signal?: AbortSignal): Run {
    let columns: Current['columns'] = () => {}
    let failColumns: (error: Error) => void = () => {}
    const columnsKnown = new Promise<Awaited<Run['columns']>>((resolve, reject) => {
      columns = (list, isTruncated) => resolve({ columns: list, isTruncated })
      failColumns = reject
    })
    // Callers of `values` jobs never look at the columns.
    columnsKnown.catch(() => {})
    const done = this.#run({ ...job, id: ++this.#lastId }, columns, signal)
    done.then(() => failColumns(new Error('no columns')), failColumns)
    return { columns: columnsKnown, done }
  }

  async #run(job: RunJob, columns: Current['columns'], signal?: AbortSignal): Promise<RunDone> {
    const runner = await this.#acquire(signal)
    let force: NodeJS.Timeout | undefined
    const cancel = () => {
      runner.child.send({ kind: 'cancel', id: job.id } satisfies RunnerRequest, () => {})
      force = setTimeout(() => runner.child.kill('SIGKILL'), 1000)
    }
    try {
      return await new Promise<RunDone>((resolve, reject) => {
        runner.current = { id: job.id, columns, done: resolve, fail: reject }
        signal?.addEventListener('abort', cancel, { once: true })
        if (signal?.aborted) cancel()
        runner.child.send({ kind: 'run', job } satisfies RunnerRequest, (error) => {
          if (error) reject(error)
        })
      })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw error
    } finally {
      clearTimeout(force)
      signal?.removeEventListener('abort', cancel)
      runner.current = null
      this.#release(runner)
    }
  }

  #acquire(signal?: AbortSignal): Promise<Runner> {
    if (this.#isStopped) throw new SluisError('QUERY_CANCELLED', 'The server is stopping.')
    if (signal?.aborted) throw signal.reason
    const idle = this.#idle.pop()
    if (idle) return Promise.resolve(idle)
    if (this.#all.size < this.#options.workers) return Promise.resolve(this.#start())
    if (this.#waiting.length >= this.#options.longestQueue) {
      throw new SluisError('QUERY_TOO_LARGE', 'Too many statements wait already.', {
        hint: 'Try again in a moment, or give the server more query processes (SLUIS_WORKERS).',
      })
    }
    return new Promise((resolve, reject) => {
      const waiting = { take: resolve, refuse: reject }
      this.#waiting.push(waiting)
      signal?.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(waiting)
        if (at >= 0) {
          this.#waiting.splice(at, 1)
          reject(signal.reason)
        }
      })
    })
  }

  #start(): Runner {
    const child = fork(fileURLToPath(new URL('./runner-child.ts', import.meta.url)), [], {
      env: { UV_THREADPOOL_SIZE: '64' },
      execArgv: ['--max-old-space-size=128'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const runner: Runner = { child, current: null }
    this.#all.add(runner)
    child.on('message', (message: RunnerReply) => this.#hear(runner, message))
    child.on('error', () => {})
    child.on('exit', () => {
      this.#all.delete(runner)
      const at = this.#idle.indexOf(runner)
      if (at >= 0) this.#idle.splice(at, 1)
      runner.current?.fail(
        new SluisError('QUERY_TOO_LARGE', 'The process that ran this statement ended unexpectedly.', {
          hint: 'Other statements are not affected. If it happens again, ask for less at once and report the statement.',
        }),
      )
    })
    return runner
  }

  #hear(runner: Runner, message: RunnerReply): void {
    const { current } = runner
    if (current?.id !== message.id) return
    if (message.kind === 'columns') current.columns(message.columns, message.isTruncated)
    else if (message.kind === 'failed') current.fail(runFailure(message.message))
    else {
      if (message.rssBytes > recycleAboveBytes) this.#all.delete(runner)
      current.done({ values: message.values, peakRssBytes: message.peakRssBytes })
    }
  }

  #release(runner: Runner): void {
    const isUsable = this.#all.has(runner) && runner.child.connected && !this.#isStopped
    if (!isUsable) {
      this.#all.delete(runner)
      if (runner.child.connected) runner.child.disconnect()
    }
    const next = this.#waiting.shift()
    if (next) next.take(isUsable ? runner : this.#start())
    else if (isUsable) this.#idle.push(runner)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { refuse } of this.#waiting.splice(0))
      refuse(new SluisError('QUERY_CANCELLED', 'The server is stopping.'))
    await Promise.all(
      [...this.#all].map(({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        return ended
      }),
    )
  }
}
