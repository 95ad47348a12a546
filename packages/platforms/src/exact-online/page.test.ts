import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSluisError } from '@sluis/shared'
import fc from 'fast-check'
import { readCount, readPage } from './page.ts'

/** The rows as the engine takes them: the bytes of the range, parsed. */
function rowsOf(text: string): { rows: unknown; count: number | null; next: string | null } {
  const body = Buffer.from(text)
  const { start, end, rows, next } = readPage(body)
  return { rows: JSON.parse(body.subarray(start, end).toString()), count: rows, next }
}

const metadata = {
  uri: "https://start.exactonline.nl/api/v1/1/crm/Accounts(guid'0')",
  type: 'Exact.Web.Api.Models.Account',
}
const nextUrl = "https://start.exactonline.nl/api/v1/1/crm/Accounts?$select=ID&$skiptoken=guid'71b961de'"

const shapes: readonly (readonly [string, string, unknown[], string | null])[] = [
  [
    'a page with a next link',
    `{"d":{"results":[\r\n{"ID":1},{"ID":2}\r\n],"__next":"${nextUrl}"}}`,
    [{ ID: 1 }, { ID: 2 }],
    nextUrl,
  ],
  ['the last page', '{"d":{"results":[{"ID":1}]}}', [{ ID: 1 }], null],
  ['an empty page', '{"d":{"results":[\r\n\r\n]}}', [], null],
  ['a page cut by $top', '{"d":[\r\n{"ID":1}\r\n]}', [{ ID: 1 }], null],
  ['an empty page cut by $top', '{"d":[]}', [], null],
  ['a counted page', '{"d":{"__count":"123","results":[{"ID":1}],"__next":"x"}}', [{ ID: 1 }], 'x'],
  ['a count as a number', '{"d":{"__count":123,"results":[{"ID":1}]}}', [{ ID: 1 }], null],
  [
    'a page as WCF breaks its lines',
    '{\r\n"d" : {\r\n"results": [\r\n{\r\n"ID": 1\r\n}, {\r\n"ID": 2\r\n}\r\n], "__next": "x"\r\n}\r\n}\r\n',
    [{ ID: 1 }, { ID: 2 }],
    'x',
  ],
  ['a byte order mark', '\ufeff{"d":[{"ID":1}]}', [{ ID: 1 }], null],
  [
    'escaped slashes in the next link',
    '{"d":{"results":[],"__next":"https:\\/\\/x\\/\\u0026a"}}',
    [],
    'https://x/&a',
  ],
  ['an empty next link', '{"d":{"results":[],"__next":""}}', [], null],
  ['another member after the rows', '{"d":{"results":[1],"__next":"x","__delta":null,"n":-1.5e3}}', [1], 'x'],
  [
    'a row that talks of "__next"',
    '{"d":{"results":[{"Notes":"\\"],\\"__next\\":\\"http://evil/\\"}}"}]}}',
    [{ Notes: '"],"__next":"http://evil/"}}' }],
    null,
  ],
  [
    'a row with a member "__next"',
    '{"d":{"results":[{"__next":"http://evil/"}]}}',
    [{ __next: 'http://evil/' }],
    null,
  ],
  [
    'a text that ends in backslashes',
    '{"d":{"results":[{"a":"\\\\"},{"b":"\\\\\\\\"}],"__next":"x\\\\"}}',
    [{ a: '\\' }, { b: '\\\\' }],
    'x\\',
  ],
]
for (const [name, text, rows, next] of shapes) {
  test(`${name} gives its rows and link`, () => {
    assert.deepEqual(rowsOf(text), { rows, count: rows.length, next })
  })
}

test('one entity gives the range of its object', () => {
  for (const entity of [
    { __metadata: metadata, ID: 1 },
    { ID: 1, Lines: { results: [{ a: 1 }] } },
    { UserHasRights: true },
    { a: 'x]}' },
    {},
  ]) {
    assert.deepEqual(rowsOf(JSON.stringify({ d: entity })), { rows: entity, count: 1, next: null })
  }
})

const broken: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['HTML', '<html><body>Maintenance</body></html>'],
  ['an error body', '{"error":{"code":"","message":{"lang":"","value":"x"}}}'],
  ['a page cut off in a row', '{"d":{"results":[{"ID":1},{"ID"'],
  ['a page cut off after a row', '{"d":{"results":[{"ID":1}'],
  ['a page cut off after the rows', '{"d":{"results":[{"ID":1}]'],
  ['a page cut off in the link', '{"d":{"results":[{"ID":1}],"__next":"https://x'],
  ['no list', '{"d":{"results":5}}'],
  ['null', '{"d":null}'],
]
for (const [name, text] of broken) {
  test(`${name} is refused as unreadable`, () => {
    assert.throws(
      () => readPage(Buffer.from(text)),
      (error) => isSluisError(error, 'PLATFORM_UNAVAILABLE'),
    )
  })
}

describe('against JSON.parse', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '"',
      '\\',
      '\\"',
      ']}',
      '],"__next":"x"}}',
      '{"__metadata":{"uri":',
      '"results":[',
      '[',
      '\r\n',
    ),
  )
  // No escapes in names: JSON.parse of Node 26.10 gives '"' and '\\' in names for one another.
  const row = fc.dictionary(
    fc.oneof(
      fc.stringMatching(/^[A-Z][A-Za-z0-9_]{0,8}$/),
      fc.constantFrom('__next', 'results', '__count', 'd', '[', ']}'),
    ),
    fc.oneof(
      nasty,
      fc.integer(),
      fc.constant(null),
      fc.array(fc.record({ a: nasty })),
      fc.record({ results: fc.array(fc.record({ __metadata: fc.constant(metadata), b: nasty })) }),
    ),
  )
  // Entities have metadata or, in services that return other things, none of them has.
  const entity = row.map((rest) => ({ __metadata: metadata, ...rest }))
  const flat = fc.record({ Name: nasty, Inner: fc.option(fc.constant({ __metadata: metadata })) })
  const rows = fc.oneof(
    fc.array(row),
    fc.array(entity),
    fc.array(flat.map((rest) => ({ __metadata: metadata, ...rest }))),
  )
  const indent = fc.constantFrom(undefined, 1, '\r\n')
  const options = { numRuns: 500 }

  test('rows, count and link of any page are the same', () => {
    fc.assert(
      fc.property(rows, fc.option(nasty), fc.option(fc.nat()), indent, (results, next, count, space) => {
        const d = {
          ...(count === null ? {} : { __count: String(count) }),
          results,
          ...(next === null ? {} : { __next: next }),
        }
        const got = rowsOf(JSON.stringify({ d }, null, space))
        assert.deepEqual(got.rows, JSON.parse(JSON.stringify(results)))
        assert.equal(got.count, results.length)
        assert.equal(got.next, next === null || next === '' ? null : JSON.parse(JSON.stringify(next)))
      }),
      options,
    )
  })

  test('a row a line, where that can be told, gives the same rows', () => {
    let split = 0
    fc.assert(
      fc.property(rows, indent, (results, space) => {
        const body = Buffer.from(JSON.stringify({ d: { results } }, null, space))
        const { start, end, rows: count, isLines } = readPage(body, { asLines: true })
        const text = body.toString('utf8', start + 1, end - 1)
        const got = isLines ? text.split('\n').map((line) => JSON.parse(line)) : JSON.parse(`[${text}]`)
        assert.deepEqual(got, JSON.parse(JSON.stringify(results)))
        assert.equal(count, results.length)
        split += isLines ? 1 : 0
      }),
      options,
    )
    assert.ok(split > 20, `only ${split} pages were split`)
  })

  test('rows and count of any page cut by $top are the same', () => {
    fc.assert(
      fc.property(rows, indent, (results, space) => {
        const got = rowsOf(JSON.stringify({ d: results }, null, space))
        assert.deepEqual(got, {
          rows: JSON.parse(JSON.stringify(results)),
          count: results.length,
          next: null,
        })
      }),
      options,
    )
  })

  test('no beginning of a page passes for a page', () => {
    fc.assert(
      fc.property(rows, nasty, fc.nat(), (results, next, cut) => {
        const text = Buffer.from(JSON.stringify({ d: { results, __next: next } }))
        const part = text.subarray(0, cut % text.length)
        try {
          readPage(part)
        } catch (error) {
          assert.ok(isSluisError(error, 'PLATFORM_UNAVAILABLE'), String(error))
          return
        }
        // A beginning may by accident look whole at both ends; then its rows must not parse.
        const { start, end } = readPage(part)
        assert.throws(() => JSON.parse(part.subarray(start, end).toString()))
      }),
      options,
    )
  })
})

test('a count is digits, whatever stands around them', () => {
  assert.equal(readCount(Buffer.from('123')), 123)
  assert.equal(readCount(Buffer.from('\ufeff0\r\n')), 0)
  for (const text of ['', 'x', '-1', '{"d":5}']) {
    assert.throws(
      () => readCount(Buffer.from(text)),
      (error) => isSluisError(error, 'PLATFORM_UNAVAILABLE'),
    )
  }
})
