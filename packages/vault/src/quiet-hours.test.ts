import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { quietUntil } from './quiet-hours.ts'

const hours = { timeZone: 'Europe/Amsterdam', from: '00:30', to: '02:30' }
const until = (at: string) => {
  const end = quietUntil(hours, Date.parse(at))
  return end === null ? null : new Date(end).toISOString()
}

describe('quiet hours', () => {
  for (const [name, at, end] of [
    ['begin at 00:30 in winter', '2026-01-10T23:30:00Z', '2026-01-11T01:30:00.000Z'],
    ['have not begun a second before', '2026-01-10T23:29:59Z', null],
    ['end at 02:30 in winter', '2026-01-11T01:30:00Z', null],
    ['last until then', '2026-01-11T01:29:59Z', '2026-01-11T01:30:00.000Z'],
    ['begin an hour sooner in UTC in summer', '2026-07-10T22:45:10Z', '2026-07-11T00:30:00.000Z'],
    ['are over in summer', '2026-07-11T00:30:00Z', null],
    // 02:00 becomes 03:00: the hours end where 02:30 would have been.
    ['in the night that has no 02:30', '2026-03-29T00:59:00Z', '2026-03-29T01:30:00.000Z'],
    // 03:00 becomes 02:00: 02:10 comes twice, and the second one is quiet too.
    ['in the night that has 02:10 twice, first', '2026-10-25T00:10:00Z', '2026-10-25T00:30:00.000Z'],
    ['in the night that has 02:10 twice, again', '2026-10-25T01:10:00Z', '2026-10-25T01:30:00.000Z'],
  ] as const) {
    test(name, () => assert.equal(until(at), end))
  }
})
