import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Browser } from './testing/browser.ts'
import { type Answer, type HttpLab, labClient, openHttpLab } from './testing/http-lab.ts'

// Consents that are begun here, end to end: the emulator gives codes as its consent page would.

let lab: HttpLab
let stored: string
const ourReturn = () => `${lab.url}/app/consent/return`
before(async () => {
  lab = await openHttpLab()
  const { redirectUri, ...app } = labClient
  const limits = { minute: 100_000, day: 1_000_000 }
  await lab.control('apps', { ...app, redirectUris: [redirectUri, ourReturn()], limits })
  const registration = {
    platform: 'exact-online',
    region: 'lab',
    ...app,
    redirectUris: [redirectUri, ourReturn()],
  }
  stored = (await lab.call('POST', '/clients', registration)).body.id
})
after(() => lab.close())

const begin = async (more: object = {}): Promise<Answer> =>
  lab.call('POST', '/preauthentications', {
    platform: 'exact-online',
    region: 'lab',
    client: { id: stored, redirectUri: labClient.redirectUri },
    ...more,
  })
const stateOf = (address: string) => new URL(address).searchParams.get('state') ?? ''
const code = async (user: string, redirectUri: string = labClient.redirectUri) =>
  String((await lab.control('consents', { clientId: labClient.clientId, user, redirectUri })).code)
const pasteOf = async (begun: Answer, user: string, more = '') =>
  `${labClient.redirectUri}?code=${encodeURIComponent(await code(user))}&state=${stateOf(begun.body.authorizeUrl)}${more}`
const paste = (begun: Answer, url: string) =>
  lab.call('POST', `/preauthentications/${begun.body.id}/return`, { url })
const problemOf = ({ status, body }: Answer) => [status, body.code]

describe('with a deviating redirect address, pasted back', () => {
  test('the platform’s page is asked as its profile says, and the result is a grant', async () => {
    const begun = await begin({ label: 'Anna', externalId: 'c-1' })
    assert.equal(begun.status, 201, begun.text)
    assert.deepEqual([begun.body.state, begun.body.returnsBy], ['waiting', 'paste'])
    const asked = new URL(begun.body.authorizeUrl)
    assert.equal(asked.pathname, '/api/oauth2/auth')
    assert.deepEqual(Object.fromEntries([...asked.searchParams].filter(([name]) => name !== 'state')), {
      force_login: '1',
      response_type: 'code',
      client_id: 'lab',
      redirect_uri: labClient.redirectUri,
    })
    assert.equal((await fetch(asked)).status, 200)
    const ended = await paste(begun, `  "${await pasteOf(begun, 'anna@example.com')}" `)
    assert.deepEqual([ended.status, ended.body.state], [200, 'done'], ended.text)
    const { body: grant } = await lab.call('GET', `/grants/${ended.body.grant}`)
    assert.deepEqual([grant.state, grant.label, grant.externalId], ['active', 'Anna', 'c-1'])
    assert.deepEqual(grant.proven, { accessToken: true, refreshToken: true, client: true })
  })

  test('another state, another address, another platform, half an address and a second time are refused', async () => {
    const begun = await begin()
    const good = await pasteOf(begun, 'bram@example.com')
    const other = await pasteOf(await begin(), 'bram@example.com')
    assert.deepEqual(problemOf(await paste(begun, other)), [422, 'CONSENT_REFUSED'])
    const moved = good.replace('partner.example', 'evil.example')
    assert.deepEqual(problemOf(await paste(begun, moved)), [400, 'INVALID_REQUEST'])
    const half = good.slice(0, good.indexOf('&state'))
    assert.deepEqual(problemOf(await paste(begun, half)), [400, 'INVALID_REQUEST'])
    assert.equal((await paste(begun, good)).body.state, 'done')
    assert.deepEqual(problemOf(await paste(begun, good)), [422, 'CONSENT_REFUSED'])
  })

  test('an answer that says it is of another issuer is refused, and its code goes nowhere', async () => {
    const begun = await begin()
    const good = await pasteOf(begun, 'bram@example.com')
    const spent = await lab.tokenCalls()
    const forged = `${good}&iss=https%3A%2F%2Fevil.example`
    assert.deepEqual(problemOf(await paste(begun, forged)), [422, 'CONSENT_REFUSED'])
    assert.equal(await lab.tokenCalls(), spent)
    assert.equal((await paste(begun, good)).body.state, 'done', 'the true answer is still taken')
  })

  test('asked twice under one key it is one consent, and over it has no page to open any more', async () => {
    const headers = { 'idempotency-key': 'consent-once' }
    const body = { platform: 'exact-online', region: 'lab', client: stored, label: 'Once' }
    const ask = (more: object = {}, key?: string) =>
      lab.call('POST', '/preauthentications', { ...body, ...more }, { headers, ...(key ? { key } : {}) })
    const [first, second] = await Promise.all([ask(), ask()])
    assert.deepEqual([first.status, second.status].sort(), [200, 201], first.text + second.text)
    assert.deepEqual(first.body, second.body)
    assert.ok(first.body.startUrl.startsWith(`${lab.url}/app/consent/start#`))
    assert.deepEqual(problemOf(await ask({ label: 'Twice' })), [409, 'IDEMPOTENCY_KEY_REUSED'])
    const scopes = ['preauthentication:write']
    const { body: other } = await lab.call('POST', '/keys', { name: 'another', scopes })
    assert.deepEqual(
      problemOf(await ask({}, other.key)),
      [409, 'IDEMPOTENCY_KEY_REUSED'],
      'who began ends it',
    )
    await lab.call('DELETE', `/preauthentications/${first.body.id}`)
    const after = await ask()
    const { startUrl: _, ...rest } = first.body
    assert.deepEqual([after.status, after.body], [200, { ...rest, state: 'expired' }])
  })

  test('a secret that could be taken for the mark of a stored client is refused', async () => {
    const clientSecret = `\u0000${stored}`
    const { redirectUri, clientId } = labClient
    const asked = [
      await lab.call('PATCH', `/clients/${stored}`, { clientSecret }),
      await lab.call('POST', '/clients', {
        platform: 'exact-online',
        region: 'lab',
        clientId: 'another-app',
        clientSecret,
        redirectUris: [redirectUri],
      }),
      await begin({ client: { clientId, clientSecret, redirectUri } }),
    ]
    for (const answer of asked) assert.deepEqual(problemOf(answer), [400, 'INVALID_REQUEST'], answer.text)
    const spare = await begin({ client: { clientId, clientSecret: clientSecret.slice(1), redirectUri } })
    assert.equal(spare.status, 201, 'only that character is the fault')
  })

  test('only who began it ends it', async () => {
    const begun = await begin()
    const scopes = ['preauthentication:write']
    const { body: other } = await lab.call('POST', '/keys', { name: 'other', scopes })
    const url = await pasteOf(begun, 'carla@example.com')
    const path = `/preauthentications/${begun.body.id}`
    const answer = await lab.call('POST', `${path}/return`, { url }, { key: other.key })
    assert.deepEqual(problemOf(answer), [403, 'FORBIDDEN'])
    assert.equal((await lab.call('GET', path)).body.state, 'waiting')
  })

  test('a user who says no, and a consent that is too old', async () => {
    const begun = await begin()
    const no = `${labClient.redirectUri}?error=access_denied&state=${stateOf(begun.body.authorizeUrl)}`
    const refused = await paste(begun, no)
    assert.deepEqual(problemOf(refused), [422, 'CONSENT_REFUSED'])
    assert.match(refused.body.detail, /gave no permission/)
    const { body } = await lab.call('GET', `/preauthentications/${begun.body.id}`)
    assert.deepEqual([body.state, body.problem.code], ['refused', 'CONSENT_REFUSED'])
    const old = await begin()
    const url = await pasteOf(old, 'dirk@example.com')
    await lab.moveClock({ advanceSeconds: 31 * 60 })
    const { preauthentications } = (await lab.call('GET', '/preauthentications')).body
    assert.equal(preauthentications[0].state, 'expired', 'told at once, before anything is erased')
    assert.deepEqual(problemOf(await paste(old, url)), [422, 'CONSENT_REFUSED'])
  })
})

describe('made for use elsewhere', () => {
  const elsewhere = (output: string, more: object = {}) => begin({ output, confirmed: true, ...more })
  const result = (begun: Answer) => lab.call('POST', `/preauthentications/${begun.body.id}/result`)

  test('who has grants on the client is warned before, and must confirm', async () => {
    const warned = await begin({ output: 'tokens' })
    assert.deepEqual(problemOf(warned), [409, 'CONSENT_WOULD_END_CHAIN'])
    assert.match(warned.body.grants[0].id, /^grt_/)
  })

  test('tokens are shown once, are good, and leave no grant; then they are erased', async () => {
    const begun = await elsewhere('tokens')
    const ended = await paste(begun, await pasteOf(begun, 'els@example.com'))
    assert.deepEqual([ended.body.state, ended.body.grant], ['done', null], ended.text)
    assert.ok(ended.body.resultUntil)
    const before = (await lab.call('GET', '/grants?limit=500')).body.grants
    assert.ok(
      !before.some((grant: { platformUser: { name: string } }) => /els/i.test(grant.platformUser?.name)),
    )
    const shown = await result(begun)
    assert.equal(shown.status, 200, shown.text)
    assert.match(shown.body.user.email, /els@/)
    await lab.moveClock({ advanceSeconds: 601 })
    assert.equal(await lab.refreshElsewhere(shown.body.refreshToken), 200, 'the chain lives on elsewhere')
    assert.deepEqual(problemOf(await result(begun)), [404, 'NOT_FOUND'])
  })

  test('tokens whose result cannot be put down stay in their grant', async () => {
    const begun = await elsewhere('tokens')
    const { pool } = lab.store
    await pool.query(
      'ALTER TABLE preauthentication ADD CONSTRAINT no_room CHECK (sealed_result IS NULL) NOT VALID',
    )
    const ended = await paste(begun, await pasteOf(begun, 'hugo@example.com'))
    await pool.query('ALTER TABLE preauthentication DROP CONSTRAINT no_room')
    assert.equal(ended.status, 500, ended.text)
    const { grants } = (await lab.call('GET', '/grants?limit=500')).body
    const left = grants.find((grant: { platformUser: { name: string } | null }) =>
      /hugo/i.test(grant.platformUser?.name ?? ''),
    )
    assert.equal(left?.state, 'active')
  })

  test('a user who has a grant here: the new pair renews it and is not shown', async () => {
    const kept = await begin()
    const { body: first } = await paste(kept, await pasteOf(kept, 'fred@example.com'))
    const begun = await elsewhere('tokens')
    const { body: ended } = await paste(begun, await pasteOf(begun, 'fred@example.com'))
    assert.deepEqual([ended.state, ended.grant, ended.resultUntil], ['done', first.grant, null])
    assert.deepEqual(problemOf(await result(begun)), [404, 'NOT_FOUND'])
  })

  test('who-am-I failed: the pair is kept as a pending grant and not shown', async () => {
    const begun = await elsewhere('tokens')
    await lab.control('faults', { at: 'api', kind: 'status', status: 503, times: 1, matching: 'current/Me' })
    const ended = await paste(begun, await pasteOf(begun, 'gerda@example.com'))
    assert.match(ended.body.grant, /^grt_/, ended.text)
    assert.equal(ended.body.resultUntil, null)
    await lab.clearFaults()
  })

  test('a code is never exchanged by us', async () => {
    const begun = await elsewhere('code')
    const spent = await lab.tokenCalls()
    const url = await pasteOf(begun, 'hugo@example.com')
    await paste(begun, url)
    const shown = await result(begun)
    assert.equal(shown.body.code, new URL(url).searchParams.get('code'))
    assert.equal(await lab.tokenCalls(), spent)
  })

  test('an envelope opens in this organisation’s vault and nowhere else', async () => {
    const begun = await elsewhere('envelope')
    const ended = await paste(begun, await pasteOf(begun, 'ida@example.com'))
    assert.equal(ended.body.grant, null, ended.text)
    const { body } = await result(begun)
    assert.deepEqual(Object.keys(body), ['kind', 'jwe'])
    const handed = await lab.call('POST', '/grants', {
      ...lab.handover({ kind: 'sealed', jwe: body.jwe }),
      client: stored,
    })
    assert.equal(handed.status, 201, handed.text)
    assert.match(handed.body.platformUser.email, /ida@/)
  })

  test('what nobody comes for is erased after ten minutes', async () => {
    const begun = await elsewhere('code')
    await paste(begun, await pasteOf(begun, 'jan@example.com'))
    await lab.moveClock({ advanceSeconds: 601 })
    const sealed = async () =>
      (
        await lab.store.pool.query('SELECT sealed_result FROM preauthentication WHERE id = $1', [
          begun.body.id,
        ])
      ).rows[0].sealed_result
    for (let looks = 0; looks < 2000 && (await sealed()) !== null; looks++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(await sealed(), null)
    assert.deepEqual(problemOf(await result(begun)), [404, 'NOT_FOUND'])
  })
})

describe('with our own return address', () => {
  const own = () => begin({ client: stored })
  const secretOf = (begun: Answer) => new URL(begun.body.startUrl).hash.slice(1)
  const back = async (address: string, user: string) =>
    `${ourReturn()}?code=${encodeURIComponent(await code(user, ourReturn()))}&state=${stateOf(address)}`

  test('the browser that starts is told who asks, and ends it', async () => {
    const begun = await own()
    assert.deepEqual([begun.body.returnsBy, begun.body.authorizeUrl], ['redirect', undefined], begun.text)
    const secret = secretOf(begun)
    const browser = new Browser(() => lab.url)
    const { body: asked } = await browser.call('POST', '/consents/look', { secret })
    assert.deepEqual(
      [asked.organisation, asked.platformLabel, asked.clientId],
      ['Default', 'Exact Online', 'lab'],
    )
    const { body: started } = await browser.call('POST', '/consents/start', { secret })
    const ended = await browser.call('POST', '/consents/return', {
      url: await back(started.authorizeUrl, 'karin@example.com'),
    })
    assert.deepEqual([ended.status, ended.body.state], [200, 'done'], ended.text)
    assert.doesNotMatch(ended.text, /token|stamp/i)
    assert.equal((await lab.call('GET', `/grants/${ended.body.grant}`)).body.state, 'active')
    const again = await browser.call('POST', '/consents/start', { secret })
    assert.deepEqual(problemOf(again), [422, 'CONSENT_REFUSED'])
  })

  test('another person neither starts nor ends it', async () => {
    const begun = await own()
    const secret = secretOf(begun)
    const [browser, other] = [new Browser(() => lab.url), new Browser(() => lab.url)]
    const { body } = await browser.call('POST', '/consents/start', { secret })
    assert.deepEqual(problemOf(await other.call('POST', '/consents/start', { secret })), [
      422,
      'CONSENT_REFUSED',
    ])
    const url = await back(body.authorizeUrl, 'leo@example.com')
    assert.deepEqual(problemOf(await other.call('POST', '/consents/return', { url })), [
      422,
      'CONSENT_REFUSED',
    ])
    const foreign = await browser.call('POST', '/consents/return', { url }, { csrf: false })
    assert.deepEqual(problemOf(foreign), [403, 'FORBIDDEN'])
    const ended = await browser.call('POST', '/consents/return', { url })
    assert.equal(ended.body.state, 'done', ended.text)
  })

  test('a consent that nobody started is ended by nobody', async () => {
    const begun = await own()
    const { rows } = await lab.store.pool.query('SELECT state FROM preauthentication WHERE id = $1', [
      begun.body.id,
    ])
    assert.equal(rows[0].state, 'waiting')
    const url = `${ourReturn()}?code=x&state=guessed`
    const answer = await new Browser(() => lab.url).call('POST', '/consents/return', { url })
    assert.deepEqual(problemOf(answer), [422, 'CONSENT_REFUSED'])
  })
})

describe('from a connect link', () => {
  const returnAddress = 'https://partner.example/done'
  const place = { platform: 'exact-online', region: 'lab' }
  const settings = (change: object) => lab.call('PATCH', '/connect-settings', change)
  const make = (more: object = {}) =>
    lab.call('POST', '/connect-links', { ...place, client: stored, returnAddress, ...more })
  const secretOf = (made: Answer) => new URL(made.body.url).hash.slice(1)
  before(() => settings({ returnAddresses: [returnAddress] }))

  test('the customer’s browser is sent back with the grant, and told nothing else of it', async () => {
    const made = await make({ externalId: 'c-9', returnState: 's-1', label: 'of the partner alone' })
    assert.equal(made.status, 201, made.text)
    assert.equal(made.body.url.split('#')[0], `${lab.url}/app/connect`)
    const browser = new Browser(() => lab.url)
    const { body: started } = await browser.call('POST', '/connect/start', { secret: secretOf(made) })
    assert.match(browser.lines[0] ?? '', /HttpOnly; SameSite=Lax/)
    const url = `${ourReturn()}?code=${await code('olga@example.com', ourReturn())}&state=${stateOf(started.authorizeUrl)}`
    const ended = await browser.call('POST', '/consents/return', { url })
    assert.deepEqual(Object.keys(ended.body), ['connect'], ended.text)
    assert.doesNotMatch(ended.text, /token|c-9|of the partner alone/)
    const told = new URL(ended.body.connect.returnUrl).searchParams
    const { body: link } = await lab.call('GET', `/connect-links/${made.body.id}`)
    assert.deepEqual(
      [told.get('outcome'), told.get('grant'), told.get('state'), link.state],
      ['connected', link.grant, 's-1', 'connected'],
    )
    assert.equal((await lab.call('GET', `/grants/${link.grant}`)).body.externalId, 'c-9')
    const { links } = (await lab.call('GET', '/connect-links?externalId=c-9')).body
    assert.deepEqual(
      links.map(({ id }: { id: string }) => id),
      [made.body.id],
    )
    assert.ok(!lab.logged.join('').includes(secretOf(made)), 'its secret is in no log')
  })

  test('asked twice under one key it is one link with one address, whatever became of it', async () => {
    const key = { 'idempotency-key': 'link-once' }
    const ask = (more: object = {}) =>
      lab.call(
        'POST',
        '/connect-links',
        { ...place, client: stored, returnAddress, ...more },
        { headers: key },
      )
    const [first, second] = await Promise.all([ask(), ask()])
    assert.deepEqual([first.status, second.status].sort(), [200, 201], first.text + second.text)
    assert.deepEqual(first.body, second.body)
    assert.deepEqual(problemOf(await ask({ label: 'Another' })), [409, 'IDEMPOTENCY_KEY_REUSED'])
    const looked = await new Browser(() => lab.url).call('POST', '/connect/look', { secret: secretOf(first) })
    assert.equal(looked.body.refusal, null, looked.text)
    await lab.call('DELETE', `/connect-links/${first.body.id}`)
    await settings({ returnAddresses: [] })
    const third = await ask()
    assert.deepEqual([third.status, third.body], [200, { ...first.body, state: 'revoked' }])
    await settings({ returnAddresses: [returnAddress] })
  })

  test('a browser that is at https gets a cookie for https alone, also where no option says so', async () => {
    const secret = secretOf(await make())
    const secure = new Browser(() => lab.url, lab.url.replace('http:', 'https:'))
    await secure.call('POST', '/connect/start', { secret })
    assert.match(secure.lines[0] ?? '', /^__Host-sluis\.consent=.*; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    const again = await secure.call('POST', '/connect/look', { secret })
    assert.equal(again.body.refusal, null, 'it is known by it again')
    const elsewhere = new Browser(() => lab.url, 'https://evil.example')
    await elsewhere.call('POST', '/connect/start', { secret: secretOf(await make()) })
    assert.doesNotMatch(elsewhere.lines[0] ?? '', /Secure/)
  })

  test('a page of another site can neither look, go on nor cancel', async () => {
    const secret = secretOf(await make())
    for (const what of ['look', 'start', 'cancel']) {
      const answer = await new Browser(() => lab.url).call(
        'POST',
        `/connect/${what}`,
        { secret },
        { csrf: false },
      )
      assert.deepEqual(problemOf(answer), [403, 'FORBIDDEN'])
    }
  })

  test('what would deceive a customer or break a page is no branding', async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'
    const svg = Buffer.from('<svg onload="alert(1)"/>').toString('base64')
    for (const bad of [
      { colour: 'red;background:url(//evil.example)' },
      { colour: '#FFF' },
      { name: 'Sluis\u202eknaB' },
      { name: 'two\nlines' },
      { name: ' ' },
      { name: 'x'.repeat(81) },
      { texts: { en: 'nul\u0000' } },
      { texts: { de: 'Guten Tag' } },
      { logo: svg },
      { logo: 'no base64!' },
      { origin: 'https://connect.partner.example/path' },
      { returnAddresses: ['javascript:alert(1)'] },
      { returnAddresses: ['http://partner.example/done'] },
      { returnAddresses: ['//evil.example'] },
    ]) {
      const answer = await settings(bad)
      assert.deepEqual(problemOf(answer), [400, 'INVALID_REQUEST'], JSON.stringify(bad))
    }
    const good = {
      name: '<b>Boek & Houder</b>',
      texts: { nl: 'Regel 1\nRegel 2' },
      logo: png,
      colour: '#aa0000',
    }
    const { body } = await settings(good)
    assert.deepEqual(
      [body.name, body.colour, body.texts, body.logo, body.returnAddresses],
      [
        good.name,
        good.colour,
        { en: null, nl: good.texts.nl },
        `data:image/png;base64,${png}`,
        [returnAddress],
      ],
    )
    assert.equal((await settings({ logo: null, name: null })).body.logo, null)
  })

  test('links are for registered addresses, a client that comes back to us, and one purpose', async () => {
    const grants = (await lab.call('GET', '/grants')).body.grants
    for (const bad of [
      { returnAddress: `${returnAddress}/` },
      { returnAddress: 'https://evil.example/' },
      { platform: 'exact-online', region: 'nowhere' },
      { client: 'cli_x' },
      { renews: grants[0].id, externalId: 'c-1' },
      { validForSeconds: 59 },
      { validForSeconds: 31 * 86_400 },
      { language: 'de' },
    ]) {
      assert.deepEqual(problemOf(await make(bad)), [400, 'INVALID_REQUEST'], JSON.stringify(bad))
    }
    const away = { ...place, clientId: 'away', clientSecret: 's', redirectUris: [labClient.redirectUri] }
    const { body: client } = await lab.call('POST', '/clients', away)
    const answer = await make({ client: client.id })
    assert.deepEqual([answer.status, answer.body.redirectUri], [400, ourReturn()], answer.text)
  })
})
