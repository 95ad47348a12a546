import { type ControlAnswer, type Controls, commonControls, controlFault } from '@sluis/emulator-shared'
import { type BlockReason, blockReasons } from './api/access-rules.ts'
import { Dataset } from './data/dataset.ts'
import type { EmulatorState } from './emulator-state.ts'
import type { App } from './oauth/issuer.ts'
import { readBase32 } from './oauth/one-time-code.ts'

/** The controls of Exact Online beside those that every emulator has. */
export function exactOnlineControls(state: EmulatorState): Controls {
  const { issuer } = state
  return {
    ...commonControls(state, {
      afterClock: () => {
        issuer.keepClock()
        state.webhooks.wake()
      },
    }),

    'GET apps': () => ({
      status: 200,
      body: {
        apps: [...issuer.apps.values()].map(({ clientId, redirectUris }) => ({ clientId, redirectUris })),
      },
    }),

    'POST apps': (body) => {
      const app = body as Partial<App>
      if (!app.clientId || !app.clientSecret || !Array.isArray(app.redirectUris)) {
        return controlFault('an app has clientId, clientSecret and redirectUris')
      }
      issuer.register(app as App)
      return { status: 201, body: { clientId: app.clientId, redirectUris: app.redirectUris } }
    },

    'POST users': ({ user, password, language = 'nl-NL', totpSecret }) => {
      if (typeof user !== 'string' || user === '' || typeof password !== 'string' || password === '')
        return controlFault('a user has user and password')
      if (language !== 'nl-NL' && language !== 'en-US') return controlFault('language is nl-NL or en-US')
      if (totpSecret !== undefined && (typeof totpSecret !== 'string' || readBase32(totpSecret) === null))
        return controlFault('totpSecret is base32, as an authenticator takes it')
      issuer.registerUser(user, password, language, totpSecret)
      return { status: 201, body: { user } }
    },

    'POST blocks': ({ reason, user = null, division = null }) => {
      if (!blockReasons.includes(reason as BlockReason))
        return controlFault(`reason is one of ${blockReasons.join(', ')}`)
      if (user !== null && typeof user !== 'string') return controlFault('user is a name')
      if (division !== null && typeof division !== 'number') return controlFault('division is a code')
      state.access.block(reason as BlockReason, user, division)
      return { status: 201, body: { reason, user, division } }
    },

    'DELETE blocks': () => {
      state.access.unblock()
      return { status: 200, body: {} }
    },

    'POST rights': ({ user, endpoint, action, isAllowed }) => {
      const isText = [user, endpoint].every((text) => typeof text === 'string' && text !== '')
      if (!isText || !/^(GET|POST|PUT|DELETE)$/.test(String(action)) || typeof isAllowed !== 'boolean')
        return controlFault('give user, endpoint, action (GET, POST, PUT, DELETE) and isAllowed')
      state.access.setRight(String(user), String(endpoint), String(action), isAllowed)
      return { status: 201, body: { user, endpoint, action, isAllowed } }
    },

    'POST modules': ({ module, division = null, isLicensed }) => {
      if (typeof module !== 'string' || module === '' || typeof isLicensed !== 'boolean')
        return controlFault(
          'give module (logistics, or logistics/SupplierItem), isLicensed and optionally division',
        )
      if (division !== null && typeof division !== 'number') return controlFault('division is a code')
      state.access.setLicence(module, division, isLicensed)
      return { status: 201, body: { module, division, isLicensed } }
    },

    'POST revocations': ({ clientId, user }) => {
      if (typeof clientId !== 'string' || typeof user !== 'string')
        return controlFault('give clientId and user')
      issuer.revoke(clientId, user)
      return { status: 200, body: {} }
    },

    'POST consents': (body) => consent(body, state),
    'GET data': () => ({ status: 200, body: describeData(state) }),
    'POST data': (body) => changeData(body, state),

    'POST reset': () => {
      issuer.reset()
      state.dataset.written.clear()
      state.ledger.clear()
      state.limits.reset()
      state.access.reset()
      state.logIns.clear()
      state.webhooks.clear()
      state.faults.clear()
      return { status: 200, body: {} }
    },
  }
}

function changeData(body: Readonly<Record<string, unknown>>, state: EmulatorState): ControlAnswer {
  const collation = body.collation ?? state.collation
  if (collation !== 'sql-server' && collation !== 'binary')
    return controlFault('collation is sql-server or binary')
  const data = { ...state.data }
  for (const name of ['seed', 'divisions', 'scale'] as const) {
    const value = body[name]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= 0)) return controlFault(`${name} is a number`)
    data[name] = value
  }
  if (!Number.isInteger(data.divisions) || data.divisions < 1)
    return controlFault('divisions is a whole number from 1')
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

function consent(body: Readonly<Record<string, unknown>>, state: EmulatorState): ControlAnswer {
  const { clientId, user, redirectUri, divisions = null } = body
  const app = typeof clientId === 'string' ? state.issuer.apps.get(clientId) : undefined
  if (!app) return controlFault(`no app ${String(clientId)}; register it with POST /_control/apps`)
  if (typeof user !== 'string' || user === '') return controlFault('user is a name')
  const redirect = redirectUri ?? app.redirectUris[0]
  if (typeof redirect !== 'string' || !app.redirectUris.includes(redirect)) {
    return controlFault('redirectUri is not one of the app')
  }
  if (
    divisions !== null &&
    !(Array.isArray(divisions) && divisions.every((code) => typeof code === 'number'))
  ) {
    return controlFault('divisions is a list of codes')
  }
  const code = state.issuer.issueCode(app.clientId, user, redirect, divisions as number[] | null)
  return { status: 201, body: { code } }
}

function describeData({ data, dataset, collation }: EmulatorState): object {
  return {
    ...data,
    collation,
    companies: dataset.divisions.map(({ code, name }) => ({ code, name })),
  }
}
