import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brokenProtocols } from './broken-protocols.ts'
import { type IssuerName, issuerModels } from './issuers.ts'
import { prove, runSchedule } from './prove.ts'

const seed = 1

describe('the protocol under faults at every await', () => {
  for (const issuer of Object.keys(issuerModels) as IssuerName[]) {
    test(`spends nothing twice and loses nothing at an issuer that is ${issuer}`, async () => {
      const { violations, tally, schedules } = await prove({ seed, issuer, schedules: 300 })
      assert.deepEqual(violations, [])
      assert.equal(schedules, 300)
      // The schedules must have been in trouble, or this proves nothing.
      assert.ok((tally['issuer: refreshed'] ?? 0) > 200, JSON.stringify(tally))
      for (const fault of [
        'killed before',
        'killed after',
        'paused for',
        'network',
        'the database is down for',
        'the key service is away for',
      ]) {
        assert.ok((tally[`fault: ${fault}`] ?? 0) > 10, `${fault}: ${JSON.stringify(tally)}`)
      }
      if (issuer !== 'non-rotating') assert.ok((tally['grant.ambiguous'] ?? 0) > 10)
    })
  }

  test('one seed is one schedule, to the last step', async () => {
    const [first, again, other] = await Promise.all(
      [7, 7, 8].map(async (each) => (await runSchedule({ seed: each, isTraced: true })).scheduler.trace),
    )
    assert.deepEqual(again, first)
    assert.notDeepEqual(other, first)
  })
})

describe('a protocol', () => {
  for (const [name, broken] of Object.entries(brokenProtocols)) {
    test(`${name} is found out, and the schedule that shows it is made smaller`, async () => {
      const { violations, schedules } = await prove({ ...broken, seed, schedules: 600 })
      const [violation] = violations
      assert.ok(violation, `${schedules} schedules, and nobody noticed`)
      assert.match(
        violation.texts.join(),
        name === 'that saves after use'
          ? /was held|given out before/
          : /spent twice, and never declared ambiguous/,
      )
      const again = await runSchedule({
        ...broken,
        seed: violation.seed,
        spared: new Set(violation.spared),
      })
      assert.deepEqual(again.violations, violation.texts)
    })
  }
})
