import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactOnlineOAuth, regionsFromFile } from '@sluis/platforms'
import { newId, type OrganisationId, PlainSecret, type SendRequest } from '@sluis/shared'
import { VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock } = lab
const [day, hour] = [86_400_000, 3_600_000]
const grants = 1000
/** Each is an issuer of its own, with its own lanes. */
const regions = ['nl', 'be', 'de', 'uk']

/** An issuer in memory that takes each refresh token once and no sooner than after 570 s, and counts what it saw. */
const strictIssuer = () => {
  const living = new Map<string, { readonly user: number; readonly issuedAt: number }>()
  const seen = { spent: 0, refused: 0, anHour: new Map<number, number>() }
  const answer = (status: number, body: object) => ({
    status,
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
  })
  const tokensOf = (user: number, generation: number) => {
    living.set(`refresh!${user}.${generation}`, { user, issuedAt: clock.now() })
    return {
      access_token: `access.${user}.${generation}`,
      refresh_token: `refresh!${user}.${generation}`,
      expires_in: '600',
    }
  }
  const send: SendRequest = async ({ method, headers, body = '' }, { onSent }) => {
    onSent?.()
    if (method === 'GET') {
      const user = Number(String(headers.authorization).split('.')[1])
      const id = `00000000-0000-4000-8000-${user.toString(16).padStart(12, '0')}`
      const me = { UserID: id, FullName: `User ${user}`, UserName: `user${user}`, CurrentDivision: 1 }
      return answer(200, { d: { results: [me] } })
    }
    const token = new URLSearchParams(body).get('refresh_token') ?? ''
    const known = living.get(token)
    if (known === undefined || clock.now() < known.issuedAt + 570_000) {
      seen.refused++
      return answer(401, { error: 'unauthorized_client', error_description: 'Old refresh token used.' })
    }
    living.delete(token)
    seen.spent++
    const at = Math.floor(clock.now() / hour)
    seen.anHour.set(at, (seen.anHour.get(at) ?? 0) + 1)
    return answer(200, tokensOf(known.user, Number(token.split('.')[1]) + 1))
  }
  return { send, seen, tokensOf }
}

test('a thousand grants that nobody uses are kept alive for sixty days, and none is ever older than eight', async () => {
  const { send, seen, tokensOf } = strictIssuer()
  const baseUrl = (region: string) => ({ label: region, baseUrl: `https://${region}.issuer.example` })
  const known = regionsFromFile({
    'exact-online': Object.fromEntries(regions.map((region) => [region, baseUrl(region)])),
  })
  const platform = exactOnlineOAuth(known.get('exact-online') ?? new Map())
  const vault = await lab.open({ send, platform })
  // Of twenty organisations, all handed over in one evening.
  const organisations = Array.from({ length: 20 }, (_, n) => newId('org', n) as OrganisationId)
  await Promise.all(
    Array.from({ length: grants }, (_, n) => {
      const { access_token, refresh_token } = tokensOf(n, 1)
      const accessToken = new PlainSecret(access_token)
      const refreshToken = new PlainSecret(refresh_token)
      const change = {
        organisationId: organisations[n % organisations.length] as OrganisationId,
        region: regions[n % regions.length] as string,
      }
      return vault.handOver(lab.handover({ kind: 'tokens', accessToken, refreshToken }, change))
    }),
  )
  const begun = clock.now()
  let oldest = 0
  while (clock.now() < begun + 60 * day) {
    clock.advance(4 * hour)
    // The product looks every second: whatever is due by now is done by now.
    for (let before = -1; seen.spent > before; ) {
      before = seen.spent
      await vault.tick()
    }
    const { rows } = await lab.store.pool.query(
      `SELECT count(*) AS n, min(received_at) AS oldest FROM token_grant WHERE state = 'active'`,
    )
    assert.equal(rows[0].n, grants)
    oldest = Math.max(oldest, clock.now() - rows[0].oldest)
  }
  assert.ok(oldest < 8 * day, `${oldest / day} days`)
  assert.equal(seen.refused, 0)
  // Once soon after the handover, and then every seven days or so.
  assert.ok(seen.spent >= 8 * grants && seen.spent <= 10 * grants, `${seen.spent} spends`)
  // The first spend proves what was handed over and is every grant's at once; after it they drift apart, until a night in
  // which nothing is asked brings eight hours together.
  const [, ...later] = [...seen.anHour.values()]
  assert.ok(Math.max(...later) < 0.5 * grants, `${Math.max(...later)} in one look`)
})
