import { fromProblem, isProblem, SluisError } from './sluis-error.ts'

export interface SluisOptions {
  /** Where Sluis is, for instance `https://sluis.example`; with or without a path of its own. */
  readonly url: string
  readonly apiKey: string
  /** Acts in this organisation below the key's own; needs a key made with `descendants: true`. */
  readonly organisation?: string
  /** Another `fetch`, for a proxy or a test. */
  readonly fetch?: typeof globalThis.fetch
}

export interface CallOptions {
  readonly body?: unknown
  /** A body of lines, in place of one of JSON. */
  readonly ndjson?: string
  readonly accept?: string
  readonly prefer?: string
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal | undefined
}

export type HttpCaller = (method: string, path: string, options?: CallOptions) => Promise<Response>

/**
 * Calls the API: an answer that is no success is thrown. A request with an idempotency key whose answer was lost is
 * sent once more under that key, which can spend nothing twice; any other request is sent exactly once.
 */
export function createHttpCaller(sluis: SluisOptions): HttpCaller {
  const base = `${sluis.url.replace(/\/+$/, '')}/api/v1`
  if (!/^https?:\/\//.test(base)) throw new TypeError('url must be the http(s) address of Sluis')
  if (sluis.apiKey === '') throw new TypeError('apiKey is empty')
  // A call through the option itself would make it the method of our object, which browsers refuse.
  const send = sluis.fetch ?? ((input, init) => globalThis.fetch(input, init))
  return async (method, path, options = {}) => {
    const { body, ndjson, accept = 'application/json', prefer, idempotencyKey, signal } = options
    const request: RequestInit = {
      method,
      // A redirect would carry the key and the credentials to where nobody meant them to go.
      redirect: 'error',
      headers: {
        authorization: `Bearer ${sluis.apiKey}`,
        accept,
        ...(prefer === undefined ? {} : { prefer }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ndjson === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
        ...(sluis.organisation === undefined ? {} : { 'sluis-organisation': sluis.organisation }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(ndjson === undefined ? {} : { body: ndjson }),
      ...(signal === undefined ? {} : { signal }),
    }
    const attempts = idempotencyKey === undefined ? 1 : 2
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await send(base + path, request)
        if (response.ok) return response
        throw await toError(response)
      } catch (error) {
        if (error instanceof SluisError) throw error
        signal?.throwIfAborted()
        if (attempt < attempts) continue
        throw connectionLost(error, idempotencyKey)
      }
    }
  }
}

async function toError(response: Response): Promise<SluisError> {
  const text = await response.text()
  const problem = parseJson(text)
  if (isProblem(problem)) return fromProblem(problem, response.status)
  return new SluisError(
    'UNEXPECTED_ANSWER',
    `The answer with status ${response.status} is not one that Sluis gives.`,
    { status: response.status, hint: 'Check the url; a proxy may have answered in its place.' },
  )
}

/** No whole answer came. */
export function connectionLost(cause: unknown, idempotencyKey?: string): SluisError {
  return new SluisError('CONNECTION_LOST', 'The connection to Sluis was lost before the answer was whole.', {
    cause,
    hint:
      idempotencyKey === undefined
        ? 'Try again.'
        : 'Try again with the idempotencyKey in details: what was already done is not done twice.',
    ...(idempotencyKey === undefined ? {} : { details: { idempotencyKey } }),
  })
}

/** JSON as a value; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An answer's JSON. */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text().catch((error) => {
    throw connectionLost(error)
  })
  const value = parseJson(text)
  if (value === undefined) {
    throw new SluisError('UNEXPECTED_ANSWER', 'The answer is not JSON.', { status: response.status })
  }
  return value as T
}
