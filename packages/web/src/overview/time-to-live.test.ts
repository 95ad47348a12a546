import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Grant } from '../api/answers.ts'
import { healthOf, timeToLive } from './time-to-live.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const inDays = (days: number) => new Date(now + days * 86_400_000).toISOString()
const grant = (part: Partial<Grant>) =>
  ({ state: 'active', accessToken: null, refreshToken: null, ...part }) as Grant
const refresh = (idleExpiresAt: string | null, absoluteExpiresAt: string | null = null) =>
  grant({ refreshToken: { held: true, idleExpiresAt, absoluteExpiresAt } })

test('a grant lives until the nearer of its ends', () => {
  assert.equal(timeToLive(refresh(inDays(30)), now), 'month')
  assert.equal(timeToLive(refresh(inDays(30), inDays(3)), now), 'week')
  assert.equal(timeToLive(refresh(inDays(0.5)), now), 'hours')
  assert.equal(timeToLive(refresh(inDays(-1)), now), 'ended')
  assert.equal(timeToLive(refresh(null), now), 'longer')
  assert.equal(timeToLive(grant({ accessToken: { expiresAt: inDays(0.001) } }), now), 'hours')
  assert.equal(timeToLive(grant({ accessToken: { expiresAt: inDays(-0.001) } }), now), 'ended')
  assert.equal(timeToLive({ ...refresh(inDays(30)), state: 'needs_consent' }, now), 'ended')
})

test('a database is as healthy as its worst grant', () => {
  const states = new Map<string, Grant['state']>([
    ['a', 'active'],
    ['b', 'ambiguous'],
    ['c', 'needs_consent'],
  ])
  assert.equal(healthOf(['a'], states), 'healthy')
  assert.equal(healthOf(['a', 'b'], states), 'uncertain')
  assert.equal(healthOf(['b', 'c'], states), 'broken')
  assert.equal(healthOf(['a', 'hidden'], states), 'unknown')
})
