import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ExactOnlineEmulator, startExactOnlineEmulator } from './index.ts'

// Each test names the section of the vendor facts (wire.md) that it pins.
const redirectUri = 'https://partner.example/cb'

async function clientOf(url: string) {
  const control = async (path: string, body?: object) => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
    return (await (await fetch(`${url}/_control/${path}`, init)).json()) as any
  }
  const app = (more: object = {}) =>
    control('apps', {
      clientId: 'a',
      clientSecret: 's',
      redirectUris: [redirectUri],
      limits: { minute: 10_000, day: 100_000 },
      ...more,
    })
  const token = async (user: string) => {
    const { code } = await control('consents', { clientId: 'a', user, redirectUri })
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: 'a',
      client_secret: 's',
    })
    const response = await fetch(`${url}/api/oauth2/token`, { method: 'POST', body })
    return ((await response.json()) as { access_token: string }).access_token
  }
  await app()
  const [{ code: division }] = (await control('data')).companies
  let bearer = await token('anna.smit@example.com')
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/api/v1/${division}/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        accept: 'application/json',
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
    const json = (text.startsWith('{') ? JSON.parse(text) : null) as any
    return {
      status: response.status,
      headers: response.headers,
      text,
      d: json?.d,
      message: json?.error?.message?.value as string,
    }
  }
  return {
    control,
    app,
    call,
    as: async (user: string) => {
      bearer = await token(user)
    },
    division: division as number,
  }
}

let emulator: ExactOnlineEmulator
let api: Awaited<ReturnType<typeof clientOf>>
before(async () => {
  emulator = await startExactOnlineEmulator()
  api = await clientOf(emulator.url)
})
after(() => emulator.close())

const all = { Prefer: 'return=representation' }
type Row = Record<string, unknown>
const rows = async (path: string) => {
  const { d, text } = await api.call('GET', path)
  assert.ok(d, text)
  return (Array.isArray(d) ? d : (d.results ?? [d])) as Record<string, unknown>[]
}
const linesOf = (row: Row | undefined, name: string) => {
  const collection = row?.[name] as { results: Row[] } | undefined
  assert.ok(collection)
  return collection.results
}
const id = async (path: string, key = 'ID') =>
  String((await rows(`${path}?$select=${key}&$filter=${key} ne null&$top=1`))[0]?.[key])

describe('POST', () => {
  test('§ 3.5: 201 with the entity; without Prefer only the key has a value', async () => {
    const bare = await api.call('POST', 'crm/Accounts', { Name: 'Bakkerij Vos' })
    assert.equal(bare.status, 201)
    assert.equal(bare.d.Name, null)
    assert.match(bare.d.ID, /^[0-9a-f-]{36}$/)
    assert.ok(bare.headers.get('location')?.endsWith(`/crm/Accounts(guid'${bare.d.ID}')`))
    const [read] = await rows(`crm/Accounts(guid'${bare.d.ID}')`)
    assert.equal(read?.Name, 'Bakkerij Vos')
    assert.equal(read?.CreatorFullName, 'Anna Smit')
    const whole = await api.call('POST', 'crm/Accounts', { Name: 'Slagerij Vos' }, all)
    assert.equal(whole.d.Name, 'Slagerij Vos')
  })

  test('§ 3.5: Accounts.Code is the highest and one more, padded to 18, when it is left out', async () => {
    const codes = (await rows('crm/Accounts?$select=Code&$filter=ID ne null&$orderby=Code desc&$top=1')).map(
      ({ Code }) => Number(Code),
    )
    const { d } = await api.call('POST', 'crm/Accounts', { Name: 'Numbered' }, all)
    assert.equal(d.Code, String((codes[0] ?? 0) + 1).padStart(18))
    const found = await rows(`crm/Accounts?$filter=Code eq '${d.Code}'&$select=ID`)
    assert.deepEqual(
      found.map(({ ID }) => ID),
      [d.ID],
    )
  })

  test('§ 3.6: business rules are 500 in the language of the user', async () => {
    const wrong = async (path: string, body: object) => {
      const { status, message } = await api.call('POST', path, body)
      return [status, message]
    }
    const item = await id('logistics/Items')
    const [{ Code } = {}] = await rows(`logistics/Items(guid'${item}')?$select=Code`)
    const refusals = async () => [
      await wrong('crm/Accounts', { City: 'Delft' }),
      await wrong('logistics/Items', { Code, Description: 'Twice' }),
      await wrong('crm/Contacts', { Account: item, LastName: 'X', FirstName: 'Y' }),
    ]
    assert.deepEqual(await refusals(), [
      [500, 'Verplicht: Name'],
      [500, 'Gegeven bestaat reeds.'],
      [500, 'Ongeldig: Account'],
    ])
    await api.control('users', { user: 'eve', password: 'x', language: 'en-US' })
    await api.as('eve')
    assert.deepEqual(await refusals(), [
      [500, 'Mandatory: Name'],
      [500, 'Data already exists.'],
      [500, 'Invalid: Account'],
    ])
    await api.as('anna.smit@example.com')
  })

  test('§ 3.6: a refused write leaves the error budget alone; bad JSON is 400', async () => {
    for (let at = 0; at < 12; at++) assert.equal((await api.call('POST', 'crm/Accounts', {})).status, 500)
    for (const body of ['{"Name":', '[]', ''])
      assert.match(
        (await api.call('POST', 'crm/Contacts', body)).message,
        /^Error processing request stream. The request should be/,
      )
    assert.match((await api.call('POST', 'crm/Accounts', { Nam: 'x' })).message, /property name 'Nam'/)
    assert.match(
      (await api.call('POST', 'crm/Accounts', { Name: 5 })).message,
      /for property 'Name' to type 'Edm.String'/,
    )
  })

  test('§ 3.5: deep insert: lines belong to the header, whose amounts are theirs; all or nothing', async () => {
    const [customer, item, account] = [
      await id('crm/Accounts'),
      await id('logistics/Items'),
      await id('financial/GLAccounts'),
    ]
    const line = { Item: item, GLAccount: account, Quantity: 3, NetPrice: 12.5 }
    const before = (await api.call('GET', 'salesinvoice/SalesInvoices/$count', undefined, { accept: '*/*' }))
      .text
    const bad = await api.call('POST', 'salesinvoice/SalesInvoices', {
      Journal: '70',
      OrderedBy: customer,
      SalesInvoiceLines: [line, { Quantity: 1 }],
    })
    assert.deepEqual([bad.status, bad.message], [500, 'Verplicht: GLAccount'])
    const none = await api.call('POST', 'salesinvoice/SalesInvoices', { Journal: '70', OrderedBy: customer })
    assert.equal(none.message, 'Verplicht: SalesInvoiceLines')
    assert.equal(
      (await api.call('GET', 'salesinvoice/SalesInvoices/$count', undefined, { accept: '*/*' })).text,
      before,
    )
    const { d, status } = await api.call(
      'POST',
      'salesinvoice/SalesInvoices',
      { Journal: '70', OrderedBy: customer, SalesInvoiceLines: [line, { ...line, Quantity: 1 }] },
      all,
    )
    assert.equal(status, 201)
    assert.equal(d.AmountDC, 50)
    assert.ok(d.InvoiceNumber > 20_000_001)
    const [expanded] = await rows(
      `salesinvoice/SalesInvoices(guid'${d.InvoiceID}')?$expand=SalesInvoiceLines`,
    )
    const lines = linesOf(expanded, 'SalesInvoiceLines')
    assert.deepEqual(
      lines.map(({ Quantity, AmountDC, InvoiceID }) => [Quantity, AmountDC, InvoiceID]),
      [
        [3, 37.5, d.InvoiceID],
        [1, 12.5, d.InvoiceID],
      ],
    )
    assert.deepEqual(
      await rows(`salesinvoice/SalesInvoiceLines?$filter=InvoiceID eq guid'${d.InvoiceID}'`),
      lines,
    )
    await api.call('PUT', `salesinvoice/SalesInvoiceLines(guid'${lines[0]?.ID}')`, {
      AmountFC: 60,
    })
    assert.equal((await rows(`salesinvoice/SalesInvoices(guid'${d.InvoiceID}')`))[0]?.AmountDC, 72.5)
  })
})

describe('PUT and DELETE', () => {
  test('§ 3.5: PUT is 204, changes what was sent, and maintains Modified', async () => {
    const key = await id('crm/Accounts')
    const path = `crm/Accounts(guid'${key}')`
    const [before] = await rows(path)
    const { status, text } = await api.call('PUT', path, { City: 'Delft', SearchCode: null })
    assert.deepEqual([status, text], [204, ''])
    const [after] = await rows(path)
    assert.deepEqual([after?.City, after?.SearchCode, after?.Name], ['Delft', null, before?.Name])
    assert.notEqual(after?.Modified, before?.Modified)
    assert.equal(after?.Created, before?.Created)
    const found = await rows(`crm/Accounts?$filter=City eq 'Delft' and ID eq guid'${key}'&$select=ID`)
    assert.equal(found.length, 1)
  })

  test('§ 3.5: PUT with an unchanged unique code is refused; new lines in a PUT of the header too', async () => {
    const item = await id('logistics/Items')
    const [{ Code } = {}] = await rows(`logistics/Items(guid'${item}')?$select=Code`)
    const again = await api.call('PUT', `logistics/Items(guid'${item}')`, { Code, Description: 'New' })
    assert.deepEqual([again.status, again.message], [500, 'Gegeven bestaat reeds.'])
    const invoice = await id('salesinvoice/SalesInvoices', 'InvoiceID')
    const lines = await api.call('PUT', `salesinvoice/SalesInvoices(guid'${invoice}')`, {
      SalesInvoiceLines: [{ Quantity: 1 }],
    })
    assert.equal(lines.status, 400)
    const alone = await api.call('PUT', `salesinvoice/SalesInvoices(guid'${invoice}')`, {
      Description: 'Alone',
    })
    assert.deepEqual([alone.status, alone.text], [204, ''], 'lines are mandatory in a POST only')
    assert.match(lines.message, /^Error processing request stream. Binding to new entities/)
  })

  test('§ 3.5: DELETE is 204, then the row is nowhere; methods that are not offered are 405', async () => {
    const { d } = await api.call('POST', 'crm/Accounts', { Name: 'Short-lived' })
    const path = `crm/Accounts(guid'${d.ID}')`
    const deleted = await api.call('DELETE', path)
    assert.deepEqual([deleted.status, deleted.text], [204, ''])
    assert.equal((await api.call('GET', path)).status, 404)
    assert.equal((await api.call('DELETE', path)).status, 404)
    assert.deepEqual(await rows(`crm/Accounts?$filter=ID eq guid'${d.ID}'`), [])
    assert.equal((await api.call('POST', 'bulk/CRM/Accounts', {})).status, 405)
    assert.equal((await api.call('DELETE', 'crm/Accounts')).status, 405)
  })

  test('§ 3.6: an app that may only read is refused by scope; companies belong to nobody', async () => {
    await api.app({ scopes: ['crm accounts:read'] })
    const { status, message } = await api.call('POST', 'crm/Accounts', { Name: 'x' })
    assert.deepEqual(
      [status, message],
      [403, "Forbidden - Application Scope Violated. Cannot write 'crm.accounts' scope."],
    )
    assert.equal((await api.call('GET', 'crm/Accounts?$top=1&$filter=ID ne null')).status, 200)
    await api.app()
    assert.equal((await api.call('DELETE', `system/Divisions(${api.division})`)).status, 403)
  })
})

describe('sync', () => {
  test('§ 4.1: what is written comes last in the feed, once, with a new Timestamp', async () => {
    const feed = 'sync/CRM/Accounts'
    const last = async () => {
      let next = `${feed}?$filter=Timestamp gt 1L&$select=Timestamp,ID,City`
      const seen: Record<string, unknown>[] = []
      while (next) {
        const { d } = await api.call('GET', next)
        seen.push(...d.results)
        next = d.__next?.split(`/api/v1/${api.division}/`)[1] ?? ''
      }
      return seen
    }
    const before = await last()
    const key = String(before[3]?.ID)
    await api.call('PUT', `crm/Accounts(guid'${key}')`, { City: 'Elst' })
    const { d } = await api.call('POST', 'crm/Accounts', { Name: 'Newest', City: 'Ede' })
    const newest = String(before.at(-1)?.Timestamp)
    const changes = await rows(`${feed}?$filter=Timestamp gt ${newest}L&$select=Timestamp,ID,City`)
    assert.deepEqual(
      changes.map(({ ID, City }) => [ID, City]),
      [
        [key, 'Elst'],
        [d.ID, 'Ede'],
      ],
    )
    const after = await last()
    assert.equal(after.length, before.length + 1)
    const stamps = after.map(({ Timestamp }) => Number(Timestamp))
    assert.deepEqual(
      stamps,
      [...stamps].sort((a, b) => a - b),
    )
  })

  test('§ 4.2: sync/Deleted tells a deletion for two months', async () => {
    const { d } = await api.call('POST', 'crm/Accounts', { Name: 'Gone' })
    await api.call('DELETE', `crm/Accounts(guid'${d.ID}')`)
    const listed = async () =>
      (await rows('sync/Deleted?$filter=Timestamp gt 1L')).filter(({ EntityKey }) => EntityKey === d.ID)
    const [entry] = await listed()
    assert.deepEqual([entry?.EntityType, entry?.Division], [2, api.division])
    await api.control('clock', { advanceSeconds: 61 * 86_400 })
    await api.as('anna.smit@example.com')
    assert.deepEqual(await listed(), [])
  })
})

test('§ 2.1, /_control/ledger: writes count against the limits and stand in the ledger; a fault may pick a method', async () => {
  await api.app({ limits: { minute: 2, day: 100 } })
  await api.control('clock', { advanceSeconds: 61 })
  await api.control('faults', { at: 'api', kind: 'drop-response', times: 1, method: 'POST' })
  const { last } = await api.control('ledger')
  assert.equal((await api.call('GET', 'crm/Addresses?$top=1')).status, 200)
  await assert.rejects(api.call('POST', 'crm/Accounts', { Name: 'Dropped' }))
  assert.equal((await api.call('POST', 'crm/Accounts', { Name: 'Too many' })).status, 429)
  const { entries } = await api.control(`ledger?since=${last}`)
  assert.deepEqual(
    entries.map((entry: Record<string, unknown>) => [entry.method, entry.outcome, entry.status, entry.fault]),
    [
      ['GET', 'answered', 200, undefined],
      ['POST', 'answered', 201, 'drop-response'],
      ['POST', 'refused', 429, undefined],
    ],
  )
  await api.app()
  const kept = await rows("crm/Accounts?$filter=Name eq 'Dropped'&$select=Name")
  assert.equal(kept.length, 1)
})

test('a POST that a fault answers in the place of the service has changed nothing', async () => {
  for (const kind of ['reset', 'status', 'body']) {
    await api.control('faults', { at: 'api', kind, times: 1, method: 'POST' })
    await api.call('POST', 'crm/Accounts', { Name: 'Never' }).catch(() => {})
  }
  assert.deepEqual(await rows("crm/Accounts?$filter=Name eq 'Never'&$select=Name"), [])
})

test('what was written is still there after a restart, and gone after a reset', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sluis-emulator-'))
  try {
    const first = await startExactOnlineEmulator({ home })
    const one = await clientOf(first.url)
    await one.call('POST', 'crm/Accounts', { Name: 'Kept' })
    await first.close()
    const second = await startExactOnlineEmulator({ home })
    const two = await clientOf(second.url)
    const count = async () =>
      (await two.call('GET', "crm/Accounts?$filter=Name eq 'Kept'&$select=ID")).d.results.length
    assert.equal(await count(), 1)
    await two.control('reset', {})
    await two.as('anna')
    assert.equal(await count(), 0)
    await second.close()
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
