import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Limits } from '../limits.ts'
import { companyIdOf } from '../services.ts'
import { app, type Lab, redirectUri } from './lab.ts'

const customers = '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype></read>'
const offices = '<list><type>offices</type></list>'

export function transportRules(lab: Lab): void {
  const { consent, control, process, soap, query } = lab

  describe('transport (wire facts § 2, § 7)', () => {
    test('each service describes itself with the emulator’s own address, whatever the real ones name (§ 7.1, § 7.2)', async () => {
      for (const service of [
        'processxml.asmx',
        'finder.asmx',
        'session.asmx',
        'BankStatementService.svc',
        'DeletedTransactionsService.svc',
      ]) {
        const answer = await fetch(`${lab.url}/c1/webservices/${service}?wsdl`)
        assert.match(answer.headers.get('content-type') ?? '', /^text\/xml/)
        assert.match(await answer.text(), new RegExp(`location="${lab.url}/c1/webservices/${service}"`))
      }
    })
    test('a document is the same as escaped text, in CDATA and as elements (§ 2.3, § 7.7)', async () => {
      const { access } = await consent()
      const [escaped, cdata] = [
        await process(customers, { access }),
        await process(customers, { access }, 'cdata'),
      ]
      assert.equal(escaped.status, 200)
      assert.equal(cdata.text, escaped.text)
      const literal = await soap(
        'processxml',
        `<ProcessXmlDocument xmlns="http://www.twinfield.com/"><xmlRequest>${customers.replace('<read>', '<read xmlns="">')}</xmlRequest></ProcessXmlDocument>`,
        { access },
      )
      assert.match(literal.text, /<ProcessXmlDocumentResult><dimensions xmlns="" result="1">/)
      assert.equal(literal.text.match(/<code>[^<]*</g)?.length, escaped.text.match(/&lt;code&gt;/g)?.length)
    })
    test('the operation is the body’s first child, with a SOAPAction or without (§ 7.3)', async () => {
      const { access } = await consent()
      const headers = { soapaction: '"http://www.twinfield.com/ProcessXmlString"' }
      assert.equal(
        (await process(customers, { access, headers })).text,
        (await process(customers, { access })).text,
      )
    })
    test('ProcessXmlCompressed has ended (§ 2, § 6)', async () => {
      const { access } = await consent()
      const answer = await soap(
        'processxml',
        '<ProcessXmlCompressed xmlns="http://www.twinfield.com/"><xmlRequest>eA==</xmlRequest></ProcessXmlCompressed>',
        { access },
      )
      assert.deepEqual([answer.status, answer.code], [500, '100'])
    })
    test('a company is named by code or by id; only the list of offices needs none (§ 2.1)', async () => {
      const { access } = await consent()
      const byId = await process(customers, { access, company: '', companyId: companyIdOf('001') })
      assert.equal(byId.text, (await process(customers, { access })).text)
      assert.equal((await process(customers, { access, company: '' })).code, '101')
      assert.equal((await process(offices, { access, company: '' })).status, 200)
      const unknown = await process(customers, { access, company: '', companyId: companyIdOf('999') })
      assert.equal(unknown.code, '359')
      await control('users', { user: 'klein', offices: ['010'] })
      const small = (await consent('klein')).access
      const apart = { access: small, company: '', companyId: companyIdOf('001') }
      assert.equal((await process(customers, apart)).code, '109')
    })
  })

  describe('queries of the .svc services (wire facts § 2.2)', () => {
    const contract = (service: string) =>
      `http://schemas.datacontract.org/2004/07/Twinfield.WebServices.${service}`
    const queryOf = (service: string, type: string, members: readonly (readonly [string, string])[]) =>
      `<Query xmlns="http://www.twinfield.com/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="${contract(service)}" i:type="d:${type}">${members.map(([name, text]) => `<d:${name}>${text}</d:${name}>`).join('')}</Query>`
    const bank = 'BankStatementService'
    const members = (posted: string, from: string, to: string) =>
      [
        ['IncludePostedStatements', posted],
        ['StatementDateFrom', `${from}T00:00:00`],
        ['StatementDateTo', `${to}T00:00:00`],
      ] as const
    const texts = (text: string, name: string) =>
      [...text.matchAll(new RegExp(`<a:${name}>([^<]*)<`, 'g'))].map(([, found = '']) => found)

    test('bank statements come by date, both ends included, posted ones only where they are asked for', async () => {
      const { access } = await consent()
      const ask = (posted: string, from: string, to: string) =>
        query(bank, queryOf(bank, 'GetBankStatements', members(posted, from, to)), { access })
      const all = await ask('true', '2026-01-01', '2026-12-31')
      assert.equal(all.status, 200)
      const dates = texts(all.text, 'StatementDate')
      assert.ok(dates.length > 3)
      for (const name of [
        'Code',
        'Number',
        'SubId',
        'AccountNumber',
        'Iban',
        'OpeningBalance',
        'ClosingBalance',
      ])
        assert.equal(texts(all.text, name).length, dates.length, name)
      const [first = ''] = dates
      const day = first.slice(0, 10)
      assert.ok(texts((await ask('true', day, day)).text, 'StatementDate').every((one) => one === first))
      const open = await ask('false', '2026-01-01', '2026-12-31')
      assert.deepEqual(texts(open.text, 'StatementDate'), ['2026-03-31T00:00:00'])
      assert.match(open.text, /<a:TransactionNumber i:nil="true"\/>/)
      // Each statement begins with what the one before it ended with.
      assert.deepEqual(
        texts(all.text, 'OpeningBalance').slice(1),
        texts(all.text, 'ClosingBalance').slice(0, -1),
      )
    })
    test('a type that is not of the service’s own contract, and members out of order, are not understood', async () => {
      const { access } = await consent()
      const good = members('true', '2026-01-01', '2026-12-31')
      const code = async (text: string) => (await query(bank, text, { access })).code
      assert.equal(await code(queryOf(bank, 'GetBankStatements', good)), null)
      assert.equal(await code(queryOf('BankBookService', 'GetBankStatements', good)), '100')
      assert.equal(await code(queryOf(bank, 'GetStatements', good)), '100')
      assert.equal(await code(queryOf(bank, 'GetBankStatements', [...good].reverse())), '100')
    })
    test('deleted transactions are of the company that the query names', async () => {
      const { access } = await consent()
      const service = 'DeletedTransactionsService'
      const ask = (company: string) => {
        const asked = [
          ['CompanyCode', company],
          ['DateFrom', '2026-01-01T00:00:00'],
          ['DateTo', '2026-12-31T00:00:00'],
        ] as const
        return query(service, queryOf(service, 'GetDeletedTransactions', asked), { access })
      }
      await control('deletions', { office: '010', code: 'VRK', number: 202600001 })
      assert.match(
        (await ask('010')).text,
        /<a:DeletedTransaction><a:Daybook>VRK<\/a:Daybook><a:TransactionNumber>202600001</,
      )
      assert.deepEqual(texts((await ask('001')).text, 'Daybook'), [])
      assert.equal((await ask('999')).code, '109')
    })
  })

  describe('limits (wire facts § 6)', () => {
    /** An app in a minute of its own: the address that all come from has credits too. */
    const newApp = async (clientId: string, more: object = {}) => {
      await control('clock', { advanceSeconds: 60 })
      const one = { clientId, clientSecret: 'x', redirectUris: app.redirectUris }
      await control('apps', { ...one, ...more })
      return one
    }
    const left = (answer: { headers: Headers }) =>
      ['limit', 'remaining', 'credited'].map((name) => Number(answer.headers.get(`x-ratelimit-${name}`)))

    test('what only asks costs one credit, anything else three', async () => {
      const { access } = await consent('f', undefined, await newApp('credits'))
      const cost = async (answer: Promise<{ headers: Headers }>) => left(await answer)[2]
      for (const document of [
        offices,
        customers,
        '<columns code="020"><column><field>fin.trs.head.code</field><visible>true</visible></column></columns>',
      ])
        assert.equal(await cost(process(document, { access })), 1, document)
      assert.equal(await cost(process('<dimension/>', { access })), 3)
      const call = (service: string, operation: string) =>
        cost(soap(service, `<${operation} xmlns="http://www.twinfield.com/"/>`, { access }))
      assert.equal(await call('session', 'GetRole'), 1)
      assert.equal(await call('session', 'KeepAlive'), 3)
      assert.equal(await call('finder', 'Search'), 1)
      assert.equal(await cost(query('DeletedTransactionsService', '<Query/>', { access })), 1)
    })
    test('an uncertified app has a twentieth; a full minute is status 429 in plain text until it ends', async () => {
      const { access } = await consent('f', undefined, await newApp('raw', { flags: { uncertified: true } }))
      for (let at = 0; at < 25; at++) assert.equal((await process(customers, { access })).status, 200)
      const full = await process(customers, { access })
      assert.deepEqual([full.status, left(full)], [429, [25, 0, 0]])
      assert.match(full.headers.get('content-type') ?? '', /^text\/plain/)
      const seconds = Number(full.headers.get('retry-after'))
      assert.ok(seconds >= 1 && seconds <= 60)
      await control('clock', { advanceSeconds: seconds })
      assert.equal((await process(customers, { access })).status, 200)
    })
    test('organisations of one client have credits of their own, up to those of the client', async () => {
      const one = await newApp('many', { flags: { uncertified: true } })
      const of = async (organisation: string) => {
        await control('users', { user: organisation, organisation })
        return (await consent(organisation, undefined, one)).access
      }
      const [a, b, c] = [await of('A'), await of('B'), await of('C')]
      for (const access of [a, b])
        for (let at = 0; at < 25; at++) assert.equal((await process(customers, { access })).status, 200)
      const third = await process(customers, { access: c })
      assert.deepEqual([third.status, left(third)[0]], [429, 50])
    })
    test('ten calls at the same time for a client and an organisation, twenty for the client', () => {
      const limits = new Limits()
      const wide = { ...app, clientId: 'wide' }
      const enter = (organisation: string) => limits.enter({ app: wide, organisation, address: 'a' })
      const entered = (organisation: string, count: number) =>
        Array.from({ length: count }, () => enter(organisation)).filter(Boolean).length
      assert.deepEqual([entered('A', 12), entered('B', 10), entered('C', 3)], [10, 10, 0])
      limits.leave({ app: wide, organisation: 'A', address: 'a' })
      assert.deepEqual([entered('B', 1), entered('C', 2)], [0, 1])
    })
    test('validation and refresh are counted and have no limit (§ 7.6)', async () => {
      const one = await newApp('one', { limits: { minute: 1 } })
      const { access, refresh } = await consent('f', undefined, one)
      const { last } = await control('ledger')
      for (let at = 0; at < 3; at++) {
        const answer = await fetch(`${lab.connect}/accesstokenvalidation?token=${access}`)
        assert.equal(answer.status, 200)
        assert.equal(
          (await lab.token({ grant_type: 'refresh_token', refresh_token: refresh }, 'one:x')).status,
          200,
        )
      }
      const { entries } = await control(`ledger?since=${last}`)
      assert.deepEqual(entries.map(({ kind }: { kind: string }) => kind).sort(), [
        ...['api', 'api', 'api'],
        ...['token', 'token', 'token'],
      ])
    })
    test('more than 1000 lines in one transaction is status 400 (§ 2.4)', async () => {
      const { access } = await consent()
      const booking = (lines: number) =>
        `<transactions><transaction destiny="temporary"><header><office>001</office></header><lines>${'<line/>'.repeat(lines)}</lines></transaction></transactions>`
      assert.equal((await process(booking(1000), { access })).status, 200)
      assert.equal((await process(booking(1001), { access })).status, 400)
    })
    test('a browse question for too much ends in Cloudflare’s status 524 (§ 2.4)', async () => {
      const { access } = await consent()
      await control('heavy', { rows: 1 })
      const document =
        '<columns code="020"><column><field>fin.trs.head.code</field><visible>true</visible></column></columns>'
      assert.equal((await process(document, { access })).status, 524)
      await control('heavy', { rows: null })
      assert.equal((await process(document, { access })).status, 200)
    })
    test('tokens of a revoked consent and a secret reset end at once (§ 7.9)', async () => {
      const one = await newApp('gone')
      const { access } = await consent('f', undefined, one)
      await control('revocations', { clientId: 'gone', user: 'f' })
      assert.equal((await process(customers, { access })).code, '354')
      assert.equal(
        (
          await lab.token(
            { grant_type: 'authorization_code', code: 'x', redirect_uri: redirectUri },
            'gone:y',
          )
        ).body.error,
        'invalid_client',
      )
    })
  })
}
