import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSluisError } from '@sluis/shared'
import { readServerOptions } from './server-options.ts'

const faultsOf = (env: Record<string, string>): unknown => {
  try {
    readServerOptions(env)
    return []
  } catch (error) {
    return isSluisError(error) ? error.details?.faults : error
  }
}
const whole = {
  SLUIS_PUBLIC_URL: 'https://sluis.example',
  SLUIS_OIDC_ISSUER: 'https://login.example/tenant',
  SLUIS_OIDC_CLIENT_ID: 'sluis',
  SLUIS_OIDC_CLIENT_SECRET: 'canary-oidc-secret',
}

test('single sign-on is whole or not there, over https, and knows its own address', () => {
  assert.equal(readServerOptions({}).singleSignOn, null)
  assert.deepEqual(readServerOptions(whole).singleSignOn, {
    issuer: 'https://login.example/tenant',
    clientId: 'sluis',
    clientSecret: 'canary-oidc-secret',
    name: 'login.example',
  })
  const { SLUIS_PUBLIC_URL: _, ...nowhere } = whole
  assert.deepEqual(faultsOf(nowhere), ['SLUIS_OIDC_ISSUER needs SLUIS_PUBLIC_URL'])
  assert.deepEqual(faultsOf({ SLUIS_OIDC_CLIENT_SECRET: 'canary-oidc-secret' }), [
    'SLUIS_OIDC_ISSUER, SLUIS_OIDC_CLIENT_ID and SLUIS_OIDC_CLIENT_SECRET are needed together',
  ])
  const plain = faultsOf({ ...whole, SLUIS_OIDC_ISSUER: 'http://login.example' })
  assert.match(String(plain), /SLUIS_OIDC_ISSUER .*https/)
})
