import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planRound } from './round-plan.ts'
import { runNemesis } from './run-nemesis.ts'

test('the same seed gives the same round, another seed another', () => {
  assert.deepEqual(planRound(7, 3, 3), planRound(7, 3, 3))
  assert.notDeepEqual(planRound(7, 3, 3), planRound(8, 3, 3))
})

test('two servers live through a round of blows without losing or double-spending a chain', async () => {
  // The long form is `npm run nemesis`; this one shows in every test run that it still runs, and judges. Twice as slow
  // as that, so that a busy machine is not taken for a lost token.
  const summary = await runNemesis({ seed: 5, from: 1, rounds: 1, scale: 0.02, servers: 2 })
  assert.deepEqual(summary.violations, [])
  assert.ok(summary.spends > 0 && summary.leases > 0, JSON.stringify(summary))
})
