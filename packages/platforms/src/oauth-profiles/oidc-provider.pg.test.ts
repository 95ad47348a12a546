import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  isSluisError,
  must,
  newId,
  type OrganisationId,
  PlainSecret,
  silentLog,
  systemClock,
  systemRandom,
} from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'
import { createVault, loadOrCreateKek, type Vault } from '@sluis/vault'
import { fetchSend } from '@sluis/vault/testing'
import { type OpenIdProvider, openOpenIdProvider } from '../../../../scripts/testing/openid-provider.ts'
import { oauthPlatforms } from '../oauth-platforms.ts'
import { regionsFromFile } from '../regions-file.ts'

// Against a certified OpenID provider that nobody here wrote, at the addresses of a profile that speaks that standard:
// PKCE, nonce, iss in the callback, Basic with characters that must be encoded, rotation, revocation.

const organisationId = newId('org', 1) as OrganisationId
const redirectUri = 'https://sluis.example/app/consent/return'
const folder = mkdtempSync(join(tmpdir(), 'sluis-oidc-'))
const browser = new PlainSecret('b'.repeat(43))

let provider: OpenIdProvider
let client: OpenIdProvider['client']
let store: Awaited<ReturnType<typeof openTestStore>>
let vault: Vault
before(async () => {
  provider = await openOpenIdProvider(redirectUri, {
    grantTypes: ['authorization_code', 'refresh_token'],
    settings: {
      routes: {
        authorization: '/connect/authorize',
        token: '/connect/token',
        userinfo: '/connect/userinfo',
        revocation: '/connect/revocation',
      },
      features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
      scopes: ['openid', 'offline_access', 'vismanet_erp_interactive_api:read'],
      rotateRefreshToken: () => true,
      // As the platform that the profile is of: what is asked is given, also without a prompt.
      issueRefreshToken: async () => true,
      ttl: { AccessToken: 3600, AuthorizationCode: 60, RefreshToken: 86_400 },
    },
  })
  const { url } = provider
  client = provider.client
  store = await openTestStore()
  const lab = { lab: { label: 'Lab', baseUrl: url } }
  vault = await createVault({
    store,
    platforms: oauthPlatforms(regionsFromFile({ 'visma-net': lab })),
    send: fetchSend,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    kek: loadOrCreateKek(join(folder, 'kek'), systemRandom),
    spoolFolder: join(folder, 'spool'),
    tokenTimeoutMs: 20_000,
  })
})
after(async () => {
  await vault?.stop()
  await store?.close()
  await provider?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What a browser does: follows addresses, keeps cookies, fills in the provider's own forms. */
async function consent(start: string, user: string): Promise<string> {
  const cookies = new Map<string, string>()
  const visit = async (url: string, form?: URLSearchParams) => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form ? { method: 'POST', body: form } : {}),
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return response
  }
  let at = start
  for (let steps = 0; steps < 20; steps++) {
    const response = await visit(at)
    const location = response.headers.get('location')
    if (location !== null) {
      at = new URL(location, at).href
      if (at.startsWith(redirectUri)) return at
      continue
    }
    const html = await response.text()
    const action = /<form[^>]*action="([^"]+)"/.exec(html)?.[1]
    assert.ok(action, `${response.status} ${html.slice(0, 500)}`)
    const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1] ?? ''
    const form = new URLSearchParams({
      prompt,
      ...(prompt === 'login' ? { login: user, password: 'any' } : {}),
    })
    const next = await visit(new URL(action, at).href, form)
    at = new URL(next.headers.get('location') ?? '', at).href
  }
  return at
}

async function begin(output: 'grant' | 'tokens' = 'grant'): Promise<string> {
  const begun = await vault.preauthentications.begin(
    organisationId,
    {
      platform: 'visma-net',
      region: 'lab',
      client: { clientId: client.clientId, clientSecret: new PlainSecret(client.clientSecret), redirectUri },
      output,
      isConfirmed: true,
    },
    'key_test',
    redirectUri,
  )
  return (await vault.preauthentications.start(begun.startSecret.reveal(), browser)).authorizeUrl
}
const grantOf = async (returned: string) => {
  const ended = await vault.consentEnds.returned(returned, browser)
  return vault.getGrant(organisationId, must(ended.grant, JSON.stringify(ended)))
}

test('a consent becomes a grant, which is refreshed again and again, and revoked', async () => {
  const returned = new URL(await consent(await begin(), 'anna'))
  assert.ok(returned.searchParams.get('iss'), 'the provider says who it is')
  const grant = await grantOf(returned.href)
  assert.deepEqual([grant.state, grant.platformUser?.id], ['active', 'anna'], JSON.stringify(grant))
  for (const generation of [3, 4]) {
    assert.equal((await vault.refresh(organisationId, grant.id)).generation, generation)
  }
  await vault.deleteGrant(organisationId, grant.id, { actor: 'key_test' })
  const { rows } = await store.pool.query(
    "SELECT count(*)::int AS n FROM audit_event WHERE action = 'grant.revoked'",
  )
  assert.equal(rows[0].n, 1)
})

test('a return that names another issuer is refused before the code goes anywhere', async () => {
  const returned = new URL(await consent(await begin(), 'bram'))
  const true_ = returned.searchParams.get('iss') ?? ''
  returned.searchParams.set('iss', 'https://evil.example')
  await assert.rejects(vault.consentEnds.returned(returned.href, browser), (error) =>
    isSluisError(error, 'CONSENT_REFUSED'),
  )
  returned.searchParams.set('iss', true_)
  assert.equal((await grantOf(returned.href)).state, 'active')
})

test('tokens whose ID token carries another nonce are refused as those of another consent', async () => {
  const asked = new URL(await begin())
  assert.ok(asked.searchParams.get('nonce'), 'a nonce is asked for')
  asked.searchParams.set('nonce', 'of-another-consent')
  const returned = await consent(asked.href, 'edith')
  await assert.rejects(
    vault.consentEnds.returned(returned, browser),
    (error) => isSluisError(error, 'HANDOVER_CODE_REFUSED') && /nonce/.test(error.message),
  )
})

test('an answer without an ID token is refused where the platform promises one', async () => {
  const asked = new URL(await begin())
  // The provider gives no ID token to who does not ask for `openid`: so looks a code of another request of the app.
  const scope = asked.searchParams.get('scope') ?? ''
  asked.searchParams.set('scope', scope.replace('openid ', ''))
  asked.searchParams.delete('nonce')
  const returned = await consent(asked.href, 'frits')
  await assert.rejects(
    vault.consentEnds.returned(returned, browser),
    (error) => isSluisError(error, 'HANDOVER_CODE_REFUSED') && /nonce/.test(error.message),
  )
})

test('a code of another consent does not pass: its challenge is not the one that was sent', async () => {
  const first = new URL(await consent(await begin(), 'carla'))
  const second = new URL(await consent(await begin(), 'carla'))
  second.searchParams.set('code', first.searchParams.get('code') ?? '')
  await assert.rejects(vault.consentEnds.returned(second.href, browser), (error) =>
    isSluisError(error, 'HANDOVER_CODE_REFUSED'),
  )
})

test('tokens for use elsewhere live there; one that was spent there is refused here as what it is', async () => {
  const returned = await consent(await begin('tokens'), 'dirk')
  const { id } = await vault.consentEnds.returned(returned, browser)
  const shown = await vault.consentEnds.show(organisationId, id, 'key_test')
  assert.ok(shown.kind === 'tokens' && shown.refreshToken !== null, JSON.stringify(shown))
  const platform = must(vault.platforms.get('visma-net'), 'visma-net')
  const region = must(platform.regions.get('lab'), 'lab')
  const refreshToken = new PlainSecret(shown.refreshToken)
  const own = { clientId: client.clientId, clientSecret: new PlainSecret(client.clientSecret), redirectUri }
  const spend = platform.tokenRequest(region, own, { kind: 'refresh', refreshToken })
  assert.equal((await fetchSend(spend, { timeoutMs: 10_000 })).status, 200)
  const late = { organisationId, platform: 'visma-net', region: 'lab', client: own }
  await assert.rejects(vault.handOver({ ...late, credentials: { kind: 'tokens', refreshToken } }), (error) =>
    isSluisError(error, 'HANDOVER_TOKEN_EXPIRED', 'HANDOVER_TOKEN_ALREADY_SPENT'),
  )
})
