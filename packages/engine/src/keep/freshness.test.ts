import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshnessOf, parseCacheControl } from './freshness.ts'

test('a request says what is kept and used; what it does not say the database does; else nothing is kept', () => {
  const cases: readonly (readonly [string | undefined, number | null, number | null, boolean, boolean])[] = [
    // header, database's maximum age → maximum age used, is kept, is only kept
    [undefined, null, null, false, false],
    [undefined, 300, 300, true, false],
    ['max-age=60', null, 60, true, false],
    ['max-age=60', 300, 60, true, false],
    ['max-age=0', 300, null, false, false],
    ['no-cache', 300, null, true, false],
    ['no-cache', null, null, false, false],
    ['no-store', 300, null, false, false],
    ['no-store, max-age=60', 300, null, false, false],
    ['only-if-cached, max-age=60', null, 60, true, true],
    ['only-if-cached', 300, 300, true, true],
    [' MAX-AGE="90" , no-transform, x=1', null, 90, true, false],
    ['max-age=99999999999', null, 604_800, true, false],
  ]
  for (const [header, database, maxAgeSeconds, isKept, isOnlyKept] of cases) {
    const wish = parseCacheControl(header)
    assert.ok(wish, String(header))
    assert.deepEqual(
      freshnessOf(wish, database),
      { maxAgeSeconds, isKept, isOnlyKept },
      `${header}, ${database}`,
    )
  }
  for (const wrong of ['max-age', 'max-age=', 'max-age=soon', 'max-age=-1', 'max-age=1.5']) {
    assert.equal(parseCacheControl(wrong), null, wrong)
  }
})
