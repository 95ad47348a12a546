import { makeOffices } from './dataset.ts'
import type { EmulatorState, OrderedFault } from './emulator.ts'
import { type App, allScopes } from './issuer.ts'
import { isFaultCode } from './soap.ts'

export interface ControlAnswer {
  readonly status: number
  readonly body: object
}

const fault = (message: string): ControlAnswer => ({ status: 400, body: { error: message } })
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

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
  const { issuer, clock } = state
  switch (`${method} ${path}`) {
    case 'POST apps': {
      const app = body as Partial<App>
      if (!app.clientId || !app.clientSecret || !isTexts(app.redirectUris))
        return fault('an app has clientId, clientSecret and redirectUris')
      issuer.register(app as App)
      return { status: 201, body: { clientId: app.clientId, redirectUris: app.redirectUris } }
    }
    case 'POST users': {
      const { user, language = 'nl', offices = null } = body
      if (typeof user !== 'string' || user === '') return fault('user is a name')
      if (language !== 'nl' && language !== 'en') return fault('language is nl or en')
      if (offices !== null && !isTexts(offices)) return fault('offices is a list of codes')
      issuer.registerUser({ user, language, offices })
      return { status: 201, body: { user } }
    }
    case 'POST consents': {
      const { clientId, user, redirectUri, scopes = allScopes } = body
      const app = typeof clientId === 'string' ? issuer.apps.get(clientId) : undefined
      if (!app) return fault(`no app ${String(clientId)}; register it with POST /_control/apps`)
      if (typeof user !== 'string' || user === '') return fault('user is a name')
      const redirect = redirectUri ?? app.redirectUris[0]
      if (typeof redirect !== 'string' || !app.redirectUris.includes(redirect))
        return fault('redirectUri is not one of the app')
      if (!isTexts(scopes)) return fault('scopes is a list')
      return {
        status: 201,
        body: { code: issuer.issueCode(app, { user, redirectUri: redirect, scopes, nonce: null }) },
      }
    }
    case 'POST revocations': {
      const { clientId, user } = body
      if (typeof clientId !== 'string' || typeof user !== 'string') return fault('give clientId and user')
      issuer.revoke(clientId, user)
      return { status: 200, body: {} }
    }
    case 'POST clusters': {
      const { cluster } = body
      if (typeof cluster !== 'string' || !/^[a-z0-9]+$/.test(cluster))
        return fault('cluster is letters and digits')
      issuer.cluster = cluster
      return { status: 200, body: { cluster } }
    }
    case 'GET clock':
      return { status: 200, body: { now: clock.now() } }
    case 'POST clock': {
      const { advanceSeconds, now } = body
      const time = typeof now === 'string' ? Date.parse(now) : now
      if (typeof advanceSeconds === 'number' && Number.isFinite(advanceSeconds)) clock.advance(advanceSeconds)
      else if (typeof time === 'number' && Number.isFinite(time)) clock.set(time)
      else return fault('give advanceSeconds or now')
      return { status: 200, body: { now: clock.now() } }
    }
    case 'POST faults': {
      const { at, kind, times = 1, code, status } = body as Partial<OrderedFault>
      if (
        (at !== 'token' && at !== 'api') ||
        !/^(drop-response|delay|status|body|reset|soap)$/.test(kind ?? '')
      )
        return fault('a fault has at (token, api) and kind (drop-response, delay, status, body, reset, soap)')
      if (!Number.isInteger(times) || times < 1) return fault('times is a whole number from 1')
      if (kind === 'soap' && (at !== 'api' || code === undefined || !isFaultCode(code)))
        return fault('a SOAP fault is at api and has a known code')
      if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599))
        return fault('status is a number from 200 to 599')
      state.faults.push({ ...(body as unknown as OrderedFault), times, left: times })
      return { status: 201, body: { ordered: times } }
    }
    case 'DELETE faults':
      state.faults = []
      return { status: 200, body: {} }
    case 'GET ledger': {
      const since = Number(query.get('since') ?? 0)
      const entries = state.ledger.filter(({ seq }) => seq > since)
      const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length
      const totals = { api: count('api'), token: count('token'), authorize: count('authorize') }
      return { status: 200, body: { last: state.seq, totals, entries } }
    }
    case 'GET data':
      return { status: 200, body: described(state) }
    case 'POST data': {
      const data = { ...state.data }
      for (const name of ['seed', 'offices', 'scale'] as const) {
        const value = body[name]
        if (value === undefined) continue
        if (typeof value !== 'number' || !(value >= 0)) return fault(`${name} is a number`)
        data[name] = value
      }
      if (body.vatNumbers !== undefined) {
        if (!isTexts(body.vatNumbers)) return fault('vatNumbers is a list of texts')
        data.vatNumbers = body.vatNumbers
      }
      state.data = data
      state.offices = makeOffices(data)
      return { status: 200, body: described(state) }
    }
    case 'POST reset':
      issuer.reset()
      state.limits.reset()
      state.ledger.length = 0
      state.faults = []
      return { status: 200, body: {} }
    default:
      return { status: 404, body: { error: `no control ${method} ${path}` } }
  }
}

const described = ({ data, offices }: EmulatorState) => ({
  ...data,
  companies: offices.map(({ code, name }) => ({ code, name })),
})
