import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { exactOnlineCatalogue } from '@sluis/facts'
import { type ExactOnlineEmulator, startExactOnlineEmulator } from './index.ts'

const app = { clientId: 'app-1', clientSecret: 's3cret', redirectUris: ['https://partner.example/cb'] }
const [redirectUri = ''] = app.redirectUris

let emulator: ExactOnlineEmulator
const control = async (path: string, body?: object) => {
  const response = await fetch(
    `${emulator.url}/_control/${path}`,
    body ? { method: 'POST', body: JSON.stringify(body) } : {},
  )
  return (await response.json()) as Record<string, unknown>
}
const post = async (fields: Record<string, string>) => {
  const response = await fetch(`${emulator.url}/api/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(fields),
  })
  const text = await response.text()
  return {
    status: response.status,
    reason: response.headers.get('reason'),
    text,
    body: JSON.parse(text) as Record<string, string>,
  }
}
const client = { client_id: app.clientId, client_secret: app.clientSecret }
const consent = async (user = 'anna@example.com', divisions?: number[]) =>
  String(
    (
      await control('consents', {
        clientId: app.clientId,
        user,
        redirectUri,
        ...(divisions ? { divisions } : {}),
      })
    ).code,
  )
const exchange = (code: string) =>
  post({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...client })
const refresh = (token: string) => post({ grant_type: 'refresh_token', refresh_token: token, ...client })
const tokens = async (user?: string, divisions?: number[]) =>
  (await exchange(await consent(user, divisions))).body
const get = async (path: string, accessToken: string) => {
  const response = await fetch(`${emulator.url}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' },
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of many shapes
    d: (text.startsWith('{"d"') ? JSON.parse(text).d : null) as any,
  }
}

/** How a value of each type stands in JSON. @see wire.md § 3.3 */
const written: Readonly<Record<string, (value: unknown) => boolean>> = {
  'Edm.Guid': (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(value)),
  'Edm.Boolean': (value) => typeof value === 'boolean',
  'Edm.Int64': (value) => typeof value === 'string' && /^-?\d+$/.test(value),
  'Edm.DateTime': (value) => typeof value === 'string' && /^\/Date\(-?\d+\)\/$/.test(value),
  'Edm.Byte': (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256,
  'Edm.Int16': (value) => Number.isInteger(value),
  'Edm.Int32': (value) => Number.isInteger(value),
  'Edm.Double': (value) => typeof value === 'number',
  'Edm.Decimal': (value) => typeof value === 'number' || typeof value === 'string',
  'Edm.String': (value) => typeof value === 'string',
  'Edm.Binary': (value) => typeof value === 'string' && /\/docs\/SysAttachment\.aspx\?ID=/.test(value),
}
const isWritten = (value: unknown, type: string) => value === null || written[type]?.(value) === true

before(async () => {
  emulator = await startExactOnlineEmulator()
})
after(() => emulator.close())
beforeEach(async () => {
  await control('reset', {})
  await control('apps', { ...app, limits: { minute: 10_000, day: 100_000 } })
})

describe('the token endpoint', () => {
  test('an answer that is dropped has rotated all the same', async () => {
    const { refresh_token = '' } = await tokens()
    await control('clock', { advanceSeconds: 571 })
    await control('faults', { at: 'token', kind: 'drop-response', times: 1 })
    await assert.rejects(refresh(refresh_token))
    assert.match((await refresh(refresh_token)).text, /Old refresh token used/)
    const { entries } = (await control('ledger')) as { entries: { outcome: string; fault?: string }[] }
    assert.deepEqual(
      entries.slice(-2).map(({ outcome, fault }) => [outcome, fault]),
      [
        ['refreshed', 'drop-response'],
        ['old-token', undefined],
      ],
    )
  })

  test('chains, apps and clock survive the emulator itself', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sluis-emulator-'))
    const outer = emulator
    try {
      emulator = await startExactOnlineEmulator({ home })
      await control('apps', app)
      const { refresh_token = '' } = await tokens()
      await control('clock', { advanceSeconds: 571 })
      await emulator.close()
      emulator = await startExactOnlineEmulator({ home })
      assert.equal((await refresh(refresh_token)).status, 200)
      assert.equal(((await control('ledger')) as { totals: { token: number } }).totals.token, 2)
      await emulator.close()
    } finally {
      emulator = outer
      rmSync(home, { recursive: true, force: true })
    }
  })
})

describe('the API', () => {
  test('Me names the user and the divisions are those of the consent', async () => {
    const { companies } = (await control('data')) as { companies: { code: number }[] }
    const [first, second] = companies.map(({ code }) => code)
    const { access_token = '' } = await tokens('anna.bakker@example.com', [second ?? 0])
    const me = await get('current/Me?$select=CurrentDivision,FullName', access_token)
    assert.deepEqual([me.d.results[0].CurrentDivision, me.d.results[0].FullName], [second, 'Anna Bakker'])
    const list = await get(`${second}/system/Divisions?$select=Code,Description`, access_token)
    assert.deepEqual(
      list.d.results.map((row: { Code: number }) => row.Code),
      [second],
    )
    const other = await get(`${first}/crm/Accounts?$filter=ID ne null`, access_token)
    assert.deepEqual([other.status, other.headers.get('reason')], [403, 'NoDivisionAccess'])
  })

  test('every readable endpoint gives a page of its own properties, each written as its type is (§ 3.3)', async () => {
    const { access_token = '' } = await tokens()
    const { companies } = (await control('data')) as { companies: { code: number }[] }
    await control('apps', {
      ...app,
      flags: { enforceMandatoryFilter: false },
      limits: { minute: 10_000, day: 100_000 },
    })
    for (const entry of exactOnlineCatalogue()) {
      if (!entry.methods.includes('GET')) continue
      const properties = entry.properties
        .filter(({ name, type }) => name && type.startsWith('Edm.'))
        .map(({ name }) => name)
      const path = entry.uri.replace('/api/v1/', '').replace('{division}', String(companies[0]?.code))
      const isFunction = entry.kind === 'function'
      const query = isFunction ? '' : `?$select=${properties.slice(0, 30).join(',')}`
      const { status, d, text } = await get(`${path}${query}`, access_token)
      assert.equal(status, 200, `${path}: ${text.slice(0, 200)}`)
      // Nothing has been deleted or subscribed to yet, and what a function computes depends on its parameters.
      if (/sync\/Deleted$|WebhookSubscriptions$/.test(path) || isFunction) continue
      assert.ok(d.results.length > 0, path)
      for (const { name, type } of entry.properties
        .filter((property) => properties.includes(property.name))
        .slice(0, 30)) {
        assert.ok(name in d.results[0], `${path} ${name}`)
        for (const row of d.results.slice(0, 20))
          assert.ok(isWritten(row[name], type), `${path} ${name} of ${type}: ${JSON.stringify(row[name])}`)
      }
    }
  })

  test('lines and their VAT add up to their header, whose customer exists', async () => {
    const { access_token = '' } = await tokens()
    const division = ((await control('data')) as { companies: { code: number }[] }).companies[1]?.code
    const { d } = await get(
      `${division}/salesinvoice/SalesInvoices?$filter=InvoiceID ne null&$expand=SalesInvoiceLines&$select=InvoiceID,AmountDC,InvoiceTo,InvoiceToName,SalesInvoiceLines/AmountDC,SalesInvoiceLines/VATAmountDC,SalesInvoiceLines/InvoiceID`,
      access_token,
    )
    assert.equal(d.results.length, 60)
    for (const invoice of d.results.slice(0, 10)) {
      const lines = invoice.SalesInvoiceLines.results as {
        AmountDC: number
        VATAmountDC: number
        InvoiceID: string
      }[]
      assert.ok(lines.every(({ InvoiceID }) => InvoiceID === invoice.InvoiceID))
      assert.equal(
        lines.reduce(
          (sum, { AmountDC, VATAmountDC }) =>
            sum + Math.round(AmountDC * 100) + Math.round(VATAmountDC * 100),
          0,
        ),
        Math.round(invoice.AmountDC * 100),
      )
      const account = await get(
        `${division}/crm/Accounts(guid'${invoice.InvoiceTo}')?$select=Name`,
        access_token,
      )
      assert.equal(account.d.Name, invoice.InvoiceToName)
    }
  })

  test('paging follows __next to the end, plain by 60 and bulk by 1000', async () => {
    const { access_token = '' } = await tokens()
    const division = ((await control('data')) as { companies: { code: number }[] }).companies[0]?.code
    const ids = new Set<string>()
    let next = `${division}/crm/Accounts?$select=ID&$filter=ID ne null`
    let pages = 0
    while (next) {
      const { d } = await get(next, access_token)
      for (const { ID } of d.results) ids.add(ID)
      pages++
      next = d.__next?.split('/api/v1/')[1] ?? ''
    }
    assert.deepEqual([ids.size, pages], [500, 9])
    const bulk = await get(`${division}/bulk/CRM/Accounts?$select=ID&$filter=ID ne null`, access_token)
    assert.deepEqual([bulk.d.results.length, bulk.d.__next], [500, undefined])
  })

  test('the envelope depends on $top, the count on $inlinecount and /$count', async () => {
    const { access_token = '' } = await tokens()
    const division = ((await control('data')) as { companies: { code: number }[] }).companies[0]?.code
    const path = `${division}/logistics/Items`
    assert.ok(Array.isArray((await get(`${path}?$top=2&$select=Code&$filter=ID ne null`, access_token)).d))
    assert.equal(
      (await get(`${path}?$inlinecount=allpages&$select=Code&$filter=ID ne null`, access_token)).d.__count,
      '300',
    )
    assert.equal((await get(`${path}/$count?$filter=ID ne null`, access_token)).text, '300')
  })

  test('filters are typed, need a field where the endpoint insists, and compare without case and trailing blanks', async () => {
    const { access_token = '' } = await tokens()
    const division = ((await control('data')) as { companies: { code: number }[] }).companies[0]?.code
    const path = `${division}/crm/Accounts?$select=ID,Name&`
    assert.match(
      (await get(`${path}$filter=ID eq 5`, access_token)).text,
      /Operator 'eq' incompatible with operand types 'System.Guid' and 'System.Int32' at position 3/,
    )
    assert.match((await get(`${path}$filter=Nme eq 'x'`, access_token)).text, /No property 'Nme' exists/)
    assert.match(
      (await get(`${division}/crm/Accounts?$select=ID`, access_token)).text,
      /mandatory filtering applied.*Accountant,AccountManager/,
    )
    const lower = await get(`${path}$filter=Name eq 'acme nederland'`, access_token)
    const upper = await get(`${path}$filter=Name eq 'ACME NEDERLAND  '`, access_token)
    assert.ok(lower.d.results.length > 0)
    assert.deepEqual(lower.d.results, upper.d.results)
    await control('data', { collation: 'binary' })
    assert.equal((await get(`${path}$filter=Name eq 'ACME NEDERLAND  '`, access_token)).d.results.length, 0)
    await control('data', { collation: 'sql-server' })
  })

  test('what a reference filter finds is what a look at every row finds', async () => {
    const { access_token = '' } = await tokens()
    const division = ((await control('data')) as { companies: { code: number }[] }).companies[0]?.code
    const path = `${division}/bulk/SalesInvoice/SalesInvoiceLines?$select=ID,Item&$filter=ID ne null`
    const all = [
      ...(await get(path, access_token)).d.results,
      ...(
        await get(
          `${path}&$skiptoken=${encodeURIComponent(`guid'${(await get(path, access_token)).d.results.at(-1).ID}'`)}`,
          access_token,
        )
      ).d.results,
    ] as { ID: string; Item: string }[]
    const item = all[17]?.Item
    const found = await get(`${path} and Item eq guid'${item}'`, access_token)
    assert.deepEqual(
      found.d.results.map(({ ID }: { ID: string }) => ID),
      all.filter((line) => line.Item === item).map(({ ID }) => ID),
    )
  })

  test('limits: headers on every answer, 429 with an empty body and one family of headers', async () => {
    await control('apps', { ...app, limits: { minute: 2, day: 100 } })
    const { access_token = '' } = await tokens()
    const division = ((await control('data')) as { companies: { code: number }[] }).companies[0]?.code
    const path = `${division}/logistics/Items?$select=ID&$filter=ID ne null`
    const now = Number((await control('clock')).now)
    await control('clock', { now: Math.ceil(now / 60_000) * 60_000 })
    const first = await get(path, access_token)
    assert.equal(first.headers.get('x-ratelimit-minutely-remaining'), '1')
    await get(path, access_token)
    const third = await get(path, access_token)
    assert.deepEqual([third.status, third.text, third.headers.get('x-ratelimit-limit')], [429, '', null])
    assert.ok(third.headers.get('x-ratelimit-minutely-reset'))
    await control('clock', { advanceSeconds: 60 })
    assert.equal((await get(path, access_token)).status, 200)
  })

  test('scopes, unknown sets, expired tokens', async () => {
    await control('apps', { ...app, scopes: ['logistics items'] })
    const { access_token = '' } = await tokens()
    const division = ((await control('data')) as { companies: { code: number }[] }).companies[0]?.code
    assert.match(
      (await get(`${division}/crm/Accounts?$filter=ID ne null`, access_token)).text,
      /Application Scope Violated. Cannot read 'crm.accounts' scope/,
    )
    assert.equal((await get(`${division}/crm/accounts?$top=1`, access_token)).status, 404)
    assert.equal(
      (
        await get(
          `${division}/CRM/Accounts(guid'${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}')`,
          access_token,
        )
      ).status,
      403,
    )
    await control('clock', { advanceSeconds: 601 })
    const expired = await get(`${division}/logistics/Items?$filter=ID ne null`, access_token)
    assert.deepEqual([expired.status, expired.text], [401, ''])
  })

  test('the browser flow: log-in, consent with a choice, redirect with code and state', async () => {
    const query = new URLSearchParams({
      client_id: app.clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      state: 'xyz',
    })
    const login = await fetch(`${emulator.url}/api/oauth2/auth?${query}`, {
      headers: { 'accept-language': 'nl' },
    })
    assert.match(await login.text(), /Inloggen bij Exact Online/)
    const form = new URLSearchParams({
      client_id: app.clientId,
      redirect_uri: redirectUri,
      state: 'xyz',
      user: 'bram',
      password: 'x',
      lang: 'nl',
    })
    const consentPage = await fetch(`${emulator.url}/api/oauth2/login`, { method: 'POST', body: form })
    const [, code] = /name="division" value="(\d+)"/.exec(await consentPage.text()) ?? []
    form.append('division', code ?? '')
    form.append('choice', 'allow')
    const done = await fetch(`${emulator.url}/api/oauth2/consent`, {
      method: 'POST',
      body: form,
      redirect: 'manual',
    })
    const target = new URL(done.headers.get('location') ?? '')
    assert.equal(target.searchParams.get('state'), 'xyz')
    const { access_token = '' } = (await exchange(target.searchParams.get('code') ?? '')).body
    const me = await get('current/Me', access_token)
    assert.equal(String(me.d.results[0].CurrentDivision), code)
  })
})
