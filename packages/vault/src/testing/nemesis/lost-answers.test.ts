import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LedgerEntry } from '../issuer/ledger-issuer.ts'
import { wasLost } from './lost-answers.ts'

const answered: LedgerEntry = {
  at: 0,
  chain: 7,
  generation: 3,
  outcome: 'rotated',
  gave: 4,
  sender: 's1',
  deliveredAt: 100_000,
}
const hungUp = { sender: 's1', chain: 7, generation: 3, at: 99_000 }

describe('an answer with tokens', () => {
  for (const [what, entry, losses, kills, isLost] of [
    ['that was read is not lost', answered, [], [], false],
    ['that never left the issuer is lost', { ...answered, deliveredAt: null }, [], [], true],
    ['whose receiver had hung up before it came is lost', answered, [hungUp], [], true],
    [
      'that lay in the socket for a minute when its receiver hung up is not',
      answered,
      [{ ...hungUp, at: 160_000 }],
      [],
      false,
    ],
    ['is not lost because another server hung up', answered, [{ ...hungUp, sender: 's2' }], [], false],
    ['is not lost because that of another chain was', answered, [{ ...hungUp, chain: 8 }], [], false],
    [
      'is not lost because that of another generation was',
      answered,
      [{ ...hungUp, generation: 2 }],
      [],
      false,
    ],
    ['whose receiver was killed as it came is lost', answered, [], [{ name: 's1', at: 100_200 }], true],
    ['whose receiver was killed a minute later is not', answered, [], [{ name: 's1', at: 160_000 }], false],
    [
      'is the only one that counts: a refusal loses nothing',
      { ...answered, gave: null, deliveredAt: null },
      [],
      [],
      false,
    ],
  ] as const) {
    test(what, () => {
      assert.equal(wasLost([entry], losses, kills), isLost)
    })
  }
})
