import type { IncomingResponse, OutgoingRequest, SendRequest } from '@sluis/shared'
import { fetchSend } from './fetch-send.ts'

const isTokenRequest = ({ method }: OutgoingRequest) => method === 'POST'

/** Token requests that stand still until the test lets each go; everything else goes its way. */
export class HeldSend {
  readonly #held: {
    readonly request: OutgoingRequest
    readonly settle: (answer: IncomingResponse | Error) => void
  }[] = []

  readonly send: SendRequest = (request, options) => {
    if (!isTokenRequest(request)) return fetchSend(request, options)
    options.onSent?.()
    return new Promise((resolve, reject) => {
      const settle = (answer: IncomingResponse | Error) =>
        answer instanceof Error ? reject(answer) : resolve(answer)
      this.#held.push({ request, settle })
    })
  }

  /** How many requests were sent so far. */
  get count(): number {
    return this.#held.length
  }

  /** Lets request number `n` reach the issuer now, and its answer come back. */
  async deliver(n: number): Promise<void> {
    const answer = await fetchSend(this.#of(n).request, { timeoutMs: 10_000 })
    this.#of(n).settle(answer)
  }

  answer(n: number, body: object): void {
    this.#of(n).settle({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) })
  }

  refuse(n: number, { status, body }: { readonly status: number; readonly body: string }): void {
    this.#of(n).settle({ status, headers: {}, body: Buffer.from(body) })
  }

  reset(n: number): void {
    this.#of(n).settle(Object.assign(new Error('ECONNRESET'), { code: 'ECONNRESET' }))
  }

  #of(n: number) {
    const held = this.#held[n]
    if (!held) throw new TypeError(`no token request ${n} was sent`)
    return held
  }
}

/** Sends for real, and changes what the token endpoint answered. */
export function alteredSend(alter: (answer: IncomingResponse) => IncomingResponse): SendRequest {
  return async (request, options) => {
    const answer = await fetchSend(request, options)
    return isTokenRequest(request) ? alter(answer) : answer
  }
}
