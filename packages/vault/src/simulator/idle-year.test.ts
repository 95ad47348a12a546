import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idleIssuerNames, idleIssuers } from './idle-issuers.ts'
import { simulateIdleYear } from './idle-year.ts'

const dayMs = 86_400_000

test('two thousand grants that nobody uses live through sixty days, spread over the hours', async () => {
  const { tallies, notActive, events, outages } = await simulateIdleYear({ seed: 3, grants: 2000, days: 60 })
  assert.equal(notActive, 0)
  assert.ok(outages > 2, `${outages} outages`)
  // Nothing was warned of, was lost or asked for consent: each grant went on, or was left as it was by an outage.
  const { 'grant.refreshed': refreshed, 'grant.active': untouched, ...others } = events
  assert.deepEqual(others, {})
  assert.equal(
    refreshed,
    idleIssuerNames.reduce((sum, name) => sum + tallies[name].spends, 0),
  )
  assert.equal(
    untouched,
    idleIssuerNames.reduce((sum, name) => sum + tallies[name].unanswered, 0),
  )
  for (const name of idleIssuerNames) {
    const { grants, spends, refused, oldestMs, mostAnHour, mostAtOnce, unanswered } = tallies[name]
    const idleDays = idleIssuers[name].policy.refreshIdleSeconds / 86_400
    const told = `${name}: ${JSON.stringify(tallies[name])}`
    assert.equal(refused, 0, told)
    // A quarter of the idle life, and the night or the ten hours for which the issuer was down.
    assert.ok(oldestMs < (idleDays / 4 + 0.6) * dayMs, told)
    const rounds = Math.floor(60 / (idleDays / 4))
    assert.ok(spends >= rounds * grants && spends < (rounds + 2) * grants, told)
    assert.ok(mostAnHour < grants / 5, told)
    // Eight lanes in each of two servers.
    assert.ok(mostAtOnce > 1 && mostAtOnce <= 16, told)
    assert.ok(unanswered < 400, told)
  }
})
