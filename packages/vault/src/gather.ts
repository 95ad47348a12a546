interface Asked<In, Out> {
  readonly item: In
  done(result: Out | Promise<Out>): void
  fail(error: unknown): void
}

export interface GatherOptions {
  /** How often the work may run at the same time; 2 unless told, so that one is prepared while another waits. */
  readonly atOnce?: number
  /** The most items of one run, 100 unless told. */
  readonly most?: number
}

/**
 * Does for many callers at once what each asks for one item: while the work runs, the next items gather. Whoever asks
 * is served by a run that begins after the question. A result may be a promise: then only its own caller waits for it.
 */
export class Gather<In, Out> {
  readonly #work: (items: readonly In[]) => Promise<readonly (Out | Promise<Out>)[]>
  readonly #atOnce: number
  readonly #most: number
  #queue: Asked<In, Out>[] = []
  #running = 0

  constructor(
    work: (items: readonly In[]) => Promise<readonly (Out | Promise<Out>)[]>,
    { atOnce = 2, most = 100 }: GatherOptions = {},
  ) {
    this.#work = work
    this.#atOnce = atOnce
    this.#most = most
  }

  ask(item: In): Promise<Out> {
    return new Promise((done, fail) => {
      this.#queue.push({ item, done, fail })
      if (this.#running < this.#atOnce) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running++
    // What came in the same turn of the event loop belongs together, too.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#most)
      try {
        const results = await this.#work(batch.map(({ item }) => item))
        batch.forEach(({ done }, index) => {
          done(results[index] as Out | Promise<Out>)
        })
      } catch (error) {
        for (const { fail } of batch) fail(error)
      }
    }
    this.#running--
  }
}
