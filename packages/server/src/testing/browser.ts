import type { Answer } from './http-lab.ts'

export interface BrowserCall {
  readonly organisation?: string
  readonly headers?: Readonly<Record<string, string>>
  /** False leaves out the header that only our own pages send. */
  readonly csrf?: boolean
}

/** What a person's browser sends and keeps: cookies, the page's origin, our header. */
export class Browser {
  readonly cookies = new Map<string, string>()
  /** `Set-Cookie` lines as they came. */
  readonly lines: string[] = []
  readonly #url: () => string
  readonly #origin: string | null

  /** `origin` differs from the server's address where a proxy stands between. */
  constructor(url: () => string, origin: string | null = null) {
    this.#url = url
    this.#origin = origin
  }

  async call(method: string, path: string, body?: unknown, call: BrowserCall = {}): Promise<Answer> {
    const { organisation, headers, csrf = true } = call
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(`${this.#url()}${path.startsWith('/api') ? path : `/api/v1${path}`}`, {
      method,
      headers: {
        origin: this.#origin ?? this.#url(),
        ...(cookie ? { cookie } : {}),
        ...(csrf ? { 'x-sluis-csrf': '1' } : {}),
        ...(organisation ? { 'sluis-organisation': organisation } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      body:
        isJson && text.trim() && !/ndjson/.test(response.headers.get('content-type') ?? '')
          ? JSON.parse(text)
          : null,
    }
  }

  /** The name and value of the cookie that stands for the session. */
  get session(): readonly [string, string] | undefined {
    return [...this.cookies].find(([name]) => name.endsWith('sluis.session_token'))
  }

  logIn(email: string, password: string): Promise<Answer> {
    return this.call('POST', '/api/auth/sign-in/email', { email, password })
  }

  #keep(line: string): void {
    this.lines.push(line)
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

/** The secret behind the # of a link. */
export const tokenIn = (link: string | null | undefined) => /#token=(.+)$/.exec(link ?? '')?.[1] ?? ''
