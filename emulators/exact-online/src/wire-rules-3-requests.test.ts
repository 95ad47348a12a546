import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { app, type Lab, startLab } from './testing/lab.ts'

let lab: Lab
let unit: Record<string, unknown>
before(async () => {
  lab = await startLab()
  unit = must((await lab.rows('logistics/Units?$top=1'))[0])
})
after(() => lab.close())

/** Sends the path as it is written: `fetch` would encode it first. */
async function raw(path: string, headers: Record<string, string> = {}) {
  const { access_token } = await lab.tokens('raw@example.com')
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(lab.url)
    const sent = request(
      {
        hostname,
        port,
        path: `/api/v1/${lab.division}/${path}`,
        headers: { accept: 'application/json', authorization: `Bearer ${access_token}`, ...headers },
      },
      (response) => {
        let text = ''
        response.on('data', (part) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

describe('§ 3.1: addresses', () => {
  for (const [what, path, status] of [
    ['the service may be written in any case', 'LOGISTICS/Units', 200],
    ['the entity set may not', 'logistics/units', 404],
    ['hrm/CostCenters is not hrm/Costcenters', 'hrm/CostCenters', 404],
    ['hrm/Costcenters is', 'hrm/Costcenters', 200],
    ['hrm/Divisions still answers', 'hrm/Divisions', 200],
    ['system/Divisions', 'system/Divisions', 200],
    ['system/AllDivisions', 'system/AllDivisions', 200],
    ['system/GetMostRecentlyUsedDivisions', 'system/GetMostRecentlyUsedDivisions', 200],
    ['bulk/', 'bulk/CRM/Accounts?$select=ID&$filter=ID ne null', 200],
    ['sync/', 'sync/CRM/Accounts?$filter=Timestamp gt 1L', 200],
    ['read/', 'read/financial/ReceivablesList', 200],
    ['an unknown service', 'nothing/Units', 404],
  ] as const) {
    test(`§ 3.1: ${what}: ${status}`, async () => {
      assert.equal((await lab.get(path)).status, status)
    })
  }

  test('§ 3.1: system/Divisions is what the user let the app have, system/AllDivisions the whole licence', async () => {
    const only = must(lab.companies[1]).code
    const { access_token: token } = await lab.tokens('narrow@example.com', { divisions: [only] })
    const codesOf = async (list: string) => {
      const { d, text } = await lab.call(`/api/v1/${only}/${list}?$select=Code`, { token })
      assert.ok(d, text)
      return d.results.map(({ Code }: { Code: number }) => Code)
    }
    for (const list of ['system/Divisions', 'hrm/Divisions', 'system/GetMostRecentlyUsedDivisions'])
      assert.deepEqual(await codesOf(list), [only], list)
    assert.deepEqual(
      await codesOf('system/AllDivisions'),
      lab.companies.map(({ code }) => code),
    )
    const me = await lab.call('/api/v1/current/Me?$select=CurrentDivision', { token })
    assert.equal(me.d.results[0].CurrentDivision, only)
  })

  test('§ 3.1: beta and the addresses without a company', async () => {
    const beta = await lab.get(
      `/api/v1/beta/${lab.division}/continuousmonitoring/IndicatorBalances?$select=ID`,
    )
    assert.equal(beta.status, 200, beta.text)
    assert.equal((await lab.get('/api/v1/current/Me')).status, 200)
    assert.equal((await lab.get('/api/v1/Current/Me')).status, 200)
    assert.equal((await lab.get('/api/v1/system/Users')).status, 200)
    assert.equal((await lab.get('current/Me')).status, 404)
    assert.equal((await lab.get('/api/v1/logistics/Units')).status, 404)
  })

  test('§ 3.8: current/ClientId is the app that asks', async () => {
    assert.deepEqual((await lab.get('/api/v1/current/ClientId')).d, { ClientId: app.clientId })
  })
})

describe('§ 3.2: how clients write', () => {
  test('§ 3.2: a dollar sign, blanks, quotes, brackets: written raw, as plus or by percent, they mean the same', async () => {
    const name = String(unit.Code)
    const id = String(unit.ID)
    const expected = [id]
    for (const path of [
      `logistics/Units?$filter=Code%20eq%20'${name}'&$select=ID`,
      `logistics/Units?%24filter=Code+eq+%27${name}%27&%24select=ID`,
      `logistics/Units?$filter=Code+eq+'${name}'&$select=ID`,
      `logistics/Units?$filter=%28Code+eq+%27${name}%27%29&$select=ID`,
      `logistics/Units?$filter=ID%20eq%20guid'${id}'&$select=ID`,
      `logistics/Units?$filter=ID+eq+guid%27${id.toUpperCase()}%27&$select=ID`,
    ]) {
      const { status, text } = await raw(path)
      assert.equal(status, 200, `${path}: ${text}`)
      const ids = JSON.parse(text).d.results.map((row: { ID: string }) => row.ID)
      assert.deepEqual(ids, expected, path)
    }
    for (const key of [
      `(guid'${id}')`,
      `(guid%27${id}%27)`,
      `%28guid%27${id}%27%29`,
      `(guid'${id.toUpperCase()}')`,
    ]) {
      const { status, text } = await raw(`logistics/Units${key}?$select=ID`)
      assert.equal(status, 200, `${key}: ${text}`)
      assert.equal(JSON.parse(text).d.ID, id)
    }
  })

  test('§ 3.2: a quote is doubled in a text, and a plus that is meant is %2B', async () => {
    const made = await lab.call('crm/Accounts', {
      method: 'POST',
      body: { Name: "O'Brien + Zn €" },
      headers: { Prefer: 'return=representation' },
    })
    for (const text of ["O''Brien%20%2B%20Zn%20%E2%82%AC", 'O%27%27Brien+%2B+Zn+%E2%82%AC']) {
      const found = await raw(`crm/Accounts?$filter=Name+eq+'${text}'&$select=ID`)
      assert.deepEqual(
        JSON.parse(found.text).d.results.map((row: { ID: string }) => row.ID),
        [made.d.ID],
      )
    }
  })

  test('§ 3.2: the content type of a GET means nothing', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal((await raw('logistics/Units?$top=1', form)).status, 200)
  })

  test('§ 7: addresses in an answer begin as the client called the service', async () => {
    const { text } = await raw('crm/Accounts?$select=ID&$filter=ID%20ne%20null', { host: 'exact.example:81' })
    const { d } = JSON.parse(text)
    const base = `http://exact.example:81/api/v1/${lab.division}/crm/Accounts`
    assert.ok(d.__next.startsWith(`${base}?`), d.__next)
    assert.equal(d.results[0].__metadata.uri, `${base}(guid'${d.results[0].ID}')`)
  })

  test('§ 3.2: __next can be followed as it is', async () => {
    const { d } = await lab.get("crm/Accounts?$filter=Name ne 'x y' and ID ne null&$select=ID")
    const next = d.__next.slice(`${lab.url}/api/v1/${lab.division}/`.length)
    assert.equal((await raw(next)).status, 200)
    assert.match(next, /\$skiptoken=guid'[0-9a-f-]{36}'$/)
  })

  test('§ 2.1: an address of more than 6,000 characters is refused', async () => {
    const path = (length: number) => {
      const head = "crm/Accounts?$select=ID&$filter=Name eq '"
      const own = `/api/v1/${lab.division}/`
      return `${head}${'x'.repeat(length - own.length - encodeURI(head).length - 1)}'`
    }
    assert.equal((await raw(encodeURI(path(6000)))).status, 200)
    assert.equal((await raw(encodeURI(path(6001)))).status, 414)
  })
})

describe('§ 3.5: bodies', () => {
  for (const [what, body, type] of [
    ['a form', 'Name=x', 'application/x-www-form-urlencoded'],
    ['JSON that calls itself text', '{"Name":"x"}', 'text/plain'],
    ['XML', '<entry/>', 'application/atom+xml'],
    ['broken JSON', '{"Name":', 'application/json'],
    ['a list', '[]', 'application/json'],
  ] as const) {
    test(`§ 3.5: ${what} is refused as no resource object`, async () => {
      const answer = await lab.call('crm/Accounts', {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      })
      assert.deepEqual(
        [answer.status, answer.message],
        [400, 'Error processing request stream. The request should be a valid top-level resource object.'],
      )
    })
  }

  test('§ 3.5: what cannot be set is passed over in a POST, an unknown name is refused', async () => {
    const made = await lab.call('crm/Accounts', {
      method: 'POST',
      body: { Name: 'Read-only', CreatorFullName: 'Nobody' },
      headers: { Prefer: 'return=representation' },
    })
    assert.deepEqual([made.status, made.d.CreatorFullName], [201, 'Anna Smit'])
    const wrong = await lab.call('crm/Accounts', { method: 'POST', body: { Name: 'x', Nothing: 1 } })
    assert.match(must(wrong.message), /^Error processing request stream\. The property name 'Nothing'/)
  })

  for (const method of ['PATCH', 'MERGE']) {
    test(`§ 3.5: ${method} is not offered`, async () => {
      const answer = await lab.call(`logistics/Units(guid'${unit.ID}')`, { method, body: {} })
      assert.equal(answer.status, 405)
    })
  }

  test('§ 3.3: dates are written as ISO, with or without a zone, or as /Date(…)/', async () => {
    const item = must((await lab.rows('logistics/Items?$filter=ID ne null&$top=1&$select=ID'))[0])
    const path = `logistics/Items(guid'${item.ID}')`
    for (const [text, expected] of [
      ['2026-04-07T00:00:00Z', '2026-04-07T00:00:00'],
      ['2026-04-07', '2026-04-07T00:00:00'],
      ['2026-04-07T13:14:15', '2026-04-07T13:14:15'],
      ['/Date(1351209600000)/', '2012-10-26T00:00:00'],
    ] as const) {
      assert.equal((await lab.call(path, { method: 'PUT', body: { EndDate: text } })).status, 204)
      const [row] = await lab.rows(`${path}?$select=EndDate`)
      assert.equal(row?.EndDate, `/Date(${Date.parse(`${expected}Z`)})/`)
    }
  })

  test('§ 3.3: a file is written as base64 and read from an address with the bearer token', async () => {
    const document = must((await lab.rows('documents/Documents?$filter=ID ne null&$top=1&$select=ID'))[0])
    const bytes = Buffer.from([0, 1, 2, 255, 254, 10, 13])
    const { d, status } = await lab.call('documents/DocumentAttachments', {
      method: 'POST',
      body: { Document: document.ID, FileName: 'bon é.bin', Attachment: bytes.toString('base64') },
      headers: { Prefer: 'return=representation' },
    })
    assert.deepEqual([status, d.FileSize], [201, 7])
    assert.equal(d.Attachment, `${lab.url}/docs/SysAttachment.aspx?ID=${d.ID}`)
    assert.equal(d.Url, d.Attachment)
    const { access_token } = await lab.tokens('reader')
    const read = (token: string | null) =>
      fetch(d.Url, token === null ? {} : { headers: { authorization: `Bearer ${token}` } })
    assert.deepEqual(Buffer.from(await (await read(access_token)).arrayBuffer()), bytes)
    assert.equal((await read(null)).status, 401)
    const { access_token: stranger } = await lab.tokens('stranger', { divisions: [lab.companies[1]?.code] })
    assert.equal((await read(stranger)).status, 404)
    const generated = must((await lab.rows('documents/DocumentAttachments?$top=1'))[0])
    const file = await fetch(String(generated.Url), { headers: { authorization: `Bearer ${access_token}` } })
    assert.equal((await file.arrayBuffer()).byteLength, generated.FileSize)
    const picture = await lab.rows('logistics/Items?$filter=ID ne null&$top=1&$select=ID,Picture')
    assert.equal(picture[0]?.Picture, null)
  })

  test('§ 2.1: a POST of more than 10.0 MB is refused, its files counted unencoded', async () => {
    const document = must((await lab.rows('documents/Documents?$filter=ID ne null&$top=1&$select=ID'))[0])
    const post = (size: number) =>
      lab.call('documents/DocumentAttachments', {
        method: 'POST',
        body: {
          Document: document.ID,
          FileName: 'large.bin',
          Attachment: Buffer.alloc(size, 7).toString('base64'),
        },
      })
    assert.equal((await post(9_990_000)).status, 201)
    assert.equal((await post(10_000_000)).status, 413)
  })
})

describe('§ 3.6: who may not', () => {
  for (const [reason, what] of [
    ['BlockedUser', { user: 'blocked@example.com' }],
    ['InactiveUser', { user: 'blocked@example.com' }],
    ['BlockedCustomer', {}],
    ['LicenseExpired', {}],
    ['DivisionBlocked', { division: 0 }],
  ] as const) {
    test(`§ 3.6: Reason ${reason} comes with a 403`, async () => {
      const { access_token } = await lab.tokens('blocked@example.com')
      const division = 'division' in what ? { division: lab.division } : {}
      await lab.control('blocks', { reason, ...what, ...division })
      const refused = await lab.call('logistics/Units?$top=1', { token: access_token })
      assert.deepEqual(
        [refused.status, refused.headers.get('reason'), refused.message],
        [403, reason, 'Forbidden'],
      )
      const elsewhere = await lab.call('/api/v1/current/Me', { token: access_token })
      assert.equal(elsewhere.status, reason === 'DivisionBlocked' ? 200 : 403)
      await lab.control('blocks', undefined, 'DELETE')
      assert.equal((await lab.call('logistics/Units?$top=1', { token: access_token })).status, 200)
    })
  }

  test('§ 3.6: Reason NoDivisionAccess comes for a company outside the consent', async () => {
    const { access_token } = await lab.tokens('narrow', { divisions: [lab.companies[1]?.code] })
    const refused = await lab.call('logistics/Units?$top=1', { token: access_token })
    assert.deepEqual([refused.status, refused.headers.get('reason')], [403, 'NoDivisionAccess'])
  })

  test('§ 3.1: what the licence does not have is 403, in that company alone', async () => {
    const own = { module: 'logistics/Units', division: lab.division }
    const elsewhere = `/api/v1/${lab.companies[1]?.code}/logistics/Units?$top=1`
    await lab.control('modules', { ...own, isLicensed: false })
    const refused = await lab.get('logistics/Units?$top=1')
    assert.deepEqual(
      [refused.status, refused.message, refused.headers.get('reason')],
      [403, 'Forbidden', null],
    )
    assert.equal((await lab.get('logistics/ItemGroups?$top=1')).status, 200)
    assert.equal((await lab.get(elsewhere)).status, 200)
    await lab.control('modules', { ...own, isLicensed: true })
    await lab.control('modules', { module: 'crm', isLicensed: false })
    for (const path of ['crm/Addresses?$top=1', 'bulk/CRM/Accounts?$select=ID&$filter=ID ne null'])
      assert.equal((await lab.get(path)).status, 403, path)
    await lab.control('modules', { module: 'crm', isLicensed: true })
    assert.equal((await lab.get('crm/Addresses?$top=1')).status, 200)
    assert.equal((await lab.control('modules', { module: 'crm' })).status, 400)
  })

  test('§ 3.6: without the right to read the list is empty, which UserHasRights tells apart; writing is 403', async () => {
    const { access_token: token } = await lab.tokens('clerk@example.com')
    const allow = (action: string, isAllowed: boolean) =>
      lab.control('rights', { user: 'clerk@example.com', endpoint: 'logistics/Items', action, isAllowed })
    const path = 'logistics/Items?$filter=ID ne null&$select=ID'
    const hasRight = async () =>
      (await lab.call("users/UserHasRights?endpoint='Logistics/Items'&action='GET'", { token })).d
    assert.deepEqual(await hasRight(), { UserHasRights: true })
    await allow('GET', false)
    const empty = await lab.call(path, { token })
    assert.deepEqual([empty.status, empty.d.results], [200, []])
    assert.deepEqual(await hasRight(), { UserHasRights: false })
    assert.ok((await lab.rows(path)).length > 0)
    await allow('POST', false)
    const refused = await lab.call('logistics/Items', { method: 'POST', body: { Code: 'X' }, token })
    assert.deepEqual([refused.status, refused.message], [403, 'Forbidden'])
    await allow('GET', true)
    assert.ok((await lab.call(path, { token })).d.results.length > 0)
  })
})
