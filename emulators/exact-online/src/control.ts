import { Dataset } from './data/dataset.ts'
import type { EmulatorState } from './emulator.ts'
import type { Fault } from './faults.ts'
import type { App } from './oauth/issuer.ts'

export interface ControlAnswer {
  readonly status: number
  readonly body: object
}

const fault = (message: string): ControlAnswer => ({ status: 400, body: { error: message } })

/** Answers `/_control/…`: what a test or a developer does to the emulated platform. */
export function answerControl(
  method: string,
  path: string,
  query: URLSearchParams,
  text: string,
  state: EmulatorState,
): ControlAnswer {
  let body: Record<string, unknown>
  try {
    body = text.trim() === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  } catch {
    return fault('the body is not JSON')
  }
  switch (`${method} ${path}`) {
    case 'GET apps':
      return {
        status: 200,
        body: {
          apps: [...state.issuer.apps.values()].map(({ clientId, redirectUris }) => ({
            clientId,
            redirectUris,
          })),
        },
      }
    case 'POST apps': {
      const app = body as Partial<App>
      if (!app.clientId || !app.clientSecret || !Array.isArray(app.redirectUris)) {
        return fault('an app has clientId, clientSecret and redirectUris')
      }
      state.issuer.register(app as App)
      return { status: 201, body: { clientId: app.clientId, redirectUris: app.redirectUris } }
    }
    case 'POST users': {
      const { user, password, language = 'nl-NL' } = body
      if (typeof user !== 'string' || user === '' || typeof password !== 'string' || password === '')
        return fault('a user has user and password')
      if (language !== 'nl-NL' && language !== 'en-US') return fault('language is nl-NL or en-US')
      state.issuer.registerUser(user, password, language)
      return { status: 201, body: { user } }
    }
    case 'POST consents':
      return consent(body, state)
    case 'GET clock':
      return { status: 200, body: { now: state.clock.now() } }
    case 'POST clock':
      return moveClock(body, state)
    case 'POST faults': {
      const { at, kind, times = 1 } = body as Partial<Fault>
      if ((at !== 'token' && at !== 'api') || !/^(drop-response|delay|status|body|reset)$/.test(kind ?? '')) {
        return fault('a fault has at (token, api) and kind (drop-response, delay, status, body, reset)')
      }
      if (!Number.isInteger(times) || times < 1) return fault('times is a whole number from 1')
      const { status, delayMs, matching, method } = body as Partial<Fault>
      if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599))
        return fault('status is a number from 200 to 599')
      if (delayMs !== undefined && !(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= 600_000))
        return fault('delayMs is a whole number of at most 600000')
      if (matching !== undefined && typeof matching !== 'string') return fault('matching is a text')
      if (method !== undefined && !/^(GET|POST|PUT|DELETE)$/.test(String(method)))
        return fault('method is GET, POST, PUT or DELETE')
      state.faults.order({ ...(body as unknown as Fault), times })
      return { status: 201, body: { ordered: times } }
    }
    case 'DELETE faults':
      state.faults.clear()
      return { status: 200, body: {} }
    case 'GET ledger': {
      const entries = state.ledger.since(Number(query.get('since') ?? 0))
      const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length
      return {
        status: 200,
        body: {
          last: state.ledger.last,
          totals: { api: count('api'), token: count('token'), authorize: count('authorize') },
          entries,
        },
      }
    }
    case 'GET data':
      return { status: 200, body: describeData(state) }
    case 'POST data': {
      const collation = body.collation ?? state.collation
      if (collation !== 'sql-server' && collation !== 'binary')
        return fault('collation is sql-server or binary')
      const data = { ...state.data }
      for (const name of ['seed', 'divisions', 'scale'] as const) {
        const value = body[name]
        if (value === undefined) continue
        if (typeof value !== 'number' || !(value >= 0)) return fault(`${name} is a number`)
        data[name] = value
      }
      if (!Number.isInteger(data.divisions) || data.divisions < 1)
        return fault('divisions is a whole number from 1')
      state.collation = collation
      if (JSON.stringify(data) !== JSON.stringify(state.data)) {
        state.data = data
        // Rows written into other companies mean nothing here.
        state.dataset.written.clear()
        state.dataset = new Dataset(data, state.dataset.written)
      }
      state.settings.keep({ data, collation })
      return { status: 200, body: describeData(state) }
    }
    case 'POST reset':
      state.issuer.reset()
      state.dataset.written.clear()
      state.ledger.clear()
      state.limits.reset()
      state.faults.clear()
      return { status: 200, body: {} }
    default:
      return { status: 404, body: { error: `no control ${method} ${path}` } }
  }
}

function consent(body: Record<string, unknown>, state: EmulatorState): ControlAnswer {
  const { clientId, user, redirectUri, divisions = null } = body
  const app = typeof clientId === 'string' ? state.issuer.apps.get(clientId) : undefined
  if (!app) return fault(`no app ${String(clientId)}; register it with POST /_control/apps`)
  if (typeof user !== 'string' || user === '') return fault('user is a name')
  const redirect = redirectUri ?? app.redirectUris[0]
  if (typeof redirect !== 'string' || !app.redirectUris.includes(redirect)) {
    return fault('redirectUri is not one of the app')
  }
  if (
    divisions !== null &&
    !(Array.isArray(divisions) && divisions.every((code) => typeof code === 'number'))
  ) {
    return fault('divisions is a list of codes')
  }
  const code = state.issuer.issueCode(app.clientId, user, redirect, divisions as number[] | null)
  return { status: 201, body: { code } }
}

function moveClock(body: Record<string, unknown>, state: EmulatorState): ControlAnswer {
  const { advanceSeconds, now } = body
  if (typeof advanceSeconds === 'number' && Number.isFinite(advanceSeconds))
    state.clock.advance(advanceSeconds)
  else if (typeof now === 'number' || typeof now === 'string') {
    const time = typeof now === 'number' ? now : Date.parse(now)
    if (!Number.isFinite(time)) return fault('now is milliseconds or an ISO 8601 time')
    state.clock.set(time)
  } else return fault('give advanceSeconds or now')
  state.issuer.keepClock()
  return { status: 200, body: { now: state.clock.now() } }
}

function describeData({ data, dataset, collation }: EmulatorState): object {
  return {
    ...data,
    collation,
    companies: dataset.divisions.map(({ code, name }) => ({ code, name })),
  }
}
