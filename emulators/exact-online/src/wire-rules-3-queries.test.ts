import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exactOnlineCatalogue } from '@sluis/facts'
import { must } from '@sluis/shared'
import { app, type Lab, startLab } from './testing/lab.ts'

let lab: Lab
let item: Record<string, unknown>
before(async () => {
  lab = await startLab()
  item = must((await lab.rows('logistics/Items?$filter=ID ne null&$top=1'))[0])
})
after(() => lab.close())

const items = 'logistics/Items'

describe('§ 3.6: errors', () => {
  test('§ 3.6: the layout of an error, to the byte', async () => {
    const { text, headers } = await lab.get(`${items}?$filter=Nothing eq 1`)
    assert.equal(
      text,
      '{\r\n"error": {\r\n"code": "", "message": {\r\n"lang": "", "value": "No property \'Nothing\' exists in type \'Exact.Web.Api.Models.Item\' at position 0."\r\n}\r\n}\r\n}',
    )
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
  })

  for (const [what, path, status, message] of [
    ['a key that is none', `${items}(abc)`, 400, 'Bad Request - Error in query syntax.'],
    ['a broken filter', `${items}?$filter=Code eq`, 400, 'Bad Request - Error in query syntax.'],
    [
      'a broken number of rows',
      `${items}?$filter=ID ne null&$top=x`,
      400,
      'Bad Request - Error in query syntax.',
    ],
    [
      'a GUID against a number',
      `${items}?$filter=ID eq 5`,
      400,
      "Operator 'eq' incompatible with operand types 'System.Guid' and 'System.Int32' at position 3.",
    ],
    [
      'an unknown property in $filter',
      `${items}?$filter=Code eq 'x' and Nothing eq 1`,
      400,
      "No property 'Nothing' exists in type 'Exact.Web.Api.Models.Item' at position 16.",
    ],
    [
      'one property with another',
      `${items}?$filter=Code eq Description`,
      400,
      'Bad Request - Error in query syntax.',
    ],
    [
      'a wide endpoint',
      'generaljournalentry/GeneralJournalEntries?$filter=EntryNumber gt 0',
      400,
      'Please add a $select or a $top=1 statement to the query string.',
    ],
    [
      'a bulk endpoint',
      'bulk/Logistics/Items?$filter=ID ne null',
      400,
      'Please add a $select or a $top=1 statement to the query string.',
    ],
    [
      'an unknown property in $select',
      `${items}?$filter=ID ne null&$select=Nothing`,
      400,
      "Could not find a property named 'Nothing' on type 'Exact.Web.Api.Models.Item'.",
    ],
    [
      'a GUID against a text',
      `${items}?$filter=ID eq 'x'`,
      400,
      "Operator 'eq' incompatible with operand types 'System.Guid' and 'System.String' at position 3.",
    ],
    ['an unknown set', 'logistics/Nothing', 404, "Resource not found for the segment 'Nothing'."],
    [
      'an unknown key',
      `${items}(guid'00000000-0000-0000-0000-000000000000')`,
      404,
      "Resource not found for the segment 'Items'.",
    ],
    ['a method that is not offered', 'read/financial/ReceivablesList', 405, 'Method Not Allowed'],
  ] as const) {
    test(`§ 3.6: ${what} is ${status}`, async () => {
      const answer = await lab.call(path, status === 405 ? { method: 'POST', body: {} } : {})
      assert.deepEqual([answer.status, answer.message], [status, message])
    })
  }
})

describe('§ 3.4: options', () => {
  // Ten errors an hour are counted for each user: those of the tests above are another's.
  before(() => lab.as('options@example.com'))

  test('§ 3.4: the mandatory filter names its fields, spares a key, and can be switched off', async () => {
    const refused = await lab.get(items)
    assert.equal(refused.status, 400)
    assert.match(
      must(refused.message),
      /^This endpoint has mandatory filtering applied\. A GET request for this endpoint must have a \$filter parameter with one of the following fields in the url:[A-Z]\w+(,\w+)+$/,
    )
    assert.equal((await lab.get(`${items}(guid'${item.ID}')`)).status, 200)
    assert.equal((await lab.get(`${items}/$count`)).status, 400)
    await lab.register({ flags: { enforceMandatoryFilter: false } })
    assert.equal((await lab.get(items)).status, 200)
    await lab.register()
    assert.equal(app.clientSecret.length, 12)
  })

  test('§ 3.4: the mandatory filter stands on the 36 plain and 13 bulk endpoints, whose fields it lists without blanks', async () => {
    const entries = exactOnlineCatalogue().filter(
      ({ kind, filterFields }) => filterFields?.length && kind !== 'function',
    )
    assert.deepEqual(
      ['rest', 'bulk'].map((kind) => entries.filter((entry) => entry.kind === kind).length),
      [36, 13],
    )
    for (const { uri, properties, filterFields } of entries) {
      const path = uri.replace('{division}', String(lab.division))
      const [{ name = '' } = {}] = properties
      const { status, message } = await lab.get(`${path}?$select=${name}&$top=1`)
      assert.equal(status, 400, path)
      assert.equal(
        message,
        `This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter with one of the following fields in the url:${filterFields?.join(',')}`,
      )
    }
  })

  for (const [what, options, shape, version] of [
    ['nothing', '', { results: 60, hasNext: true }, '2.0;'],
    ['a $top of less than a page', '&$top=59', { bare: 59 }, '1.0;'],
    ['a $top of one page', '&$top=60', { bare: 60 }, '1.0;'],
    ['a $top of more than a page', '&$top=61', { results: 60, hasNext: true }, '2.0;'],
    ['a count', '&$inlinecount=allpages', { count: '300', results: 60, hasNext: true }, '2.0;'],
    [
      'a $top and a count',
      '&$inlinecount=allpages&$top=2',
      { count: '300', results: 2, hasNext: false },
      '2.0;',
    ],
    ['no count', '&$inlinecount=none&$top=2', { bare: 2 }, '1.0;'],
  ] as const) {
    test(`§ 3.3: the envelope with ${what}`, async () => {
      const { d, headers } = await lab.get(`${items}?$select=ID&$filter=ID ne null${options}`)
      const seen = Array.isArray(d)
        ? { bare: d.length }
        : {
            ...('__count' in d ? { count: d.__count } : {}),
            results: d.results.length,
            hasNext: '__next' in d,
          }
      assert.deepEqual([seen, headers.get('dataserviceversion')], [shape, version])
    })
  }

  test('§ 3.3: the last page has no next one, one entity and a count are themselves', async () => {
    const last = await lab.get(`${items}?$select=ID&$filter=Code eq '${item.Code}'`)
    assert.deepEqual(Object.keys(last.d), ['results'])
    const { d } = await lab.get(`${items}(guid'${item.ID}')?$select=Code`)
    assert.deepEqual(Object.keys(d), ['__metadata', 'Code'])
    for (const accept of ['', 'application/json', '*/*']) {
      const count = await lab.get(`${items}/$count?$filter=ID ne null`, { accept })
      assert.deepEqual(
        [count.status, count.text, count.headers.get('content-type')],
        [200, '300', 'text/plain;charset=utf-8'],
      )
    }
  })

  test('§ 3.4: reports below read/ come in one piece', async () => {
    const { d } = await lab.get('read/financial/ReceivablesList?$select=HID')
    assert.ok(d.results.length > 60 && !('__next' in d), `${d.results.length}`)
  })

  test('§ 3.4: the address of the next page is the same with all its options, and $skiptoken is the last key', async () => {
    const options = "$select=ID&$filter=ID ne null and Code ne 'x y'&$orderby=Code desc&$inlinecount=allpages"
    const { d } = await lab.get(`${items}?${options}`)
    const next = new URL(d.__next)
    assert.equal(`${next.origin}${next.pathname}`, `${lab.url}/api/v1/${lab.division}/${items}`)
    const asked = [...new URLSearchParams(options)]
    assert.deepEqual([...next.searchParams].slice(0, asked.length), asked)
    const plain = await lab.get(`${items}?$select=ID&$filter=ID ne null`)
    const skipToken = new URL(plain.d.__next).searchParams.get('$skiptoken')
    assert.equal(skipToken, `guid'${plain.d.results.at(-1).ID}'`)
  })

  const code = () => String(item.Code)
  for (const [what, filter, isOwn] of [
    ['eq', () => `Code eq '${code()}'`, true],
    ['ne', () => `Code ne '${code()}'`, false],
    ['not', () => `not (Code eq '${code()}')`, false],
    ['and with brackets', () => `(Code eq '${code()}') and (ID eq guid'${item.ID}')`, true],
    ['or', () => `Code eq 'nothing' or ID eq guid'${item.ID}'`, true],
    ['substringof(…) eq true', () => `substringof('${code().slice(1)}',Code) eq true`, true],
    ['startswith(…) eq true', () => `startswith(Code,'${code()}') eq true`, true],
    ['endswith', () => `endswith(Code,'${code().slice(-3)}')`, true],
    ['trim', () => `trim(Code) eq '${code()}'`, true],
    [
      'tolower and toupper',
      () => `tolower(Code) eq '${code().toLowerCase()}' and toupper(Code) eq '${code()}'`,
      true,
    ],
    [
      'substring and replace',
      () =>
        `substring(Code,1) eq '${code().slice(1)}' and substring(Code,0,2) eq '${code().slice(0, 2)}' and replace(Code,'${code()}','x') eq 'x'`,
      true,
    ],
    [
      'concat and indexof',
      () => `concat(Code,'!') eq '${code()}!' and indexof(Code,'${code().slice(2)}') eq 2`,
      true,
    ],
    [
      'hour, minute, second',
      () =>
        `ID eq guid'${item.ID}' and hour(Created) ge 0 and minute(Created) lt 60 and second(Created) lt 60`,
      true,
    ],
    [
      'round, floor, ceiling',
      () =>
        `ID eq guid'${item.ID}' and (StandardSalesPrice eq null or floor(StandardSalesPrice) le round(StandardSalesPrice) and ceiling(StandardSalesPrice) ge round(StandardSalesPrice))`,
      true,
    ],
    ['length', () => `length(Code) eq ${code().length}`, true],
    [
      'year, month, day',
      () => `ID eq guid'${item.ID}' and year(Created) gt 1999 and month(Created) le 12 and day(Created) ge 1`,
      true,
    ],
    ['datetime', () => `Created gt datetime'2000-01-01T00:00:00'`, true],
    ['datetime of a day', () => `Created gt datetime'2000-01-01'`, true],
    [
      'a double with suffix',
      () => '(StandardSalesPrice ge 0d or StandardSalesPrice eq null) and ID ne null',
      true,
    ],
    [
      'a decimal with suffix',
      () => '(StandardSalesPrice ge 0.0m or StandardSalesPrice eq null) and ID ne null',
      true,
    ],
    [
      'a double without',
      () => '(StandardSalesPrice ge 0.0 or StandardSalesPrice eq null) and ID ne null',
      true,
    ],
    ['null', () => 'Code ne null', true],
    ['a boolean', () => 'IsSalesItem eq true or IsSalesItem eq false', true],
    ['a Byte', () => 'IsMakeItem ge 0 and ID ne null', true],
  ] as const) {
    test(`§ 3.4: $filter ${what}`, async () => {
      const found = await lab.get(`bulk/Logistics/Items?$select=ID&$filter=${encodeURIComponent(filter())}`)
      assert.equal(found.status, 200, found.text)
      const ids = found.d.results.map(({ ID }: { ID: string }) => ID)
      assert.equal(ids.includes(item.ID), isOwn)
    })
  }

  test('§ 3.4: $filter on Int64 takes the suffix L and goes without', async () => {
    const path = 'read/financial/ReceivablesList'
    const [row] = await lab.rows(`${path}?$top=1`)
    for (const literal of [`${row?.HID}L`, `${row?.HID}`])
      assert.equal((await lab.rows(`${path}?$filter=HID eq ${literal}`)).length, 1)
  })

  test('§ 3.4: $orderby sorts, $top cuts, $skip leaves out', async () => {
    const codes = async (query: string) =>
      (await lab.rows(`bulk/Logistics/Items?$select=Code&$filter=ID ne null&${query}`)).map(
        ({ Code }) => Code,
      )
    const all = await codes('$orderby=Code')
    assert.deepEqual(all, [...all].sort())
    assert.deepEqual(await codes('$orderby=Code desc&$top=5'), all.toReversed().slice(0, 5))
    assert.deepEqual(await codes('$orderby=Code&$skip=3&$top=2'), all.slice(3, 5))
    const many = await lab.all(`${items}?$select=Code&$filter=ID ne null&$orderby=Code desc`)
    assert.deepEqual(
      many.map(({ Code }) => Code),
      all.toReversed(),
    )
  })
})

describe('§ 3.7 and § 3.8: companies and the user', () => {
  test('§ 3.7: a company is read by its code', async () => {
    const { d, status } = await lab.get(`system/Divisions(${lab.division})`)
    assert.deepEqual([status, d.Code, d.Description], [200, lab.division, lab.companies[0]?.name])
    assert.equal((await lab.get('system/Divisions(1)')).status, 404)
  })

  test('§ 3.7: a company has its properties but for the five classes, euros, its country with a blank, and never moved', async () => {
    for (const [at, { code }] of lab.companies.entries()) {
      const { d } = await lab.get(`system/Divisions(${code})`)
      assert.equal(Object.keys(d).filter((name) => name !== '__metadata').length, 62 - 5)
      const country = at % 3 === 1 ? 'BE' : 'NL'
      assert.deepEqual(
        [d.Code, d.Country, d.Currency, d.VATNumber.slice(0, 2), d.BlockingStatus, d.IsMainDivision],
        [code, `${country} `, 'EUR', country, 0, at === 0],
      )
      assert.deepEqual([d.DivisionMoveDate, d.DivisionHRLinkUnlinkDate, d.ArchiveDate], [null, null, null])
    }
  })

  test('§ 3.8: Me has the properties of the document, with a text for the time', async () => {
    const { d } = await lab.get('/api/v1/current/Me')
    const [me] = d.results
    assert.equal(Object.keys(me).filter((name) => name !== '__metadata').length, 39)
    assert.match(me.ServerTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
    assert.equal(me.ThumbnailPicture, null)
    assert.equal(typeof me.Legislation, 'string')
    assert.ok(me.ServerUtcOffset === 1 || me.ServerUtcOffset === 2)
    for (const name of ['CurrentDivision', 'UserID', 'EmployeeID']) assert.ok(me[name], name)
    const nulls = Object.keys(me).filter((name) => /^Is[A-Z]/.test(name) && typeof me[name] !== 'boolean')
    assert.deepEqual(nulls, [])
  })
})
