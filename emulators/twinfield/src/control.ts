import { type Controls, commonControls, controlFault } from '@sluis/emulator-shared'
import type { EmulatorState } from './emulator.ts'
import { isFaultCode } from './faults.ts'
import { type App, allScopes } from './issuer.ts'

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/** The controls of Twinfield beside those that every emulator has. */
export function twinfieldControls(state: EmulatorState): Controls {
  const { issuer } = state
  return {
    ...commonControls(state, {
      moreKinds: ['soap'],
      afterClock: () => issuer.keepClock(),
      checkFault: ({ kind, at, code }) =>
        kind === 'soap' && (at !== 'api' || code === undefined || !isFaultCode(code))
          ? 'a SOAP fault is at api and has a known code'
          : null,
    }),

    'POST apps': (body) => {
      const app = body as Partial<App>
      if (!app.clientId || !app.clientSecret || !isTexts(app.redirectUris))
        return controlFault('an app has clientId, clientSecret and redirectUris')
      issuer.register(app as App)
      return { status: 201, body: { clientId: app.clientId, redirectUris: app.redirectUris } }
    },

    'POST users': ({ user, language = 'nl', offices = null, organisation, fault }) => {
      if (typeof user !== 'string' || user === '') return controlFault('user is a name')
      if (language !== 'nl' && language !== 'en') return controlFault('language is nl or en')
      if (offices !== null && !isTexts(offices)) return controlFault('offices is a list of codes')
      if (organisation !== undefined && typeof organisation !== 'string')
        return controlFault('organisation is a code')
      if (fault !== undefined && (typeof fault !== 'number' || !isFaultCode(fault)))
        return controlFault('fault is a known code')
      issuer.registerUser({
        ...{ user, language, offices },
        ...(organisation === undefined ? {} : { organisation }),
        ...(fault === undefined ? {} : { fault }),
      })
      return { status: 201, body: { user } }
    },

    'POST consents': ({ clientId, user, redirectUri, scopes = allScopes }) => {
      const app = typeof clientId === 'string' ? issuer.apps.get(clientId) : undefined
      if (!app) return controlFault(`no app ${String(clientId)}; register it with POST /_control/apps`)
      if (typeof user !== 'string' || user === '') return controlFault('user is a name')
      const redirect = redirectUri ?? app.redirectUris[0]
      if (typeof redirect !== 'string' || !app.redirectUris.includes(redirect))
        return controlFault('redirectUri is not one of the app')
      if (!isTexts(scopes)) return controlFault('scopes is a list')
      return {
        status: 201,
        body: { code: issuer.issueCode(app, { user, redirectUri: redirect, scopes, nonce: null }) },
      }
    },

    'POST revocations': ({ clientId, user }) => {
      if (typeof clientId !== 'string' || typeof user !== 'string')
        return controlFault('give clientId and user')
      issuer.revoke(clientId, user)
      return { status: 200, body: {} }
    },

    'POST clusters': ({ cluster }) => {
      if (typeof cluster !== 'string' || !/^[a-z0-9]+$/.test(cluster))
        return controlFault('cluster is letters and digits')
      issuer.moveTo(cluster)
      return { status: 200, body: { cluster } }
    },

    'POST heavy': ({ rows = null }) => {
      if (rows !== null && (typeof rows !== 'number' || !(rows >= 0)))
        return controlFault('rows is a number, or null for no limit')
      state.heavyRows = rows
      return { status: 200, body: { rows } }
    },

    'POST deletions': ({ office, code, number }) => {
      const found = state.books.offices.find((one) => one.code === office)
      if (!found || typeof code !== 'string' || typeof number !== 'number')
        return controlFault('give office, code and number')
      if (!found.transactions.some((one) => one.code === code && one.number === number))
        return controlFault(`no transaction ${code} ${number}`)
      state.books.write(found, { removed: { code, number } })
      return { status: 200, body: { office, code, number } }
    },

    'GET data': () => ({ status: 200, body: described(state) }),

    'POST data': (body) => {
      const data = { ...state.data }
      for (const name of ['seed', 'offices', 'scale'] as const) {
        const value = body[name]
        if (value === undefined) continue
        if (typeof value !== 'number' || !(value >= 0)) return controlFault(`${name} is a number`)
        data[name] = value
      }
      if (body.vatNumbers !== undefined) {
        if (!isTexts(body.vatNumbers)) return controlFault('vatNumbers is a list of texts')
        data.vatNumbers = body.vatNumbers
      }
      state.data = data
      state.dataJournal.append(data, { isDurable: true })
      state.books.replace(data)
      return { status: 200, body: described(state) }
    },

    'POST reset': () => {
      issuer.reset()
      state.limits.reset()
      state.ledger.clear()
      state.faults.clear()
      state.heavyRows = null
      return { status: 200, body: {} }
    },
  }
}

const described = ({ data, books }: EmulatorState) => ({
  ...data,
  companies: books.offices.map(({ code, name }) => ({ code, name })),
})
