import type { ServerResponse } from 'node:http'

export type FaultKind = 'drop-response' | 'delay' | 'status' | 'body' | 'reset'

/** Misbehaviour ordered through `/_control/faults`; `More` names kinds that one platform has alone. */
export interface Fault<More extends string = never> {
  readonly at: 'token' | 'api'
  /**
   * `drop-response`: processed, then the connection is cut · `reset`: cut before anything is processed ·
   * `delay`: answered `delayMs` later · `status` and `body`: answered so instead of being processed.
   */
  readonly kind: FaultKind | More
  readonly times: number
  /** Only requests whose path and query hold this text. */
  readonly matching?: string
  /** Only requests with this method, e.g. `POST`. */
  readonly method?: string
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly delayMs?: number
  /** For kinds of one platform: the number of its own error. */
  readonly code?: number
}

/** Misbehaviour that was ordered for the next matching requests. */
export class Faults<More extends string = never> {
  #ordered: (Fault<More> & { left: number })[] = []

  order(fault: Fault<More>): void {
    this.#ordered.push({ ...fault, left: fault.times })
  }

  /** Takes the first fault that fits, once. */
  take(at: Fault['at'], text: string, method = ''): Fault<More> | null {
    const found = this.#ordered.find(
      (fault) =>
        fault.at === at &&
        (fault.matching === undefined || text.includes(fault.matching)) &&
        (fault.method === undefined || fault.method === method),
    )
    if (!found) return null
    found.left--
    if (found.left <= 0) this.#ordered = this.#ordered.filter((fault) => fault !== found)
    return found
  }

  clear(): void {
    this.#ordered = []
  }
}

/** Whether a fault takes the place of processing. */
export function isInstead<F extends { readonly kind: string }>(
  fault: F | null,
): fault is F & { readonly kind: 'status' | 'body' | 'reset' } {
  return fault !== null && ['status', 'body', 'reset'].includes(fault.kind)
}

/** Answers as the fault says, for a request that was not processed. */
export function playInstead(
  fault: Pick<Fault<string>, 'kind' | 'status' | 'body' | 'headers'>,
  response: ServerResponse,
  contentType = 'application/json',
): void {
  if (fault.kind === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  response
    .writeHead(fault.status ?? (fault.kind === 'body' ? 200 : 500), {
      'Content-Type': contentType,
      ...fault.headers,
    })
    .end(fault.body ?? '')
}

/** Plays a fault on a request that was processed; true when its answer must not be sent. */
export async function playAfter(
  fault: Pick<Fault<string>, 'kind' | 'delayMs'> | null,
  response: ServerResponse,
): Promise<boolean> {
  if (fault?.kind === 'drop-response') {
    response.socket?.resetAndDestroy()
    return true
  }
  if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000))
  return false
}
