import { existsSync, readFileSync } from 'node:fs'
import { SluisError } from '@sluis/shared'

/** A refusal by the server, in its own words. */
export class ApiRefusal extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly problem: Readonly<Record<string, unknown>>

  constructor(problem: Readonly<Record<string, unknown>>, status: number) {
    super(String(problem.detail ?? `The server answered ${status}.`))
    this.code = String(problem.code ?? `HTTP_${status}`)
    this.hint = typeof problem.hint === 'string' ? problem.hint : undefined
    this.problem = problem
  }
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** Calls of the HTTP API with one key. */
export class ApiClient {
  readonly #url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.#url = url.replace(/\/+$/, '')
    this.#key = key
  }

  async call(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer> {
    const response = await this.send(method, path, body, headers)
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    }
  }

  /** As `call`, with the answer's body unread; bytes are sent as they are. */
  async send(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const isRaw = body instanceof Uint8Array
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? new Uint8Array(body) : JSON.stringify(body) }),
    }).catch((cause: Error) => {
      throw new SluisError('PLATFORM_UNAVAILABLE', `No server answers at ${this.#url}.`, {
        hint: 'Start one with "npm start", or name it with SLUIS_URL.',
        cause,
      })
    })
    if (response.ok) return response
    const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>
    throw new ApiRefusal(problem, response.status)
  }
}

/** The server and key that `SLUIS_URL` and `SLUIS_API_KEY_FILE` name. */
export function clientFromEnvironment(env: Readonly<Record<string, string | undefined>>): ApiClient {
  const file = env.SLUIS_API_KEY_FILE
  if (!file || !existsSync(file)) {
    throw new SluisError(
      'UNAUTHENTICATED',
      file ? `The key file ${file} does not exist.` : 'No API key is named.',
      {
        hint: 'Put the key into a file of its own (chmod 600) and set SLUIS_API_KEY_FILE to it.',
      },
    )
  }
  return new ApiClient(env.SLUIS_URL ?? 'http://127.0.0.1:8080', readFileSync(file, 'utf8').trim())
}
