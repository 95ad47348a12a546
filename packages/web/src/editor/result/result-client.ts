import type { ResultReply, ResultRequest } from './result-messages.ts'
import type { Envelope, ResultColumn, ResultView } from './result-rows.ts'

export interface Grown {
  readonly count: number
  readonly columns: readonly ResultColumn[]
  readonly isFull: boolean
}

type Asking = ResultRequest extends infer Each
  ? Each extends { readonly id: number }
    ? Omit<Each, 'id'>
    : never
  : never

/** A result in a worker of its own, asked by messages. */
export class ResultClient {
  readonly #worker = new Worker(new URL('./result-worker.ts', import.meta.url), { type: 'module' })
  readonly #asked = new Map<number, (reply: ResultReply) => void>()
  #lastId = 0

  constructor(onGrown: (state: Grown) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<ResultReply>) => {
      if (data.kind === 'grown') onGrown(data)
      else {
        this.#asked.get(data.id)?.(data)
        this.#asked.delete(data.id)
      }
    }
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    // Given away and not copied; a piece of a larger buffer must be cut out first.
    const { buffer } = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
    this.#worker.postMessage({ kind: 'bytes', bytes: buffer } satisfies ResultRequest, [buffer])
  }

  /** After the last bytes: how many rows came, and what stood around them. */
  async finish(): Promise<{ readonly count: number; readonly envelope: Envelope }> {
    const reply = await this.#ask({ kind: 'finish' })
    if (reply.kind !== 'finished') throw new Error('the result could not be read')
    return reply
  }

  async rows(from: number, to: number): Promise<readonly unknown[][]> {
    const reply = await this.#ask({ kind: 'rows', from, to })
    return reply.kind === 'rows' ? reply.rows : []
  }

  async setView(view: ResultView): Promise<number> {
    const reply = await this.#ask({ kind: 'view', view })
    return reply.kind === 'view' ? reply.shown : 0
  }

  /** What is shown as a workbook, or that a sheet of Excel does not hold it. */
  async excel(): Promise<Extract<ResultReply, { kind: 'excel' | 'excess' }>> {
    const reply = await this.#ask({ kind: 'excel' })
    if (reply.kind !== 'excel' && reply.kind !== 'excess') throw new Error('no file came')
    return reply
  }

  close(): void {
    this.#worker.terminate()
  }

  #ask(request: Asking): Promise<ResultReply> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#asked.set(id, (reply) =>
        reply.kind === 'failed' ? reject(new Error(reply.message)) : resolve(reply),
      )
      this.#worker.postMessage({ ...request, id })
    })
  }
}
