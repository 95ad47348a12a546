import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { makeOffices } from './dataset.ts'
import { startTwinfieldEmulator, type TwinfieldEmulator } from './index.ts'
import { escapeXml, parseXml, type XmlNode } from './xml.ts'

const app = { clientId: 'cid', clientSecret: 's3cret+/=', redirectUris: ['https://partner.example/cb'] }
let emulator: TwinfieldEmulator
const connect = () => `${emulator.url}/auth/authentication/connect`

// biome-ignore lint/suspicious/noExplicitAny: JSON, whose form is what the tests assert
async function control(path: string, body?: object): Promise<any> {
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
  return (await fetch(`${emulator.url}/_control/${path}`, init)).json()
}
async function token(fields: Record<string, string>, basic = `${app.clientId}:${app.clientSecret}`) {
  const answer = await fetch(`${connect()}/token`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, string> }
}
async function consent(user = 'anna@example.com', scopes?: readonly string[]) {
  const { code } = await control('consents', { clientId: app.clientId, user, ...(scopes ? { scopes } : {}) })
  const { body } = await token({
    grant_type: 'authorization_code',
    code,
    redirect_uri: must(app.redirectUris[0]),
  })
  return { access: body.access_token ?? '', refresh: body.refresh_token ?? '', body }
}
async function soap(service: string, inner: string, { access = '', company = '001', cluster = 'c1' } = {}) {
  const header = `<Header xmlns="http://www.twinfield.com/"><AccessToken>${access}</AccessToken>${company ? `<CompanyCode>${company}</CompanyCode>` : ''}</Header>`
  const answer = await fetch(`${emulator.url}/${cluster}/webservices/${service}.asmx?wsdl`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="utf-16"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>${header}</soap:Header><soap:Body>${inner}</soap:Body></soap:Envelope>`,
  })
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    code: /<code>(\d+)<\/code><source>/.exec(text)?.[1] ?? null,
  }
}
const process = (document: string, options?: object, form = 'escaped') => {
  const inner = form === 'cdata' ? `<![CDATA[${document}]]>` : escapeXml(document)
  return soap(
    'processxml',
    `<ProcessXmlString xmlns="http://www.twinfield.com/"><xmlRequest>${inner}</xmlRequest></ProcessXmlString>`,
    options,
  )
}
const resultOf = (text: string): XmlNode => {
  const find = (node: XmlNode): XmlNode | null =>
    node.name === 'ProcessXmlStringResult'
      ? node
      : (node.children.map(find).find((found) => found !== null) ?? null)
  return must(parseXml(must(find(must(parseXml(text)))).text))
}

before(async () => {
  emulator = await startTwinfieldEmulator()
  await control('apps', app)
})
after(() => emulator.close())

describe('log-in (wire facts § 1)', () => {
  test('authorize demands a nonce, echoes the state, and its code works once (§ 1.2)', async () => {
    const asked = {
      client_id: 'cid',
      redirect_uri: must(app.redirectUris[0]),
      response_type: 'code',
      scope: 'openid twf.organisationUser',
      state: 'st',
    }
    const without = await fetch(`${connect()}/authorize?${new URLSearchParams(asked)}`)
    assert.equal(without.status, 400)
    const form = new URLSearchParams({ ...asked, nonce: 'n1', user: 'bram', decision: 'yes' })
    const answer = await fetch(`${connect()}/authorize`, { method: 'POST', body: form, redirect: 'manual' })
    const back = new URL(must(answer.headers.get('location')))
    assert.equal(back.searchParams.get('state'), 'st')
    const fields = {
      grant_type: 'authorization_code',
      code: must(back.searchParams.get('code')),
      redirect_uri: asked.redirect_uri,
    }
    const first = await token(fields)
    assert.equal(first.status, 200)
    const claims = JSON.parse(Buffer.from(must(first.body.id_token?.split('.')[1]), 'base64url').toString())
    assert.equal(claims.nonce, 'n1')
    assert.equal(first.body.refresh_token, undefined, 'offline_access was not asked')
    assert.deepEqual(await token(fields), { status: 400, body: { error: 'invalid_grant' } })
  })
  test('a refusal goes back as access_denied', async () => {
    const form = new URLSearchParams({
      client_id: 'cid',
      redirect_uri: must(app.redirectUris[0]),
      response_type: 'code',
      scope: 'openid',
      nonce: 'n',
      decision: 'no',
    })
    const answer = await fetch(`${connect()}/authorize`, { method: 'POST', body: form, redirect: 'manual' })
    assert.match(must(answer.headers.get('location')), /error=access_denied/)
  })
  test('the refresh token works any number of times and is repeated (§ 1.3)', async () => {
    const { refresh, access } = await consent()
    for (let at = 0; at < 3; at++) {
      const { body } = await token({ grant_type: 'refresh_token', refresh_token: refresh })
      assert.equal(body.refresh_token, refresh)
      assert.notEqual(body.access_token, access)
    }
    assert.match(access, /^[0-9a-f]{32}$/)
  })
  test('errors: invalid_client, unauthorized_client, invalid_grant (§ 1.3)', async () => {
    const { refresh } = await consent()
    const asked = { grant_type: 'refresh_token', refresh_token: refresh }
    assert.equal((await token(asked, 'cid:wrong')).body.error, 'invalid_client')
    assert.equal((await token({ grant_type: 'password' })).body.error, 'unauthorized_client')
    assert.equal((await token({ ...asked, refresh_token: 'x' })).body.error, 'invalid_grant')
  })
  test('an old code is refused, revocation and a new secret end the refresh token', async () => {
    const { code } = await control('consents', { clientId: 'cid', user: 'late' })
    await control('clock', { advanceSeconds: 121 })
    assert.equal(
      (await token({ grant_type: 'authorization_code', code, redirect_uri: must(app.redirectUris[0]) })).body
        .error,
      'invalid_grant',
    )
    const { refresh } = await consent('carla')
    await control('revocations', { clientId: 'cid', user: 'carla' })
    assert.equal(
      (await token({ grant_type: 'refresh_token', refresh_token: refresh })).body.error,
      'invalid_grant',
    )
    const again = await consent('carla')
    await control('apps', { ...app, clientSecret: 'new' })
    assert.equal(
      (await token({ grant_type: 'refresh_token', refresh_token: again.refresh }, 'cid:new')).body.error,
      'invalid_grant',
    )
    await control('apps', app)
  })
  test('validation names the cluster, only with the scope; times are texts (§ 1.4)', async () => {
    const validate = async (access: string) => {
      const answer = await fetch(`${connect()}/accesstokenvalidation?token=${access}`)
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }
    const full = await validate((await consent()).access)
    assert.equal(full.body['twf.clusterUrl'], `${emulator.url}/c1`)
    assert.equal(typeof full.body.exp, 'string')
    const less = await validate((await consent('dirk', ['openid', 'twf.organisationUser'])).access)
    assert.equal('twf.clusterUrl' in less.body, false)
    const bad = await validate('nonsense')
    assert.equal(bad.status, 400)
    assert.ok('Message' in bad.body)
  })
})

describe('faults (wire facts § 2.4)', () => {
  const office = '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype></read>'
  test('108 on another cluster, 101 without company, 109 without access, 354 after the hour, 351 without the claim', async () => {
    const { access } = await consent()
    assert.equal((await process(office, { access, cluster: 'c9' })).code, '108')
    const missing = await process(office, { access, company: '' })
    assert.equal(missing.code, '101')
    assert.match(missing.text, /Company ontbreekt in request header/)
    assert.equal((await process(office, { access, company: '999' })).code, '109')
    const without = await consent('eva', ['openid', 'twf.organisation'])
    assert.deepEqual(
      [
        (await process(office, { access: without.access })).status,
        (await process(office, { access: without.access })).code,
      ],
      [401, '351'],
    )
    await control('clock', { advanceSeconds: 3600 })
    const late = await process(office, { access })
    assert.deepEqual([late.status, late.code], [401, '354'])
  })
  test('the text follows the user’s language, the code does not', async () => {
    await control('users', { user: 'john', language: 'en' })
    const { access } = await consent('john')
    const answer = await process(office, { access, company: '' })
    assert.equal(answer.code, '101')
    assert.match(answer.text, /Company is missing in request header/)
  })
  test('an ordered fault is played once', async () => {
    const { access } = await consent()
    await control('faults', { at: 'api', kind: 'soap', code: 103 })
    assert.equal((await process(office, { access })).code, '103')
    assert.equal((await process(office, { access })).status, 200)
  })
  test('over the credits: 429 in plain text with Retry-After (§ 6)', async () => {
    await control('apps', {
      clientId: 'small',
      clientSecret: 'x',
      redirectUris: app.redirectUris,
      limits: { minute: 1 },
    })
    const { code } = await control('consents', { clientId: 'small', user: 'f' })
    const { body } = await token(
      { grant_type: 'authorization_code', code, redirect_uri: must(app.redirectUris[0]) },
      'small:x',
    )
    const access = body.access_token ?? ''
    assert.equal((await process(office, { access })).headers.get('x-ratelimit-remaining'), '0')
    const full = await process(office, { access })
    assert.equal(full.status, 429)
    assert.match(must(full.headers.get('retry-after')), /^[0-9]+$/)
  })
})

test('with a home everything that was answered for is still true after a restart', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sluis-twinfield-'))
  let one = await startTwinfieldEmulator({ home })
  const at = async (path: string, body?: object) => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    return (await (await fetch(`${one.url}/_control/${path}`, init)).json()) as Record<string, string>
  }
  const exchange = async (fields: Record<string, string>) => {
    const credentials = { client_id: app.clientId, client_secret: app.clientSecret }
    const body = new URLSearchParams({ ...fields, ...credentials })
    const answer = await fetch(`${one.url}/auth/authentication/connect/token`, { method: 'POST', body })
    return (await answer.json()) as Record<string, string>
  }
  const validate = async (access: string) =>
    (
      await fetch(`${one.url}/auth/authentication/connect/accesstokenvalidation?token=${access}`)
    ).json() as Promise<Record<string, string>>
  try {
    await at('apps', app)
    await at('clock', { advanceSeconds: 86_400 })
    await at('clusters', { cluster: 'c7' })
    await at('data', { offices: 3, vatNumbers: ['NL1'] })
    const { code = '' } = await at('consents', { clientId: app.clientId, user: 'anna' })
    const { code: unspent = '' } = await at('consents', { clientId: app.clientId, user: 'anna' })
    const redirect = { grant_type: 'authorization_code', redirect_uri: must(app.redirectUris[0]) }
    const pair = await exchange({ ...redirect, code })
    const gone = await at('consents', { clientId: app.clientId, user: 'bram' })
    const other = await exchange({ ...redirect, code: gone.code ?? '' })
    await at('revocations', { clientId: app.clientId, user: 'bram' })
    const before = [await at('data'), (await at('ledger')).totals]
    const { now } = await at('clock')
    await one.close()

    one = await startTwinfieldEmulator({ home })
    assert.deepEqual([await at('data'), (await at('ledger')).totals], before)
    assert.ok(Number((await at('clock')).now) >= Number(now))
    assert.equal((await validate(must(pair.access_token)))['twf.clusterUrl'], `${one.url}/c7`)
    assert.equal((await validate(must(other.access_token))).Message, 'invalid_token')
    const refreshed = (refresh_token = '') => exchange({ grant_type: 'refresh_token', refresh_token })
    assert.equal((await refreshed(pair.refresh_token)).refresh_token, pair.refresh_token)
    assert.equal((await refreshed(other.refresh_token)).error, 'invalid_grant')
    assert.equal((await exchange({ ...redirect, code })).error, 'invalid_grant')
    assert.equal((await exchange({ ...redirect, code: unspent })).refresh_token, pair.refresh_token)
  } finally {
    await one.close()
    rmSync(home, { recursive: true, force: true })
  }
})

describe('documents (wire facts § 3 and § 4)', () => {
  test('offices are listed without a company, 001 stays text, and only those in reach', async () => {
    const { access } = await consent()
    const list = resultOf(
      (await process('<list><type>offices</type></list>', { access, company: '' }, 'cdata')).text,
    )
    assert.deepEqual(
      list.children.map(({ text }) => text),
      ['001', '010'],
    )
    await control('users', { user: 'gijs', offices: [] })
    const none = await consent('gijs')
    const empty = resultOf(
      (await process('<list><type>offices</type></list>', { access: none.access, company: '' })).text,
    )
    assert.deepEqual(empty.children, [])
  })
  test('dimensions keep leading zeros, entities and line breaks; a missing one says so with status 200', async () => {
    const { access } = await consent()
    const all = resultOf(
      (
        await process('<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype></read>', {
          access,
        })
      ).text,
    )
    const texts = (name: string) =>
      all.children.map((node) => node.children.find((child) => child.name === name)?.text)
    assert.ok(texts('code').includes('0010'))
    assert.ok(texts('name').some((name) => name?.includes('<& Co>')))
    assert.ok(texts('name').some((name) => name?.includes('\r\n')))
    const bad = resultOf(
      (
        await process(
          '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype><code>00590</code></read>',
          { access },
        )
      ).text,
    )
    assert.equal(bad.attributes.msg, 'Dimension 00590 does not exist.')
    assert.equal(bad.attributes.result, '0')
  })
  test('dimensions are stored, changed and deleted by one form of document; a name is always required (§ 3.3)', async () => {
    const { access } = await consent()
    const write = async (inner: string, attributes = '') =>
      resultOf(
        (
          await process(`<dimension${attributes}><office>001</office><type>DEB</type>${inner}</dimension>`, {
            access,
          })
        ).text,
      )
    const read = async () =>
      resultOf(
        (
          await process(
            '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype><code>9001</code></read>',
            { access },
          )
        ).text,
      )
    const textIn = (node: XmlNode, name: string) => node.children.find((child) => child.name === name)?.text
    const made = await write('<code>9001</code><name>Nieuw</name><website>w.example</website>')
    assert.deepEqual([made.attributes.result, textIn(made, 'name')], ['1', 'Nieuw'])
    await write('<code>9001</code><name>Anders</name>')
    const changed = await read()
    assert.deepEqual([textIn(changed, 'name'), textIn(changed, 'website')], ['Anders', 'w.example'])
    for (const [inner, msg] of [
      ['<code>9001</code>', 'De naam mag niet leeg zijn.'],
      [
        '<code>9001</code><name>N</name><inuse>true</inuse>',
        "Het element 'inuse' mag niet worden aangeleverd.",
      ],
      ['<code>9-1</code><name>N</name>', 'De code voldoet niet aan het masker.'],
    ] as const) {
      const refused = await write(inner)
      assert.equal(refused.attributes.result, '0')
      assert.deepEqual(
        refused.children.map(({ attributes }) => attributes.msg),
        [msg],
      )
    }
    const batch = resultOf(
      (
        await process(
          '<dimensions><dimension><office>001</office><type>DEB</type><code>9002</code><name>B</name></dimension><dimension><office>001</office><type>XXX</type><code>9003</code><name>C</name></dimension></dimensions>',
          { access },
        )
      ).text,
    )
    assert.deepEqual(
      [batch.attributes.result, ...batch.children.map(({ attributes }) => attributes.result)],
      ['0', '1', '0'],
    )
    const gone = await write('<code>9001</code><name>Anders</name>', ' status="deleted"')
    assert.deepEqual([gone.attributes.status, gone.attributes.result], ['deleted', '1'])
    assert.equal((await read()).attributes.msg, 'Dimension 9001 does not exist.')
    await write('<code>9002</code><name>B</name>', ' status="deleted"')
  })
  test('sales invoices are stored whole or not, numbered by type, and read by type and number (§ 3.2, § 3.5)', async () => {
    const { access } = await consent()
    const ask = async (document: string) => resultOf((await process(document, { access })).text)
    const invoice = (type: string, article: string, more = '') =>
      `<salesinvoice><header><office>001</office><invoicetype>${type}</invoicetype><invoicedate>20260301</invoicedate><customer>0010</customer>${more}</header><lines><line><article>${article}</article><quantity>2</quantity><vatcode>VH</vatcode></line></lines></salesinvoice>`
    const both = await ask(
      `<salesinvoices>${invoice('CREDIT', 'A001')}${invoice('CREDIT', '')}</salesinvoices>`,
    )
    assert.deepEqual(
      [both.attributes.result, ...both.children.map(({ attributes }) => attributes.result)],
      ['0', '1', '0'],
    )
    const read = (number: string) =>
      ask(
        `<read><type>salesinvoice</type><office>001</office><code>CREDIT</code><invoicenumber>${number}</invoicenumber></read>`,
      )
    assert.deepEqual(
      (await read('1')).children[0]?.children.map(({ name, text }) => [name, text]).slice(0, 3),
      [
        ['office', '001'],
        ['invoicetype', 'CREDIT'],
        ['invoicenumber', '1'],
      ],
    )
    assert.equal((await read('2')).attributes.msg, 'Factuur 2 van type CREDIT bestaat niet.')
    assert.equal((await read('x')).attributes.msg, 'invoicenumber moet een geheel getal zijn.')
    const late = await ask(invoice('CREDIT', 'A001', '<duedate>20260228</duedate>'))
    assert.equal(late.children[0]?.children[0]?.attributes.msg, 'De vervaldatum is ongeldig.')
  })
  test('browse data: asked fields combine, only visible columns come back in order, the key is whole', async () => {
    const { access } = await consent()
    const column = (field: string, rest = '<visible>true</visible>') =>
      `<column><field>fin.trs.${field}</field>${rest}</column>`
    const ask = (from: string, to: string) =>
      `<visible>false</visible><ask>true</ask><operator>between</operator><from>${from}</from><to>${to}</to>`
    const read = async (code: string, columns: string) =>
      resultOf((await process(`<columns code="${code}">${columns}</columns>`, { access })).text)
    const all = await read('030_2', column('line.dim1') + column('line.basevaluesigned'))
    const some = await read(
      '030_2',
      column('head.yearperiod', ask('2026/02', '2026/02')) + column('line.dim1') + column('head.date'),
    )
    const rows = some.children.filter(({ name }) => name === 'tr')
    assert.ok(rows.length > 0 && rows.length < Number(all.attributes.total))
    assert.ok(rows.every((row) => /^202602/.test(row.children[1]?.text ?? '')))
    assert.deepEqual(
      rows[0]?.children.map(({ name }) => name),
      ['td', 'td', 'key'],
    )
    assert.deepEqual(
      rows[0]?.children[2]?.children.map(({ name }) => name),
      ['office', 'code', 'number', 'line'],
    )
    assert.equal((await read('030_2', column('head.nothing'))).attributes.msg, 'Veld bestaat niet')
    assert.equal(
      (
        await read(
          '100',
          column('head.code', '<visible>false</visible><operator>equal</operator><from>VRK</from>'),
        )
      ).attributes.result,
      '0',
    )
  })
  test('every transaction is in balance, with each status and match status present', () => {
    for (const office of makeOffices({ seed: 7, offices: 2, scale: 2, vatNumbers: [] })) {
      for (const { lines } of office.transactions)
        assert.equal(
          lines.reduce((sum, { cents }) => sum + cents, 0),
          0,
        )
      const codes = new Set(office.dimensions.map(({ code }) => code))
      const lines = office.transactions.flatMap((one) => one.lines)
      assert.ok(lines.every(({ dim1, dim2 }) => codes.has(dim1) && (dim2 === '' || codes.has(dim2))))
      assert.deepEqual([...new Set(office.transactions.map(({ status }) => status))].sort(), [
        'draft',
        'final',
        'temporary',
      ])
      assert.deepEqual([...new Set(lines.map(({ matchStatus }) => matchStatus))].sort(), [
        'available',
        'matched',
        'notmatchable',
      ])
    }
  })
})

describe('finder and session (wire facts § 5)', () => {
  const search = (type: string, first: number, most: number, access: string) =>
    soap(
      'finder',
      `<Search xmlns="http://www.twinfield.com/"><type>${type}</type><pattern>*</pattern><field>0</field><firstRow>${first}</firstRow><maxRows>${most}</maxRows><options><ArrayOfString><string>dimtype</string><string>DEB</string></ArrayOfString></options></Search>`,
      { access },
    )
  test('pages by firstRow and maxRows; a wrong type is an error message', async () => {
    const { access } = await consent()
    const page = await search('DIM', 3, 2, access)
    assert.match(page.text, /<TotalRows>8<\/TotalRows>/)
    assert.equal(page.text.match(/<ArrayOfString>/g)?.length, 2)
    assert.match((await search('NIX', 1, 2, access)).text, /<Code>InvalidFinderType<\/Code>/)
  })
  test('SelectCompany says Ok or Invalid', async () => {
    const { access } = await consent()
    const select = (company: string) =>
      soap(
        'session',
        `<SelectCompany xmlns="http://www.twinfield.com/"><company>${company}</company></SelectCompany>`,
        { access },
      )
    assert.match((await select('010')).text, />Ok</)
    assert.match((await select('011')).text, />Invalid</)
  })
  test('each service describes itself with its own address (§ 7.2)', async () => {
    const text = await (await fetch(`${emulator.url}/c1/webservices/finder.asmx?wsdl`)).text()
    assert.ok(text.includes(`location="${emulator.url}/c1/webservices/finder.asmx"`))
  })
  test('the ledger holds every call and no token', async () => {
    const { access } = await consent()
    const { last } = await control('ledger')
    await process('<list><type>offices</type></list>', { access, company: '' })
    const { entries, totals } = await control(`ledger?since=${last}`)
    assert.equal(totals.api, 1)
    assert.equal(entries[0].route, 'processxml/list offices')
    assert.equal(JSON.stringify(await control('ledger')).includes(access), false)
  })
})
