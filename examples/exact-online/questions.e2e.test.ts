import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openQueryLab, type QueryLab } from '@sluis/server/testing'
import { compareCalls, openHandWritten } from './compare-calls.ts'
import { handWritten } from './hand-written.ts'
import type { HandWrittenClient } from './hand-written-client.ts'
import { questions } from './questions.ts'

// What accountants and partners ask, over two companies: each answer is right, and costs no more calls than a program
// that somebody wrote for that one question.

let lab: QueryLab
let newClient: () => HandWrittenClient

before(async () => {
  lab = await openQueryLab({ divisions: 2, scale: 0.5 })
  newClient = await openHandWritten(lab)
  // Which companies there are is asked once per consent, not per question.
  await lab.run(lab.planned, { sql: 'SELECT Code FROM vat.VATCodes' })
})
after(() => lab.close())

/** Sums of floating-point numbers depend on the order of the rows in their last digits. */
const rounded = (rows: readonly (readonly unknown[])[]) =>
  rows.map((row) => row.map((cell) => (typeof cell === 'number' ? Number(cell.toPrecision(12)) : cell)))

describe('every question', () => {
  for (const question of questions()) {
    test(question.question, async () => {
      const { answer, first, again, byHand } = await compareCalls(lab, newClient, question)
      const whole = await lab.run(lab.whole, { sql: question.sql })
      assert.deepEqual(
        rounded(answer.rows),
        rounded(whole.rows),
        'the answer over tables that were read whole',
      )
      assert.ok(answer.rows.length > 0, 'the answer is not empty')
      assert.equal(answer.stats.apiCalls, first, 'the calls that the answer tells of')
      assert.ok(first <= byHand, `${first} calls the first time, ${byHand} by hand`)
      assert.ok(again <= byHand, `${again} calls the second time, ${byHand} by hand`)
      assert.ok(
        first <= question.mostCalls,
        `${first} calls, where the file says at most ${question.mostCalls}`,
      )
    })
  }
})

test('there are at least sixty questions, each written down by hand as well', () => {
  const names = questions().map(({ name }) => name)
  assert.ok(names.length >= 60)
  assert.deepEqual(names, Object.keys(handWritten))
})
