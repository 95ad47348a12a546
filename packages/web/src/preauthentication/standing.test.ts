import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preauthentication } from '../api/consents.ts'
import { standingOf } from './standing.ts'

const asked = (part: Partial<Preauthentication>): Preauthentication => ({
  id: 'pre_1',
  state: 'done',
  platform: 'exact-online',
  region: 'nl',
  clientId: 'app',
  redirectUri: 'https://partner.example/cb',
  returnsBy: 'redirect',
  output: 'grant',
  scopes: null,
  label: null,
  externalId: null,
  grant: null,
  resultUntil: null,
  problem: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:30:00.000Z',
  ...part,
})
const databases = (grant: string) => (grant === 'grt_read' ? ['books'] : [])

for (const [part, standing] of [
  [{ state: 'waiting' }, 'waiting'],
  [{ state: 'exchanging', grant: 'grt_new' }, 'exchanging'],
  [{ state: 'refused' }, 'refused'],
  [{ state: 'expired' }, 'expired'],
  [{ state: 'shown', output: 'tokens' }, 'shown'],
  [{ grant: 'grt_new' }, 'consented'],
  [{ grant: 'grt_read' }, 'registered'],
  [{ output: 'tokens', resultUntil: '2026-01-01T00:10:00.000Z' }, 'made'],
  // Made for elsewhere, but the user had a grant here, which the new pair renewed.
  [{ output: 'tokens', grant: 'grt_read' }, 'registered'],
  [{ output: 'code' }, 'expired'],
] as const) {
  test(`${JSON.stringify(part)} is ${standing}`, () => {
    assert.equal(standingOf(asked(part), databases), standing)
  })
}
