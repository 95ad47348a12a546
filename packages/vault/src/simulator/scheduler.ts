import type { Clock } from '@sluis/shared'
import type { SeededRandom } from './seeded-random.ts'

/** A process of the simulated world. Killed, nothing it waited for ever comes; paused, it comes later. */
export interface SimulatedProcess {
  readonly name: string
  isAlive: boolean
  pausedUntil: number
}

/** What a step touches: decides which faults can strike it. */
export type StepKind = 'store' | 'disk' | 'network' | 'lock' | 'time' | 'issuer' | 'driver'

export interface Step {
  readonly process: SimulatedProcess | null
  readonly kind: StepKind
  readonly name: string
  readonly at: number
  run(): void
}

/** Decides what befalls a step; called once for each, before it runs. False when the step is not to run now. */
export type Nemesis = (step: Step, number: number) => boolean

/** The longest that one schedule may be, unless told: more means that something never comes to rest. */
const mostSteps = 200_000

/**
 * The virtual time line: every await of the protocol ends in a step here, and one seed decides the order in which
 * steps run. Between two steps all code that can go on does so; nothing else happens.
 */
export class Scheduler {
  now: number
  readonly #random: SeededRandom
  readonly #nemesis: Nemesis
  #steps: Step[] = []
  #number = 0
  /** One line a step, when it is asked for. */
  readonly trace: string[] | null
  readonly #mostSteps: number

  constructor(
    random: SeededRandom,
    nemesis: Nemesis,
    options: { readonly now: number; readonly isTraced: boolean; readonly mostSteps?: number },
  ) {
    this.#random = random
    this.#nemesis = nemesis
    this.now = options.now
    this.trace = options.isTraced ? [] : null
    this.#mostSteps = options.mostSteps ?? mostSteps
  }

  add(step: Step): void {
    if (step.process?.isAlive !== false) this.#steps.push(step)
  }

  note(text: string): void {
    this.trace?.push(`${((this.now % 100_000_000) / 1000).toFixed(3)} ${text}`)
  }

  /** The result of `effect`, which happens as one step some time from now. */
  call<T>(
    process: SimulatedProcess | null,
    kind: StepKind,
    name: string,
    effect: () => T | Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.add({
        process,
        kind,
        name,
        at: this.now,
        run: () => {
          try {
            resolve(effect())
          } catch (error) {
            reject(error)
          }
        },
      })
    })
  }

  /** Runs until nothing is left to do, `isOver` says so, or the time has come. */
  async run(isOver: () => boolean, until: number): Promise<void> {
    for (;;) {
      // Comes after every microtask, also those that others make; a turn of the event loop costs half of a proof's time.
      await new Promise<void>((resolve) => process.nextTick(resolve))
      if (isOver()) return
      this.#steps = this.#steps.filter(({ process }) => process?.isAlive !== false)
      const ready = this.#steps.filter((step) => readyAt(step) <= this.now)
      if (ready.length === 0) {
        const next = Math.min(...this.#steps.map(readyAt))
        if (next > until) return
        this.now = next
        continue
      }
      const step = this.#random.pick(ready)
      this.#steps.splice(this.#steps.indexOf(step), 1)
      this.now += this.#random.chance(0.02) ? this.#random.below(3000) : this.#random.below(4)
      if (++this.#number > this.#mostSteps) throw new Error('the schedule does not come to an end')
      if (!this.#nemesis(step, this.#number)) continue
      if (step.kind !== 'time') this.note(`${step.process?.name ?? 'world'} ${step.name}`)
      step.run()
    }
  }

  clockOf(process: SimulatedProcess | null): Clock {
    return {
      now: () => this.now,
      sleep: (ms, signal) => {
        if (signal?.aborted) return Promise.reject(signal.reason)
        return new Promise((resolve, reject) => {
          const step: Step = {
            process,
            kind: 'time',
            name: 'wake',
            at: this.now + Math.max(0, ms),
            run: resolve,
          }
          this.add(step)
          signal?.addEventListener('abort', () => {
            const at = this.#steps.indexOf(step)
            if (at >= 0) this.#steps.splice(at, 1)
            reject(signal.reason)
          })
        })
      },
    }
  }
}

const readyAt = ({ process, at }: Step) => Math.max(at, process?.pausedUntil ?? 0)
