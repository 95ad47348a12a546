import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type HttpLab, labClient, labKey, openHttpLab } from '@sluis/server/testing'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
let lab: HttpLab
let folder: string

before(async () => {
  lab = await openHttpLab()
  folder = mkdtempSync(join(tmpdir(), 'sluis-cli-'))
  writeFileSync(join(folder, 'key'), `${labKey}\n`)
})
after(async () => {
  await lab.close()
  rmSync(folder, { recursive: true, force: true })
})

async function run(args: readonly string[], input: string) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, SLUIS_URL: lab.url, SLUIS_API_KEY_FILE: join(folder, 'key') },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(input)
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { output, errors, status: status as number }
}
/** Runs a command against the server; `input` is its standard input. */
async function sluis(args: readonly string[], input = '') {
  const { output, errors, status } = await run(args, input)
  assert.equal(status, 0, `${args.join(' ')}: ${errors}${output}`)
  return output
}
/** What a command says that is refused: sentences, never a stack. */
async function sluisFails(args: readonly string[]) {
  const { errors, status } = await run(args, '')
  assert.equal(status, 2, `${args.join(' ')}: ${errors}`)
  return errors
}
const json = async (args: readonly string[], input?: string) =>
  JSON.parse(await sluis([...args, '--json'], input))

describe('the command line against a server', () => {
  const client = [
    '--region',
    'lab',
    '--client-id',
    labClient.clientId,
    '--redirect-uri',
    labClient.redirectUri,
  ]

  test('takes tokens from standard input to a table of rows, and everything away again', async () => {
    const { accessToken, refreshToken } = await lab.tokens('cli@example.com')
    const secrets = `${labClient.clientSecret}\n${accessToken}\n${refreshToken}\n`
    const files = ['--client-secret-file', '-', '--access-token-file', '-', '--refresh-token-file', '-']
    const grant = await json(['handover', ...client, ...files], secrets)
    assert.equal(grant.state, 'active')
    assert.match(await sluis(['grant', 'list']), /active +exact-online +lab/)
    assert.equal((await json(['grant', 'show', grant.id])).id, grant.id)

    assert.match(
      await sluis(['database', 'create', 'books', '--grant', grant.id]),
      /books is ready: npm run sluis/,
    )
    assert.equal((await json(['database', 'list'])).databases.length, 1)
    assert.match(await sluis(['database', 'tables', 'books', 'accounts']), /crm\.Accounts/)
    assert.equal((await json(['database', 'partitions', 'books'])).partitions.length, 3)

    const sql = 'SELECT Code, Name FROM crm.Accounts ORDER BY Code, Name LIMIT 2'
    const table = await sluis(['query', 'books', sql])
    assert.match(table, /^Code +Name\n─+ +─+\n/)
    assert.match(table, /2 rows · \d+ API calls · \d+ rows fetched/)
    assert.equal((await json(['query', 'books', sql])).rows.length, 2)
    assert.match(await sluis(['query', 'books', '--format', 'csv'], sql), /^Code,Name\n/)
    assert.match(await sluis(['query', 'books', sql, '--explain']), /API calls: \d+ expected/)

    const key = await json(['key', 'create', 'reader', '--scopes', 'query'])
    const bound = await json(['key', 'create', 'report', '--database', 'books'])
    assert.deepEqual([bound.databases, bound.scopes], [['books'], ['databases:read', 'query']])
    assert.equal((await json(['key', 'list'])).keys.length, 3)
    assert.equal((await json(['key', 'revoke', key.id])).id, key.id)
    assert.equal((await json(['database', 'delete', 'books'])).name, 'books')
    assert.equal((await json(['grant', 'delete', grant.id])).id, grant.id)
  })

  test('keeps a client, hands over on it, and replaces its secret', async () => {
    const registration = ['--region', 'lab', '--client-id', labClient.clientId]
    const kept = await json(
      [
        'client',
        'create',
        ...registration,
        '--redirect-uri',
        labClient.redirectUri,
        '--client-secret-file',
        '-',
      ],
      labClient.clientSecret,
    )
    const { accessToken, refreshToken } = await lab.tokens('kept@example.com')
    const files = ['--access-token-file', '-', '--refresh-token-file', '-']
    const named = ['handover', '--region', 'lab', '--client', kept.id, ...files]
    const grant = await json(named, `${accessToken}\n${refreshToken}\n`)
    assert.equal(grant.clientId, labClient.clientId)
    assert.match(await sluis(['client', 'list']), new RegExp(`${kept.id} +exact-online +lab +lab`))
    const replace = ['client', 'replace-secret', kept.id, '--client-secret-file', '-']
    assert.match(await sluis(replace, 'a new secret'), /next refresh tries the new secret/)
    assert.match(await sluis(['client', 'show', kept.id]), /newSecret +\{"since":"/)
    await json(['grant', 'delete', grant.id])
    assert.equal((await json(['client', 'delete', kept.id])).deleted, true)
  })

  /** Runs `preauthenticate`, and types `lines` of the address that it says, as soon as it says it. */
  async function preauthenticate(
    more: readonly string[],
    first: string,
    lines: (state: string | null) => Promise<readonly string[]>,
  ) {
    const args = ['preauthenticate', 'exact-online', ...client, ...more, '--no-open']
    const child = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env.PATH, SLUIS_URL: lab.url, SLUIS_API_KEY_FILE: join(folder, 'key') },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const ended = once(child, 'exit')
    const errors = text(child.stderr)
    child.stdin.write(first)
    let said = ''
    let isTyped = false
    for await (const chunk of child.stdout) {
      said += chunk
      const address = /^(http\S+)\n.*paste/ms.exec(said)?.[1]
      if (address === undefined || isTyped) continue
      isTyped = true
      for (const line of await lines(new URL(address).searchParams.get('state'))) {
        child.stdin.write(`${line}\n`)
      }
      // The input stays open: a terminal or a pipe that nobody ends must not keep the command.
    }
    const [status] = await ended
    return { said, errors: await errors, status: status as number }
  }
  const returned = async (state: string | null, user: string) =>
    `${labClient.redirectUri}?code=${encodeURIComponent(await lab.code(user))}&state=${state}`

  test('lets a user consent, and takes the pasted return address to a grant, the secret from the same input', async () => {
    const files = ['--client-secret-file', '-']
    const { said, errors, status } = await preauthenticate(
      files,
      `${labClient.clientSecret}\n`,
      async (state) => [
        'https://partner.example/somewhere',
        await returned('another', 'pre@example.com'),
        await returned(state, 'pre@example.com'),
      ],
    )
    assert.equal(status, 0, errors)
    assert.equal(said.match(/Paste the whole address again\./g)?.length, 2, 'a wrong paste ends nothing')
    assert.match(said, /another consent \(state\)/)
    assert.match(
      said,
      /Kept as grant (grt_\w+)\.\nRegister a database on it: npm run sluis -- database create <name> --grant \1\n$/,
    )
  })

  test('gives tokens for use elsewhere once, and goes on where it was broken off', async () => {
    const more = ['--client-secret-file', secretFile(), '--output', 'tokens', '--confirmed']
    const again = [...more, '--idempotency-key', 'broken-off']
    const { said, status } = await preauthenticate(again, '', async (state) => [
      await returned(state, 'elsewhere@example.com'),
    ])
    assert.equal(status, 0)
    assert.match(said, /^accessToken +\S+$/m)
    assert.match(said, /^refreshToken +\S+$/m)
    assert.match(said, /Shown this once, and erased\. Only one program may refresh/)
    const repeated = await sluis(['preauthenticate', 'exact-online', ...client, ...again, '--no-open'])
    assert.equal(repeated, 'The result was shown already, or its 10 minutes are over: it is erased.\n')
  })

  test('says in a sentence what was not given, and gives no status of success for a consent that nobody ended', async () => {
    const files = ['--client-secret-file', secretFile()]
    const none = await sluisFails(['preauthenticate', 'exact-online', ...client, ...files, '--no-open'])
    assert.match(none, /^No address was pasted\.\n/)
    const key = ['--idempotency-key', 'cancelled']
    await sluisFails(['preauthenticate', 'exact-online', ...client, ...files, ...key, '--no-open'])
    const { body } = await lab.call('GET', '/preauthentications')
    await lab.call('DELETE', `/preauthentications/${body.preauthentications[0].id}`)
    const over = await sluisFails([
      'preauthenticate',
      'exact-online',
      ...client,
      ...files,
      ...key,
      '--no-open',
    ])
    assert.match(over, /^Nobody ended the consent in time, or it was cancelled\.\n.*30 minutes/)
    const logo = await sluisFails(['connect', 'settings', '--logo-file', join(folder, 'none.png')])
    assert.match(logo, /^The file .*none\.png with the logo cannot be read\.\n/)
    const wanted = ['--client', 'cli_x', '--return-address', 'https://partner.example/done']
    const number = await sluisFails(['connect', 'link', ...wanted, '--valid-for-seconds', 'many'])
    assert.match(number, /^--valid-for-seconds "many" is not a whole number\.\n/)
  })

  test('makes one database on several grants', async () => {
    const files = ['--client-secret-file', '-', '--access-token-file', '-', '--refresh-token-file', '-']
    const grants: string[] = []
    for (const user of ['one@example.com', 'two@example.com']) {
      const { accessToken, refreshToken } = await lab.tokens(user)
      const secrets = `${labClient.clientSecret}\n${accessToken}\n${refreshToken}\n`
      grants.push((await json(['handover', ...client, ...files], secrets)).id)
    }
    const on = ['--grant', `one=${grants[0]}`, '--grant', `two=${grants[1]}`]
    const create = ['database', 'create', 'both', ...on, '--idempotency-key', 'both']
    const made = await json(create)
    assert.deepEqual(
      made.sources.map((source: { alias: string; grant: string }) => [source.alias, source.grant]),
      [
        ['one', grants[0]],
        ['two', grants[1]],
      ],
    )
    assert.deepEqual(await json(create), made, 'the same command again makes no other')
    assert.match(await sluisFails([...create, '--alias', 'x']), /are for one grant/)
    await json(['database', 'delete', 'both'])
  })

  test('makes a link for a customer, says what became of it, and takes it back', async () => {
    const back = 'https://partner.example/done'
    const own = `${lab.url}/app/consent/return`
    const { body: kept } = await lab.call('POST', '/clients', {
      platform: 'exact-online',
      region: 'lab',
      clientId: 'connecting',
      clientSecret: 's',
      redirectUris: [own],
    })
    const look = ['--name', 'Partner', '--text-nl', 'Welkom', '--return-address', back]
    const settings = await json(['connect', 'settings', ...look])
    assert.deepEqual(
      [settings.name, settings.texts.nl, settings.returnAddresses],
      ['Partner', 'Welkom', [back]],
    )
    assert.match(await sluis(['connect', 'settings']), /^name +Partner$/m)
    const wanted = ['exact-online', '--region', 'lab', '--client', kept.id, '--return-address', back]
    const said = await sluis([
      'connect',
      'link',
      ...wanted,
      '--external-id',
      'c-1',
      '--valid-for-seconds',
      '600',
    ])
    const twice = ['connect', 'link', ...wanted, '--idempotency-key', 'link-1']
    assert.equal(await sluis(twice), await sluis(twice), 'the same link with the same address')
    const [, id = ''] = /#[\w-]{43}\nLink (cnl_\w+), until .*once\.$/m.exec(said) ?? []
    assert.match(
      await sluis(['connect', 'list', '--external-id', 'c-1']),
      new RegExp(`${id} +open +exact-online +c-1`),
    )
    assert.equal(await sluis(['connect', 'revoke', id]), `Link ${id} is taken back.\n`)
    assert.equal((await json(['connect', 'show', id])).state, 'revoked')
  })

  const secretFile = () => {
    const path = join(folder, 'own-secret')
    writeFileSync(path, labClient.clientSecret)
    return path
  }

  test('registers a database from files in one step', async () => {
    const { accessToken, refreshToken } = await lab.tokens('files@example.com')
    const file = (name: string, content: string) => {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    }
    const said = await sluis([
      ...['database', 'register', 'second', ...client],
      ...['--client-secret-file', file('secret', labClient.clientSecret)],
      ...['--access-token-file', file('access', `${accessToken}\n`)],
      ...['--refresh-token-file', file('refresh', `"${refreshToken}"`)],
    ])
    assert.match(said, /second is ready/)
  })

  test('makes an organisation below, and deletes it by its name', async () => {
    const { id } = await json(['organisation', 'create', 'Bakery'])
    assert.match(await sluis(['organisation', 'list']), new RegExp(`${id} +Bakery`))
    assert.deepEqual(await json(['organisation', 'delete', id, '--name', 'Bakery']), { id, deleted: true })
    assert.doesNotMatch(await sluis(['organisation', 'list']), /Bakery/)
  })
})
