import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type HttpLab, labKey, openHttpLab } from './testing/http-lab.ts'

// What is left of an organisation after it was deleted: its audit trail, and the marks that keep it deleted.

let lab: HttpLab
before(async () => {
  lab = await openHttpLab()
})
after(() => lab.close())

const must = async (method: string, path: string, body?: object, organisation?: string, key = labKey) => {
  const headers = organisation === undefined ? {} : { 'sluis-organisation': organisation }
  const answer = await lab.call(method, path, body, { headers, key })
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
  return answer
}

/** Every row of every table, as text, by table. */
async function everything(): Promise<Map<string, string[]>> {
  const { rows: tables } = await lab.store.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`,
  )
  const all = new Map<string, string[]>()
  for (const { name } of tables) {
    const { rows } = await lab.store.pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
    all.set(
      name,
      rows.map(({ row }) => row),
    )
  }
  return all
}
const tablesWith = async (text: string) =>
  [...(await everything())]
    .filter(([, rows]) => rows.some((row) => row.includes(text)))
    .map(([name]) => name)
    .sort()

test('an organisation that is deleted leaves its audit trail and nothing that could be opened', async () => {
  const { body: partner } = await must('POST', '/organisations', { name: 'Partner' })
  const { body: bakery } = await must('POST', '/organisations', { name: 'Canary Bakery' }, partner.id)
  const { body: neighbour } = await must('POST', '/organisations', { name: 'Neighbour' }, partner.id)
  const tokens = await lab.tokens('bakery@example.com')
  const handover = lab.handover(
    { kind: 'tokens', ...tokens },
    { label: 'canary-label-5', externalId: 'canary-ext-6' },
  )
  const { body: database } = await must('POST', '/databases', { name: 'books', ...handover }, bakery.id)
  const grant = database.grant.id as string
  await must('POST', '/databases/books/query', { sql: "SELECT 'canary-sql-7' AS x" }, bakery.id)
  await must('POST', '/databases/books/query', { sql: 'SELECT Name FROM crm.Accounts LIMIT 2' }, bakery.id)
  const kept = { sql: 'SELECT Name FROM crm.Accounts', maxAgeSeconds: 3600 }
  await must('POST', '/databases/books/query', kept, bakery.id)
  assert.ok((await tablesWith(bakery.id)).includes('answer_cache'), 'pages are kept')
  await must('POST', '/webhooks', { url: 'https://canary-hook.example/x' }, bakery.id)
  await must('POST', '/queries', { name: 'canary-query-9', sql: 'SELECT 1', isShared: true }, bakery.id)
  await must('POST', '/members', { email: 'canary-member@example.com', role: 'analyst' }, bakery.id)
  const client = {
    clientId: 'canary-client-8',
    clientSecret: 's',
    redirectUris: ['https://canary-cb.example/'],
  }
  await must('POST', '/clients', { platform: 'exact-online', region: 'lab', ...client }, bakery.id)
  const { body: key } = await must(
    'POST',
    '/keys',
    { name: 'canary-key-9', scopes: ['grants:read'] },
    bakery.id,
  )
  await must('GET', '/grants', undefined, undefined, key.key)
  await must('POST', `/grants/${grant}/lease`, {}, bakery.id)
  const other = lab.handover({ kind: 'tokens', ...(await lab.tokens('neighbour@example.com')) })
  const { body: theirs } = await must('POST', '/databases', { name: 'books', ...other }, neighbour.id)
  const { rows: sealed } = await lab.store.pool.query('SELECT * FROM token_grant WHERE id = $1', [grant])
  const canaries = [
    'canary-label-5',
    'canary-ext-6',
    'canary-sql-7',
    'canary-hook',
    'canary-query-9',
    'canary-client-8',
    'canary-cb',
  ]
  for (const canary of canaries) assert.ok((await tablesWith(canary)).length > 0, `${canary} was never there`)

  const refused = async (id: string, body: object | undefined, pattern: RegExp) => {
    const answer = await lab.call('DELETE', `/organisations/${id}`, body)
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.text, pattern)
  }
  await refused(bakery.id, undefined, /name/)
  await refused(bakery.id, { name: 'canary bakery' }, /not the name/)
  await refused(partner.id, { name: 'Partner' }, /2 organisations below/)
  await must('GET', '/databases/books', undefined, bakery.id)

  await must('DELETE', `/organisations/${bakery.id}`, { name: 'Canary Bakery' })
  for (const path of [`/organisations/${bakery.id}`, '/grants']) {
    const headers = { 'sluis-organisation': bakery.id }
    const answer = await lab.call('GET', path, undefined, path === '/grants' ? { headers } : {})
    assert.equal(answer.status, 404, answer.text)
  }
  assert.equal((await lab.call('GET', '/grants', undefined, { key: key.key })).status, 401)
  assert.deepEqual(await tablesWith(bakery.id), ['audit_event', 'token_grant', 'vault_shredded'])
  assert.deepEqual(await tablesWith(grant), ['audit_event', 'token_grant'])
  for (const canary of canaries) {
    assert.deepEqual(
      (await tablesWith(canary)).filter((table) => table !== 'audit_event'),
      [],
      canary,
    )
  }
  // Not even who they were at the platform: only that there was a grant.
  const { rows: marks } = await lab.store.pool.query('SELECT * FROM token_grant WHERE id = $1', [grant])
  for (const column of ['sealed_tokens', 'sealed_alternates', 'platform_user', 'platform_user_id', 'label']) {
    assert.equal(marks[0][column], null, column)
  }
  const { body: trail } = await must('GET', '/audit?limit=1000', undefined, partner.id)
  assert.deepEqual(
    trail.events
      .filter(({ subject }: { subject: string }) => subject === bakery.id)
      .map(({ action }: { action: string }) => action),
    ['organisation.deleted', 'organisation.created'],
  )
  const { rows: own } = await lab.store.pool.query<{ action: string }>(
    'SELECT action FROM audit_event WHERE organisation_id = $1',
    [bakery.id],
  )
  const actions = own.map(({ action }) => action)
  for (const action of ['token.leased', 'grant.deleted', 'organisation.shredded', 'organisation.deleted']) {
    assert.ok(actions.includes(action), action)
  }

  // A row out of a backup, put back by somebody who has the whole database and the key file: it opens nowhere.
  await lab.store.pool.query(
    'UPDATE token_grant SET sealed_tokens = $2, sealed_secret = $3, deleted_at = NULL WHERE id = $1',
    [grant, sealed[0].sealed_tokens, sealed[0].sealed_secret],
  )
  await lab.store.pool.query(
    `INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, $2, 'Raised', 'raised', 1)`,
    [bakery.id, partner.id],
  )
  await lab.store.pool.query(
    `UPDATE token_grant SET state = 'active', has_access = true, has_refresh = true, access_expires_at = $2 WHERE id = $1`,
    [grant, Date.now() + 10 ** 9],
  )
  await lab.restart()
  const headers = { 'sluis-organisation': bakery.id }
  const raised = await lab.call('POST', `/grants/${grant}/lease`, {}, { headers })
  assert.equal(raised.body.code, 'KEY_UNUSABLE', raised.text)
  // Next door nothing happened.
  await must('POST', `/grants/${theirs.grant.id}/lease`, {}, neighbour.id)
  await must('POST', '/databases/books/query', { sql: 'SELECT Name FROM crm.Accounts LIMIT 2' }, neighbour.id)
})
