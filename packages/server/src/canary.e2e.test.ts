import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Browser } from './testing/browser.ts'
import { type Answer, type HttpLab, labClient, labKey, openHttpLab } from './testing/http-lab.ts'

// Secrets are planted in every place where a caller may put one, each is used and misused, and then everything that
// the system wrote or said is searched for them, in all the forms that a byte may take.

let lab: HttpLab
before(async () => {
  lab = await openHttpLab()
})
after(() => lab.close())

const said: { readonly what: string; readonly text: string }[] = []
const canaries = new Map<string, string>([
  ['client secret', labClient.clientSecret],
  ['API key', labKey],
])
const codeVerifier = 'canary-code-verifier-0123456789abcdefghijklmnopqrstuvw'

async function ask(what: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await lab.call(method, path, body)
  said.push({ what, text: `${answer.text}\n${JSON.stringify([...answer.headers])}` })
  return answer
}

async function plantTokens(user: string) {
  const pair = await lab.tokens(user)
  canaries.set(`access token of ${user}`, pair.accessToken)
  canaries.set(`refresh token of ${user}`, pair.refreshToken)
  return pair
}

/** A secret as it might stand in a file, an address, a dump or a header. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((skip) =>
    // Inside a longer text base64 depends on where the secret begins; its ends are left out.
    Buffer.concat([Buffer.alloc(skip), bytes])
      .toString('base64')
      .slice(4, -4),
  )
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
}

/** What a process of ours holds in memory that it may write to: its heaps, stacks and buffers, freed or not. */
function memoryOf(pid: string): Buffer[] {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1')
      .split('\n')
      .flatMap((line) => {
        const [, from = '0', to = '0'] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
        const bytes = Buffer.alloc(Number.parseInt(to, 16) - Number.parseInt(from, 16))
        try {
          return bytes.length === 0
            ? []
            : [bytes.subarray(0, readSync(memory, bytes, 0, bytes.length, Number.parseInt(from, 16)))]
        } catch {
          // It was given back since it was listed.
          return []
        }
      })
  } finally {
    closeSync(memory)
  }
}

/** Planners and runners: what they were started with. */
function childrenOfOurs(): { readonly what: string; readonly pid: string; readonly text: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
        if (parent !== process.pid || !/(runner|planner)-child/.test(command)) return []
        return [{ what: command, pid, text: `${command}\n${readFileSync(`/proc/${pid}/environ`, 'latin1')}` }]
      } catch {
        return []
      }
    })
}

test('no secret stands in an answer, a log, an error, the database, a file or a child', async () => {
  const anna = await plantTokens('anna@example.com')
  const good = await ask('handover', 'POST', '/grants', lab.handover({ kind: 'tokens', ...anna }))
  assert.equal(good.status, 201, good.text)
  const { id } = good.body
  await ask('the same again', 'POST', '/grants', lab.handover({ kind: 'tokens', ...anna }))
  await ask('database', 'POST', '/databases', { name: 'books', sources: [{ grant: id }] })
  const sql = 'SELECT Name FROM crm.Accounts LIMIT 3'
  assert.equal((await ask('query', 'POST', '/databases/books/query', { sql })).status, 200)

  await lab.moveClock({ advanceSeconds: 601 })
  const { body: lease } = await lab.call('POST', `/grants/${id}/lease`)
  canaries.set('leased access token', lease.accessToken)
  await ask('spent', 'POST', '/grants', lab.handover({ kind: 'tokens', refreshToken: anna.refreshToken }))

  const bram = await plantTokens('bram@example.com')
  const wrong = { client: { ...labClient, clientSecret: 'canary-wrong-secret-0815' } }
  canaries.set('wrong client secret', wrong.client.clientSecret)
  await lab.moveClock({ advanceSeconds: 601 })
  const refresh = { kind: 'tokens', refreshToken: bram.refreshToken }
  assert.equal((await ask('wrong client', 'POST', '/grants', lab.handover(refresh, wrong))).status, 422)
  await ask('wrong region', 'POST', '/grants', lab.handover({ kind: 'tokens', ...bram }, { region: 'be' }))
  await ask('unknown field', 'POST', '/grants', { ...lab.handover(refresh), [bram.refreshToken]: 1 })
  await ask('in the address', 'GET', `/grants/${bram.refreshToken}?after=${bram.accessToken}`)

  const code = await lab.code('carla@example.com')
  canaries.set('authorization code', decodeURIComponent(code))
  canaries.set('code verifier', codeVerifier)
  await ask('code', 'POST', '/grants', lab.handover({ kind: 'code', code, codeVerifier }))
  await ask('code again', 'POST', '/grants', lab.handover({ kind: 'code', code, codeVerifier }))

  const dirk = await plantTokens('dirk@example.com')
  await lab.moveClock({ advanceSeconds: 601 })
  await lab.control('faults', { at: 'token', kind: 'reset', times: 1 })
  const lost = lab.handover({ kind: 'tokens', refreshToken: dirk.refreshToken })
  await ask('lost answer', 'POST', '/grants', lost)
  const kept = {
    platform: 'exact-online',
    region: 'lab',
    clientId: 'kept',
    clientSecret: 'canary-kept-secret-0001',
  }
  const redirectUris = ['https://partner.example/cb']
  const client = await ask('client', 'POST', '/clients', { ...kept, redirectUris })
  assert.equal(client.status, 201, client.text)
  await ask('client twice', 'POST', '/clients', { ...kept, redirectUris })
  const replaced = { clientSecret: 'canary-kept-secret-0002' }
  await ask('client’s new secret', 'PATCH', `/clients/${client.body.id}`, replaced)
  canaries.set('stored secret', kept.clientSecret).set('new stored secret', replaced.clientSecret)
  await ask('clients', 'GET', '/clients')

  // A consent that is begun here: what is shown once, and the code on its way, stand nowhere else.
  for (const output of ['tokens', 'code']) {
    const wanted = { ...(lab.handover({}) as object), credentials: undefined, output, confirmed: true }
    const { body: begun } = await lab.call('POST', '/preauthentications', wanted)
    const state = new URL(begun.authorizeUrl).searchParams.get('state') ?? ''
    const given = await lab.code(`${output}@example.com`)
    const url = `${labClient.redirectUri}?code=${encodeURIComponent(given)}&state=${state}`
    await ask('another state', 'POST', `/preauthentications/${begun.id}/return`, { url: `${url}x` })
    const ended = await ask('return', 'POST', `/preauthentications/${begun.id}/return`, { url })
    assert.equal(ended.status, 200, ended.text)
    const { body: shown } = await lab.call('POST', `/preauthentications/${begun.id}/result`)
    canaries.set(`state of ${output}`, state).set(`code of ${output}`, given)
    if (output === 'tokens') {
      canaries.set('shown access token', shown.accessToken).set('shown refresh token', shown.refreshToken)
    }
  }
  await ask('consents', 'GET', '/preauthentications')

  // A connect link: its secret is its customer's alone, and its consent's code nobody's.
  const own = `${lab.url}/app/consent/return`
  const connecting = { ...kept, clientId: labClient.clientId, clientSecret: labClient.clientSecret }
  await lab.control('apps', {
    clientId: labClient.clientId,
    clientSecret: labClient.clientSecret,
    redirectUris: [labClient.redirectUri, own],
    limits: { minute: 100_000, day: 1_000_000 },
  })
  const { body: linked } = await lab.call('POST', '/clients', { ...connecting, redirectUris: [own] })
  const returnAddress = 'https://partner.example/done'
  await ask('look', 'PATCH', '/connect-settings', { returnAddresses: [returnAddress] })
  const place = { platform: 'exact-online', region: 'lab', client: linked.id, returnAddress }
  const { body: link } = await lab.call('POST', '/connect-links', place)
  const secret = new URL(link.url).hash.slice(1)
  const browser = new Browser(() => lab.url)
  const { body: started } = await browser.call('POST', '/connect/start', { secret })
  const linkState = new URL(started.authorizeUrl).searchParams.get('state') ?? ''
  const consent = { clientId: labClient.clientId, user: 'link@example.com', redirectUri: own }
  const linkCode = String((await lab.control('consents', consent)).code)
  const linkReturn = `${own}?code=${encodeURIComponent(linkCode)}&state=${linkState}`
  const end = await browser.call('POST', '/consents/return', { url: linkReturn })
  assert.equal(end.body.connect.outcome, 'connected', end.text)
  canaries.set('secret of a link', secret).set('state of a link', linkState).set('code of a link', linkCode)
  canaries.set('browser of a link', [...browser.cookies.values()][0] ?? '')
  await ask('links', 'GET', '/connect-links')
  await ask('grants', 'GET', '/grants')
  await ask('events', 'GET', `/grants/${id}/events`)
  await ask('statements', 'GET', '/databases/books/statements')
  await ask('metrics', 'GET', '/metrics')

  const { rows: tables } = await lab.store.pool.query<{ name: string }>(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'sluis'",
  )
  const dump = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await lab.store.pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
      return { what: `table ${name}`, text: rows.map(({ row }) => row).join('\n') }
    }),
  )
  const files = filesBelow(lab.home).map((path) => ({ what: path, text: readFileSync(path, 'latin1') }))
  const children = childrenOfOurs()
  assert.ok(children.length >= 2, 'a planner and a runner are there to be looked at')
  assert.ok(files.some(({ what }) => what.endsWith('.spool')) && dump.length > 10 && lab.logged.length > 10)

  // An answer may repeat what the caller wrote into an address or a field's name, and nothing else.
  const echoes = new Set(['in the address', 'unknown field'])
  const written = [
    ...said.filter(({ what }) => !echoes.has(what)),
    { what: 'log', text: lab.logged.join('') },
    ...dump,
    ...files,
    ...children,
  ]
  for (const [name, secret] of canaries) {
    assert.ok(secret.length > 15, `${name} was planted`)
    for (const form of formsOf(secret)) {
      const place = written.find(({ text }) => text.includes(form))
      assert.equal(place?.what, undefined, `${name} was found in ${place?.what}`)
    }
  }
  for (const { what, pid } of children) {
    const memory = memoryOf(pid)
    const holds = (text: string) => memory.some((bytes) => bytes.includes(text, 0, 'latin1'))
    assert.ok(holds(/\w+-child/.exec(what)?.[0] ?? '?'), `${what} knows its own name: its memory can be read`)
    for (const [name, secret] of canaries)
      assert.equal(holds(secret), false, `${name} was found in the memory of ${what}`)
  }
})
