import type { Answer, Route, Routes } from '@sluis/sdk/api'

/** Problem details as the server answers them (RFC 9457), or as we say that it did not answer. */
export interface Problem {
  readonly code: string
  readonly status: number
  readonly detail: string
  readonly hint?: string
  readonly [extension: string]: unknown
}

/** A call that failed, with the server's own words. */
export class ApiFault extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Any thrown value as a problem; what is no fault of a call is one of this page. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiFault) return error.problem
  return { code: 'PAGE_FAILED', status: 0, detail: error instanceof Error ? error.message : String(error) }
}

export interface CallOptions {
  readonly idempotencyKey?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

type Parts<R extends Route> = Pick<Routes[R], Extract<keyof Routes[R], 'path' | 'query' | 'body'>>
/** What a call of a route needs: the parts of its address and its body, which may be left out where all are optional. */
export type Asked<R extends Route> =
  Record<never, never> extends Parts<R>
    ? [request?: Parts<R> & CallOptions]
    : [request: Parts<R> & CallOptions]

/** Calls of the HTTP API, by session cookie or with an API key that is kept here, in memory, and nowhere else. */
export class ApiClient {
  #apiKey: string | null = null
  organisation: string | null = null
  /** Told when the server no longer knows who we are. */
  onUnauthenticated: () => void = () => {}

  useKey(apiKey: string | null): void {
    this.#apiKey = apiKey
  }

  get hasKey(): boolean {
    return this.#apiKey !== null
  }

  async send(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Response> {
    const headers: Record<string, string> = { 'X-Sluis-Csrf': '1' }
    // A consent is bound to the browser by its cookie, whoever is logged in and how.
    const key = /^\/con(sents|nect)\//.test(path) ? null : this.#apiKey
    if (key !== null) headers.Authorization = `Bearer ${key}`
    if (this.organisation !== null) headers['Sluis-Organisation'] = this.organisation
    if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    Object.assign(headers, options.headers)
    let response: Response
    try {
      response = await fetch(path.startsWith('/api/') ? path : `/api/v1${path}`, {
        method,
        headers,
        // With a key the cookie stays out of it, so that both never disagree.
        credentials: key === null ? 'same-origin' : 'omit',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(options.signal ? { signal: options.signal } : {}),
      })
    } catch (error) {
      if (options.signal?.aborted) throw error
      throw new ApiFault({ code: 'SERVER_UNREACHABLE', status: 0, detail: 'The server did not answer.' })
    }
    if (response.ok) return response
    const problem = await problemIn(response)
    // The calls of log-in say 401 to a wrong code, which ends no session.
    if (response.status === 401 && path !== '/session' && !path.startsWith('/api/auth/'))
      this.onUnauthenticated()
    throw new ApiFault(problem)
  }

  /** Calls a route that the API describes; what it takes and answers is of its description. */
  ask<R extends Route>(route: R, ...[request]: Asked<R>): Promise<Answer<R>> {
    const {
      path = {},
      query = {},
      body,
      ...options
    } = (request ?? {}) as CallOptions & {
      readonly path?: Readonly<Record<string, string>>
      readonly query?: object
      readonly body?: unknown
    }
    const [method = '', pattern = ''] = route.split(' ')
    const address = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(path[name] ?? ''),
    )
    const search = searchOf(query)
    return this.call(method, search === '' ? address : `${address}?${search}`, body, options)
  }

  /** The address of a file for the browser to fetch by itself, where the session's cookie says who asks. */
  linkTo(path: string): string {
    const url = new URL(`/api/v1${path}`, location.origin)
    if (this.organisation !== null) url.searchParams.set('organisation', this.organisation)
    return url.href
  }

  async call<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T> {
    const response = await this.send(method, path, body, options)
    return (response.status === 204 ? undefined : await response.json()) as T
  }
}

/** A query string of the values that are there. */
export const searchOf = (values: object): string =>
  new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) => (value ? [[name, String(value)]] : [])),
  ).toString()

async function problemIn(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null
  return {
    ...body,
    code: typeof body?.code === 'string' ? body.code : 'UNREADABLE_ANSWER',
    status: response.status,
    detail: body?.detail ?? (body as { message?: string } | null)?.message ?? `HTTP ${response.status}`,
  }
}
