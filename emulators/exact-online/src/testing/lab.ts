import assert from 'node:assert/strict'
import { type ExactOnlineEmulatorOptions, startExactOnlineEmulator } from '../index.ts'

export const redirectUri = 'https://partner.example/cb'
export const app = { clientId: '7c5f3b4e-0000-4000-8000-00000000000a', clientSecret: 'k3yk3yk3yk3y' }
const generous = { minute: 1_000_000, day: 1_000_000 }

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The envelope of a JSON answer. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  readonly d: any
  /** The text of an OData error. */
  readonly message: string | undefined
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/** A call to the emulator by path: below the company unless it starts with `/`. */
export interface CallOptions {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Another user's token, or none. */
  readonly token?: string | null
}

export type Lab = Awaited<ReturnType<typeof startLab>>

/** An emulator with one app and one user who consented, and what tests of its wire ask for. */
export async function startLab(options: ExactOnlineEmulatorOptions = {}) {
  const emulator = await startExactOnlineEmulator(options)
  const { url } = emulator

  const control = async (path: string, body?: object, method = body ? 'POST' : 'GET') => {
    const init = body ? { method, body: JSON.stringify(body) } : { method }
    const response = await fetch(`${url}/_control/${path}`, init)
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
    const answer = (await response.json()) as any
    return { status: response.status, body: answer }
  }
  const register = (more: object = {}) =>
    control('apps', { ...app, redirectUris: [redirectUri], limits: generous, ...more })
  const post = async (
    fields: Readonly<Record<string, string>> | string,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const body = typeof fields === 'string' ? fields : new URLSearchParams(fields)
    const response = await fetch(`${url}/api/oauth2/token`, { method: 'POST', headers, body })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const client = { client_id: app.clientId, client_secret: app.clientSecret }
  const code = async (user: string, more: object = {}): Promise<string> =>
    (await control('consents', { clientId: app.clientId, user, redirectUri, ...more })).body.code
  const exchange = (text: string, more: Readonly<Record<string, string>> = {}) =>
    post({ grant_type: 'authorization_code', code: text, redirect_uri: redirectUri, ...client, ...more })
  const refresh = (token: string, more: Readonly<Record<string, string>> = {}) =>
    post({ grant_type: 'refresh_token', refresh_token: token, ...client, ...more })
  const tokens = async (user: string, more: object = {}): Promise<Tokens> => {
    const { status, text } = await exchange(await code(user, more))
    assert.equal(status, 200, text)
    return JSON.parse(text) as Tokens
  }

  await register()
  const companies = (await control('data')).body.companies as { code: number; name: string }[]
  const division = companies[0]?.code ?? 0
  let bearer = (await tokens('anna.smit@example.com')).access_token

  const call = async (path: string, options: CallOptions = {}): Promise<Answer> => {
    const { method = 'GET', body, headers = {}, token = bearer } = options
    const address = path.startsWith('/') ? `${url}${path}` : `${url}/api/v1/${division}/${path}`
    const response = await fetch(address, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
    const json = (text.startsWith('{') ? JSON.parse(text) : null) as any
    return {
      status: response.status,
      headers: response.headers,
      text,
      d: json?.d,
      message: json?.error?.message?.value as string | undefined,
    }
  }
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) => call(path, { headers })
  const rowsIn = (d: unknown): Record<string, unknown>[] => {
    const results = (d as { results?: unknown } | null)?.results
    return (Array.isArray(d) ? d : Array.isArray(results) ? results : [d]) as Record<string, unknown>[]
  }
  /** The rows of one page. */
  const rows = async (path: string) => {
    const { d, text } = await get(path)
    assert.ok(d, text)
    return rowsIn(d)
  }
  /** The rows of all pages. */
  const all = async (path: string) => {
    const found: Record<string, unknown>[] = []
    for (let next = path; next; ) {
      const { d, text } = await get(next)
      assert.ok(d, text)
      found.push(...rowsIn(d))
      next = d.__next?.slice(url.length) ?? ''
    }
    return found
  }
  return {
    url,
    control,
    register,
    post,
    code,
    exchange,
    refresh,
    tokens,
    call,
    get,
    rows,
    all,
    companies,
    division,
    client,
    /** From now on this user calls. */
    as: async (user: string, more: object = {}) => {
      bearer = (await tokens(user, more)).access_token
    },
    advance: (seconds: number) => control('clock', { advanceSeconds: seconds }),
    close: () => emulator.close(),
  }
}
