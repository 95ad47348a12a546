import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { auditKinds } from '@sluis/shared'
import { routeAccess, routeAnswers } from '@sluis/surfaces/http'
import { Browser, tokenIn } from './testing/browser.ts'
import { type Answer, type HttpLab, openHttpLab } from './testing/http-lab.ts'

// What the description promises, held against what the routes say: every member is described, and of the described type.

const password = 'correct horse battery staple'
let lab: HttpLab
let owner: Browser
before(async () => {
  lab = await openHttpLab()
  owner = new Browser(() => lab.url)
})
after(() => lab.close())

const seen = new Set<string>()
/** Asks and compares; `route` is the line of the table, whose parameters are filled in order. */
async function ask(
  route: string,
  values: readonly string[] = [],
  body?: object,
  query = '',
): Promise<Answer> {
  const [method = '', pattern = ''] = route.split(' ')
  const rest = [...values]
  const path = pattern.replaceAll(/:\w+/g, () => encodeURIComponent(rest.shift() ?? ''))
  const answer = await owner.call(method, `${path}${query}`, body)
  assert.ok(answer.status < 300, `${route}: ${answer.status} ${answer.text}`)
  const schema = routeAnswers[route]?.[answer.status]
  assert.ok(schema, `${route} answers ${answer.status}, which is not described`)
  const said = answer.status === 204 ? undefined : answer.body
  // What is not described would be left out here.
  assert.deepEqual(schema.parse(said), said, route)
  seen.add(route)
  return answer
}

test('every route answers as it is described', async () => {
  await ask('POST /setup', [], { token: tokenIn(lab.setupUrl), name: 'O', email: 'o@example.com', password })
  const { body: session } = await ask('GET /session')
  const organisation = session.organisations[0].id
  await ask('GET /sessions')

  const handover = lab.handover(
    { kind: 'tokens', ...(await lab.tokens('anna@example.com')) },
    { label: 'Anna' },
  )
  const { body: grant } = await ask('POST /grants', [], handover)
  await ask('GET /grants', [], undefined, '?limit=1')
  await ask('GET /grants/:id', [grant.id])
  await ask('GET /grants/:id/events', [grant.id])
  await ask('POST /grants/:id/lease', [grant.id], {})
  const registration = {
    platform: 'exact-online',
    region: 'lab',
    clientId: 'other',
    clientSecret: 's',
    redirectUris: ['https://partner.example/cb'],
  }
  const { body: client } = await ask('POST /clients', [], registration)
  await ask('GET /clients')
  await ask('GET /clients/:id', [client.id])
  await ask('PATCH /clients/:id', [client.id], { clientSecret: 't' })
  await ask('DELETE /clients/:id', [client.id])

  const wanted = { ...(lab.handover({}) as object), credentials: undefined, confirmed: true }
  const { body: code } = await ask('POST /preauthentications', [], { ...wanted, output: 'code' })
  const state = new URL(code.authorizeUrl).searchParams.get('state')
  const url = `https://partner.example/cb?code=${await lab.code('pre@example.com')}&state=${state}`
  await ask('POST /preauthentications/:id/return', [code.id], { url })
  await ask('GET /preauthentications/:id', [code.id])
  await ask('GET /preauthentications')
  await ask('POST /preauthentications/:id/result', [code.id], {})
  await ask('DELETE /preauthentications/:id', [code.id])
  const own = `${lab.url}/app/consent/return`
  const redirected = { ...wanted, client: { clientId: 'own', clientSecret: 's', redirectUri: own } }
  const { body: begun } = await ask('POST /preauthentications', [], redirected)
  const secret = new URL(begun.startUrl).hash.slice(1)
  await ask('POST /consents/look', [], { secret })
  const { body: page } = await ask('POST /consents/start', [], { secret })
  const returned = new URL(page.authorizeUrl).searchParams.get('state')
  // A refusal is all that this app, which the platform does not know, can come back with.
  const refused = { url: `${own}?error=access_denied&state=${returned}` }
  assert.equal((await owner.call('POST', '/consents/return', refused)).body.code, 'CONSENT_REFUSED')

  await ask('GET /connect-settings')
  const back = 'https://partner.example/done'
  await ask('PATCH /connect-settings', [], { name: 'Partner', colour: '#0b7285', returnAddresses: [back] })
  const { body: app } = await ask('POST /clients', [], { ...registration, redirectUris: [own] })
  const asked = { platform: 'exact-online', region: 'lab', client: app.id, returnAddress: back }
  const { body: link } = await ask('POST /connect-links', [], asked)
  const ofLink = { secret: new URL(link.url).hash.slice(1) }
  await ask('POST /connect/look', [], ofLink)
  await ask('POST /connect/start', [], ofLink)
  await ask('POST /connect/cancel', [], ofLink)
  await ask('GET /connect-links')
  await ask('GET /connect-links/:id', [link.id])
  await ask('DELETE /connect-links/:id', [link.id])
  await ask('GET /platforms')
  await ask('GET /handover-key')
  await ask('POST /databases', [], { name: 'books', sources: [{ grant: grant.id }] })
  await ask('GET /databases')
  await ask('GET /databases/:name', ['books'])
  await ask('PATCH /databases/:name', ['books'], { title: 'Books' })
  await ask('GET /databases/:name/tables', ['books'])
  for (const table of ['crm.Accounts', 'salesorder.SalesOrders']) {
    await ask('GET /databases/:name/tables/:table', ['books', table])
  }
  await ask('GET /databases/:name/partitions', ['books'])
  const sql = "SELECT Name FROM crm.Accounts WHERE Name > 'A' LIMIT 3"
  await ask('POST /databases/:name/query', ['books'], { sql })
  await ask('POST /databases/:name/explain', ['books'], { sql })
  const started = await owner.call(
    'POST',
    '/databases/books/query',
    { sql },
    { headers: { prefer: 'respond-async' } },
  )
  assert.deepEqual(routeAnswers['POST /databases/:name/query']?.[202]?.parse(started.body), started.body)
  const statement = ['books', started.body.id]
  for (let state = 'planning'; state !== 'done'; ) {
    const { body } = await ask('GET /databases/:name/statements/:id', statement)
    assert.notEqual(body.state, 'failed')
    state = body.state
  }
  await ask('GET /databases/:name/statements/:id/result', statement)
  const insert =
    "INSERT INTO crm.Accounts (Division, Name) SELECT id::INTEGER, 'Described' FROM sluis.partitions LIMIT 1"
  await ask('POST /databases/:name/explain', ['books'], { sql: insert })
  const { headers: writing } = await ask('POST /databases/:name/query', ['books'], { sql: insert })
  const { body: written } = await ask('GET /databases/:name/statements/:id', [
    'books',
    writing.get('sluis-statement') ?? '',
  ])
  assert.equal(written.write.rows[0].outcome, 'inserted', JSON.stringify(written))
  await ask('GET /databases/:name/statements', ['books'])
  const { body: bound } = await ask('POST /databases/:name/keys', ['books'], { name: 'BI' })
  await ask('GET /databases/:name/keys', ['books'])
  await ask('DELETE /databases/:name/keys/:id', ['books', bound.id])
  await ask('GET /databases/:name/budgets', ['books'])
  const { body: saved } = await ask('POST /queries', [], { name: 'Three', sql })
  await ask('GET /queries')
  await ask('PATCH /queries/:id', [saved.id], { name: 'Three names', isShared: true })
  await ask('DELETE /queries/:id', [saved.id])
  await ask('GET /usage')
  await ask('DELETE /databases/:name', ['books'])
  await lab.moveClock({ advanceSeconds: 601 })
  await ask('POST /grants/:id/refresh', [grant.id])

  const { body: key } = await ask('POST /keys', [], { name: 'k', scopes: ['query'], addresses: ['::1'] })
  await ask('GET /keys')
  await ask('DELETE /keys/:id', [key.id])
  await ask('POST /keys/rotate', [], {})

  // A recovery that waits for a server of another machine.
  await lab.store.pool.query(
    `INSERT INTO vault_process (id, lock_key, started_at, replayed_recovery) VALUES ('prc_gone', 4711, 1, 0)`,
  )
  await lab.store.pool.query(`INSERT INTO vault_recovery (reason, detected_at) VALUES ('test', 1)`)
  const { body: awaited } = await ask('GET /vault/awaited')
  assert.ok(awaited.processes.includes('prc_gone'), JSON.stringify(awaited))
  const { body: left } = await ask('POST /vault/assume-lost', [], { process: 'prc_gone' })
  assert.ok(!left.processes.includes('prc_gone'), JSON.stringify(left))

  const { body: below } = await ask('POST /organisations', [], { name: 'Below' })
  await ask('GET /access')
  await ask('GET /organisations')
  await ask('GET /organisations/:id', [below.id])
  await ask('PATCH /organisations/:id', [organisation], { name: 'Above' })
  await ask('POST /grants/:id/loans', [grant.id], { organisation: below.id, partitions: ['1'] })
  await ask('GET /grants/:id/loans', [grant.id])
  await ask('GET /loans')
  await ask('DELETE /grants/:id/loans/:organisation', [grant.id, below.id])
  await ask('DELETE /organisations/:id', [below.id], { name: 'Below' })

  const { body: invited } = await ask('POST /members', [], { email: 'm@example.com', role: 'analyst' })
  await ask('GET /invitations')
  const { body: contact } = await ask('POST /contacts', [], { email: 'c@example.com', language: 'nl' })
  await ask('GET /contacts')
  await ask('DELETE /contacts/:id', [contact.id])
  await ask('GET /single-sign-on')
  await ask('POST /password-resets', [], { email: 'nobody@example.com' })
  await ask('POST /invitations/preview', [], { token: tokenIn(invited.link) })
  const accepting = { token: tokenIn(invited.link), name: 'M', password }
  const joined = await new Browser(() => lab.url).call('POST', '/invitations/accept', accepting)
  assert.deepEqual(routeAnswers['POST /invitations/accept']?.[201]?.parse(joined.body), joined.body)
  seen.add('POST /invitations/accept')
  const member = joined.body.person.id
  await ask('GET /members')
  await ask('PATCH /members/:id', [member], { role: 'developer' })
  await ask('POST /members/:id/reset-link', [member], {})
  await ask('DELETE /members/:id', [member])
  const { body: open } = await ask('POST /members', [], { email: 'n@example.com', role: 'analyst' })
  await ask('DELETE /invitations/:id', [open.id])

  const { body: hook } = await ask('POST /webhooks', [], { url: 'https://hooks.example/x' })
  await ask('GET /webhooks')
  await ask('GET /webhooks/:id', [hook.id])
  await ask('POST /webhooks/:id/rotate', [hook.id], {})
  await ask('DELETE /grants/:id', [grant.id])
  await ask('GET /webhooks/:id/deliveries', [hook.id])
  await ask('POST /webhooks/:id/deliveries/replay', [hook.id], {})
  await ask('DELETE /webhooks/:id', [hook.id])
  await ask('GET /audit')
  const other = new Browser(() => lab.url)
  await other.logIn('o@example.com', password)
  const { body: sessions } = await ask('GET /sessions')
  const second = sessions.sessions.find(({ isCurrent }: { isCurrent: boolean }) => !isCurrent)
  await ask('DELETE /sessions/:id', [second.id])

  // Cancelling is held by the statements' own tests: to meet one that runs is a matter of time.
  // A return that ends well is held by the tests of preauthentication.
  const elsewhere = ['DELETE /databases/:name/statements/:id', 'POST /consents/return']
  assert.deepEqual([...seen, ...elsewhere].sort(), Object.keys(routeAnswers).sort())

  // After all of this the trail holds nothing that its filter does not name.
  const { rows } = await lab.store.pool.query<{ action: string }>('SELECT DISTINCT action FROM audit_event')
  assert.ok(rows.length > 40, `${rows.length} acts`)
  const unnamed = rows.filter(({ action }) => !auditKinds.some((kind) => action.startsWith(`${kind}.`)))
  assert.deepEqual(unnamed, [])
})

test('what is no JSON is all that has no description of its answer', () => {
  const others = Object.keys(routeAccess).filter((route) => !Object.hasOwn(routeAnswers, route))
  assert.deepEqual(others, ['GET /openapi.json', 'POST /handovers/batch', 'GET /audit/export'])
})

test('the description holds the answers, and problems for everything else', async () => {
  const { body } = await lab.call('GET', '/openapi.json')
  const { responses } = body.paths['/api/v1/grants/{id}'].get
  assert.deepEqual(Object.keys(responses), ['200', 'default'])
  const { $ref } = responses['200'].content['application/json'].schema
  assert.equal($ref, '#/components/schemas/Grant')
  const { schemas } = body.components
  assert.equal(schemas.Grant.properties.generation.type, 'integer')
  // What is sent and what is answered are told apart only where both are; what nothing refers to is not there.
  const named = new Set(
    [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
  )
  assert.deepEqual(Object.keys(schemas).sort(), [...named].sort())
  assert.ok(named.has('Handover') && !named.has('HandoverInput') && !named.has('GrantInput'))
  assert.deepEqual(Object.keys(schemas.Problem.properties).sort(), [
    'code',
    'detail',
    'hint',
    'status',
    'title',
    'type',
  ])
})
