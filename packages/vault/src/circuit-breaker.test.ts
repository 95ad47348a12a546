import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ManualClock } from '@sluis/shared'
import { CircuitBreaker } from './circuit-breaker.ts'

const open = () => {
  const clock = new ManualClock(0)
  const breaker = new CircuitBreaker(clock)
  for (let n = 0; n < 5; n++) breaker.failed('a')
  return { clock, breaker }
}

describe('the circuit breaker', () => {
  test('opens after five failures in a row, for one issuer', () => {
    const breaker = new CircuitBreaker(new ManualClock(0))
    for (let n = 0; n < 4; n++) breaker.failed('a')
    breaker.answered('a')
    for (let n = 0; n < 4; n++) breaker.failed('a')
    assert.equal(breaker.closedUntil('a'), null)
    breaker.failed('a')
    assert.equal(breaker.closedUntil('a'), 60_000)
    assert.equal(breaker.closedUntil('b'), null)
  })

  test('lets one probe through after its pause, and everybody once that was answered', () => {
    const { clock, breaker } = open()
    clock.advance(60_000)
    assert.equal(breaker.closedUntil('a'), null)
    assert.equal(breaker.closedUntil('a'), 120_000, 'the probe is on its way')
    breaker.answered('a')
    assert.equal(breaker.closedUntil('a'), null)
    assert.equal(breaker.closedUntil('a'), null)
  })

  test('doubles its pause with each probe that fails, to a quarter of an hour', () => {
    const { clock, breaker } = open()
    for (const minutes of [2, 4, 8, 15, 15]) {
      clock.advance(15 * 60_000)
      assert.equal(breaker.closedUntil('a'), null)
      breaker.failed('a')
      assert.equal(breaker.closedUntil('a'), clock.now() + minutes * 60_000)
    }
  })

  test('takes late failures of requests that were on their way for nothing new', () => {
    const { clock, breaker } = open()
    clock.advance(59_000)
    breaker.failed('a')
    assert.equal(breaker.closedUntil('a'), 60_000)
  })

  test('lets another probe go when the first found nothing to do', () => {
    const { clock, breaker } = open()
    clock.advance(60_000)
    assert.equal(breaker.closedUntil('a'), null)
    breaker.untried('a')
    assert.equal(breaker.closedUntil('a'), null)
  })
})
