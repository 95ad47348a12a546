import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { app, type Lab, redirectUri } from './lab.ts'

export function logInRules(lab: Lab): void {
  const { consent, control, token } = lab
  describe('log-in (wire facts § 1)', () => {
    test('authorize demands a nonce, echoes the state, and its code works once (§ 1.2)', async () => {
      const asked = {
        client_id: 'cid',
        redirect_uri: must(app.redirectUris[0]),
        response_type: 'code',
        scope: 'openid twf.organisationUser',
        state: 'st',
      }
      const without = await fetch(`${lab.connect}/authorize?${new URLSearchParams(asked)}`)
      assert.equal(without.status, 400)
      const form = new URLSearchParams({ ...asked, nonce: 'n1', user: 'bram', decision: 'yes' })
      const answer = await fetch(`${lab.connect}/authorize`, {
        method: 'POST',
        body: form,
        redirect: 'manual',
      })
      const back = new URL(must(answer.headers.get('location')))
      assert.equal(back.searchParams.get('state'), 'st')
      const fields = {
        grant_type: 'authorization_code',
        code: must(back.searchParams.get('code')),
        redirect_uri: asked.redirect_uri,
      }
      const first = await token(fields)
      assert.equal(first.status, 200)
      const claims = JSON.parse(Buffer.from(must(first.body.id_token?.split('.')[1]), 'base64url').toString())
      assert.equal(claims.nonce, 'n1')
      assert.equal(first.body.refresh_token, undefined, 'offline_access was not asked')
      assert.deepEqual(await token(fields), { status: 400, body: { error: 'invalid_grant' } })
    })
    test('a refusal goes back as access_denied', async () => {
      const form = new URLSearchParams({
        client_id: 'cid',
        redirect_uri: must(app.redirectUris[0]),
        response_type: 'code',
        scope: 'openid',
        nonce: 'n',
        decision: 'no',
      })
      const answer = await fetch(`${lab.connect}/authorize`, {
        method: 'POST',
        body: form,
        redirect: 'manual',
      })
      assert.match(must(answer.headers.get('location')), /error=access_denied/)
    })
    test('the refresh token works any number of times and is repeated (§ 1.3)', async () => {
      const { refresh, access } = await consent()
      for (let at = 0; at < 3; at++) {
        const { body } = await token({ grant_type: 'refresh_token', refresh_token: refresh })
        assert.equal(body.refresh_token, refresh)
        assert.notEqual(body.access_token, access)
      }
      assert.match(access, /^[0-9a-f]{32}$/)
    })
    test('errors: invalid_client, unauthorized_client, invalid_grant (§ 1.3)', async () => {
      const { refresh } = await consent()
      const asked = { grant_type: 'refresh_token', refresh_token: refresh }
      assert.equal((await token(asked, 'cid:wrong')).body.error, 'invalid_client')
      assert.equal((await token({ grant_type: 'password' })).body.error, 'unauthorized_client')
      assert.equal((await token({ ...asked, refresh_token: 'x' })).body.error, 'invalid_grant')
    })
    test('an old code is refused, revocation and a new secret end the refresh token', async () => {
      const { code } = await control('consents', { clientId: 'cid', user: 'late' })
      await control('clock', { advanceSeconds: 121 })
      assert.equal(
        (await token({ grant_type: 'authorization_code', code, redirect_uri: must(app.redirectUris[0]) }))
          .body.error,
        'invalid_grant',
      )
      const { refresh } = await consent('carla')
      await control('revocations', { clientId: 'cid', user: 'carla' })
      assert.equal(
        (await token({ grant_type: 'refresh_token', refresh_token: refresh })).body.error,
        'invalid_grant',
      )
      const again = await consent('carla')
      await control('apps', { ...app, clientSecret: 'new' })
      assert.equal(
        (await token({ grant_type: 'refresh_token', refresh_token: again.refresh }, 'cid:new')).body.error,
        'invalid_grant',
      )
      await control('apps', app)
    })
    test('validation names the cluster, only with the scope; times are texts (§ 1.4)', async () => {
      const validate = async (access: string) => {
        const answer = await fetch(`${lab.connect}/accesstokenvalidation?token=${access}`)
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
      }
      const full = await validate((await consent()).access)
      assert.equal(full.body['twf.clusterUrl'], `${lab.url}/c1`)
      assert.equal(typeof full.body.exp, 'string')
      const less = await validate((await consent('dirk', ['openid', 'twf.organisationUser'])).access)
      assert.equal('twf.clusterUrl' in less.body, false)
      const bad = await validate('nonsense')
      assert.equal(bad.status, 400)
      assert.ok('Message' in bad.body)
    })
    test('credentials in Basic or in the body; PKCE and unknown parameters are not looked at (§ 1.2, § 1.3, § 7.4)', async () => {
      const asked = {
        ...{ client_id: 'cid', redirect_uri: redirectUri, response_type: 'code', nonce: 'n' },
        ...{ scope: 'openid+offline_access', code_challenge: 'x', code_challenge_method: 'S256' },
        ...{ approval_prompt: 'force', user: 'bram', decision: 'yes' },
      }
      const code = async () => {
        const form = new URLSearchParams(asked)
        const answer = await fetch(`${lab.connect}/authorize`, {
          method: 'POST',
          body: form,
          redirect: 'manual',
        })
        return new URL(must(answer.headers.get('location'))).searchParams.get('code') ?? ''
      }
      const fields = { grant_type: 'authorization_code', redirect_uri: redirectUri, approval_prompt: 'force' }
      const own = { client_id: app.clientId, client_secret: app.clientSecret }
      const inBody = await token({ ...fields, ...own, code: await code() }, null)
      const inBasic = await token({ ...fields, code: await code(), code_verifier: 'wrong' })
      assert.deepEqual([inBody.status, inBasic.status], [200, 200])
      assert.equal(inBody.body.expires_in, 3600)
      assert.equal(inBody.body.token_type, 'Bearer')
      const refreshed = await token({
        ...{ grant_type: 'refresh_token', refresh_token: must(inBody.body.refresh_token) },
        redirect_uri: 'https://somewhere.else.example',
      })
      assert.equal(refreshed.status, 200)
    })
    test('another redirect address, response type or client is told on the page and sent nowhere (§ 1.1)', async () => {
      const good = {
        ...{
          client_id: 'cid',
          redirect_uri: redirectUri,
          response_type: 'code',
          scope: 'openid',
          nonce: 'n',
        },
        ...{ user: 'bram', decision: 'yes' },
      }
      for (const wrong of [
        { redirect_uri: `${redirectUri}/` },
        { response_type: 'id_token token' },
        { client_id: 'nobody' },
        { scope: '' },
      ]) {
        const body = new URLSearchParams({ ...good, ...wrong })
        const answer = await fetch(`${lab.connect}/authorize`, { method: 'POST', body, redirect: 'manual' })
        assert.equal(answer.status, 400, JSON.stringify(wrong))
        assert.equal(answer.headers.get('location'), null)
      }
    })
    test('how long a code lives may be ordered, and its redirect address must be the same (§ 1.2)', async () => {
      const slow = { ...app, clientId: 'slow', clientSecret: 'x', flags: { codeSeconds: 300 } }
      await control('apps', slow)
      const codeOf = async () => (await control('consents', { clientId: 'slow', user: 'f' })).code as string
      const exchange = (code: string, uri = redirectUri) =>
        token({ grant_type: 'authorization_code', code, redirect_uri: uri }, 'slow:x')
      const [early, late, other] = [await codeOf(), await codeOf(), await codeOf()]
      assert.equal((await exchange(other, 'https://partner.example/other')).body.error, 'invalid_grant')
      await control('clock', { advanceSeconds: 299 })
      assert.equal((await exchange(early)).status, 200)
      await control('clock', { advanceSeconds: 2 })
      assert.equal((await exchange(late)).body.error, 'invalid_grant')
    })
    test('an app’s access tokens may be long signed ones; nothing else is different (§ 1.1)', async () => {
      const jwt = { ...app, clientId: 'jwt', clientSecret: 'x', flags: { jwt: true } }
      await control('apps', jwt)
      const { access } = await consent('anna', undefined, jwt)
      assert.match(access, /^[\w-]+\.[\w-]+\.[\w-]+$/)
      assert.equal((await lab.process('<list><type>offices</type></list>', { access })).status, 200)
    })
    test('which claims there are follows the scopes, with Basic or without (§ 1.2, § 1.4)', async () => {
      const claims = async (scopes: readonly string[], headers: Record<string, string> = {}) => {
        const { access } = await consent('dirk', scopes)
        const answer = await fetch(`${lab.connect}/accesstokenvalidation?token=${access}`, { headers })
        const body = (await answer.json()) as Record<string, unknown>
        return Object.keys(body)
          .filter((name) => name.startsWith('twf.'))
          .sort()
      }
      assert.deepEqual(await claims(['openid']), [])
      assert.deepEqual(await claims(['openid', 'twf.organisationUser']), ['twf.organisationUserCode'])
      assert.deepEqual(await claims(['openid', 'twf.user']), [
        ...['twf.id', 'twf.organisationId', 'twf.organisationUserCode'],
      ])
      const basic = `Basic ${Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64')}`
      assert.deepEqual(await claims(['openid', 'twf.organisation'], { authorization: basic }), [
        ...['twf.clusterUrl', 'twf.organisationCode', 'twf.organisationId'],
      ])
    })
    test('the cluster may be another one at the next validation (§ 1.4, § 7.9)', async () => {
      const { access } = await consent()
      const cluster = async () => {
        const answer = await fetch(`${lab.connect}/accesstokenvalidation?token=${access}`)
        return ((await answer.json()) as Record<string, string>)['twf.clusterUrl']
      }
      assert.equal(await cluster(), `${lab.url}/c1`)
      await control('clusters', { cluster: 'c2' })
      assert.equal(await cluster(), `${lab.url}/c2`)
      await control('clusters', { cluster: 'c1' })
    })
  })
}
