import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSluisError } from '@sluis/shared'
import { regionsFromFile } from './regions-file.ts'

test('an operator region may be plain http on loopback and pins its own origin', () => {
  const regions = regionsFromFile({
    'exact-online': { lab: { label: 'Lab', baseUrl: 'http://127.0.0.1:4010/eol/' } },
  })
  assert.deepEqual(regions.get('exact-online')?.get('lab'), {
    id: 'lab',
    label: 'Lab',
    baseUrl: 'http://127.0.0.1:4010/eol',
    pinnedOrigins: ['http://127.0.0.1:4010'],
    isOperators: true,
  })
})

test('an empty file adds nothing', () => {
  assert.equal(regionsFromFile({}).size, 0)
})

const lab = (region: unknown) => ({ 'exact-online': { lab: region } })
const faults: readonly (readonly [string, unknown, RegExp])[] = [
  ['no object', 'text', /the file/],
  ['an unknown platform', { exakt: {} }, /exakt/],
  [
    'a region id with capitals',
    { 'exact-online': { Lab: { label: 'L', baseUrl: 'http://x' } } },
    /exact-online\.Lab/,
  ],
  ['no label', lab({ baseUrl: 'http://x' }), /exact-online\.lab\.label/],
  ['an unknown member', lab({ label: 'L', baseUrl: 'http://x', pinned: [] }), /pinned/],
  ['a relative address', lab({ label: 'L', baseUrl: '/api' }), /lab\.baseUrl: is not an absolute address/],
  ['another scheme', lab({ label: 'L', baseUrl: 'ftp://x' }), /must begin with http/],
  ['credentials in the address', lab({ label: 'L', baseUrl: 'http://a:b@x' }), /user name or password/],
  ['a query in the address', lab({ label: 'L', baseUrl: 'http://x/?a' }), /query/],
]
for (const [name, json, words] of faults) {
  test(`a regions file with ${name} is refused by name`, () => {
    assert.throws(
      () => regionsFromFile(json),
      (error) =>
        isSluisError(error, 'OPTIONS_INVALID') && words.test(error.message) && error.hint !== undefined,
    )
  })
}

test('every fault of a file is told at once', () => {
  assert.throws(
    () =>
      regionsFromFile({
        'exact-online': { a: { label: '', baseUrl: 'x' }, b: { label: 'B', baseUrl: 'ftp://b' } },
      }),
    (error) =>
      isSluisError(error) && Array.isArray(error.details.faults) && error.details.faults.length === 3,
  )
})
