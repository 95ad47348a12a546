import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { must } from '@sluis/shared'
import { startTwinfieldEmulator } from './index.ts'
import { app } from './wire-rules/lab.ts'

test('with a home everything that was answered for is still true after a restart', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sluis-twinfield-'))
  let one = await startTwinfieldEmulator({ home })
  const at = async (path: string, body?: object) => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    return (await (await fetch(`${one.url}/_control/${path}`, init)).json()) as Record<string, string>
  }
  const exchange = async (fields: Record<string, string>) => {
    const credentials = { client_id: app.clientId, client_secret: app.clientSecret }
    const body = new URLSearchParams({ ...fields, ...credentials })
    const answer = await fetch(`${one.url}/auth/authentication/connect/token`, { method: 'POST', body })
    return (await answer.json()) as Record<string, string>
  }
  const validate = async (access: string) =>
    (
      await fetch(`${one.url}/auth/authentication/connect/accesstokenvalidation?token=${access}`)
    ).json() as Promise<Record<string, string>>
  try {
    await at('apps', app)
    await at('clock', { advanceSeconds: 86_400 })
    await at('clusters', { cluster: 'c7' })
    await at('data', { offices: 3, vatNumbers: ['NL1'] })
    const { code = '' } = await at('consents', { clientId: app.clientId, user: 'anna' })
    const { code: unspent = '' } = await at('consents', { clientId: app.clientId, user: 'anna' })
    const redirect = { grant_type: 'authorization_code', redirect_uri: must(app.redirectUris[0]) }
    const pair = await exchange({ ...redirect, code })
    const gone = await at('consents', { clientId: app.clientId, user: 'bram' })
    const other = await exchange({ ...redirect, code: gone.code ?? '' })
    await at('revocations', { clientId: app.clientId, user: 'bram' })
    const before = [await at('data'), (await at('ledger')).totals]
    const { now } = await at('clock')
    await one.close()

    one = await startTwinfieldEmulator({ home })
    assert.deepEqual([await at('data'), (await at('ledger')).totals], before)
    assert.ok(Number((await at('clock')).now) >= Number(now))
    assert.equal((await validate(must(pair.access_token)))['twf.clusterUrl'], `${one.url}/c7`)
    assert.equal((await validate(must(other.access_token))).Message, 'invalid_token')
    const refreshed = (refresh_token = '') => exchange({ grant_type: 'refresh_token', refresh_token })
    assert.equal((await refreshed(pair.refresh_token)).refresh_token, pair.refresh_token)
    assert.equal((await refreshed(other.refresh_token)).error, 'invalid_grant')
    assert.equal((await exchange({ ...redirect, code })).error, 'invalid_grant')
    assert.equal((await exchange({ ...redirect, code: unspent })).refresh_token, pair.refresh_token)
  } finally {
    await one.close()
    rmSync(home, { recursive: true, force: true })
  }
})
