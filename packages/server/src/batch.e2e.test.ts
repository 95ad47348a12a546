import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { batchOutcome } from '@sluis/surfaces/http'
import { type HttpLab, labKey, openHttpLab } from './testing/http-lab.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON answers, whose form is what the tests assert
type Outcome = any

let lab: HttpLab
before(async () => {
  lab = await openHttpLab()
})
after(() => lab.close())

const send = async (lines: readonly (object | string)[], query = '') => {
  const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const { status, text, headers } = await lab.call('POST', `/handovers/batch${query}`, body, {
    headers: { 'content-type': 'application/x-ndjson' },
  })
  assert.equal(status, 200, text)
  assert.match(headers.get('content-type') ?? '', /ndjson/)
  const outcomes = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome)
  // What is not described would be left out here.
  for (const outcome of outcomes) assert.deepEqual(batchOutcome.parse(outcome), outcome)
  return outcomes.sort((a: Outcome, b: Outcome) => a.line - b.line)
}
const countGrants = async () =>
  (await lab.store.pool.query('SELECT FROM token_grant WHERE deleted_at IS NULL')).rowCount

describe('a batch of handovers', () => {
  const users = Array.from({ length: 12 }, (_, index) => `user${index}@example.com`)
  let lines: object[] = []

  before(async () => {
    lines = await Promise.all(
      users.map(async (user, index) => ({
        id: `customer-${index}`,
        ...lab.handover({ kind: 'tokens', ...(await lab.tokens(user)) }),
        externalId: `batch-${index}`,
        database: { name: `batch-${index}` },
      })),
    )
  })

  test('in a dry run tells what would be refused, and stores and sends nothing', async () => {
    const calls = [await lab.tokenCalls(), await lab.apiCalls(), await countGrants()]
    const [first] = lines
    const outcomes = await send(
      [
        ...lines,
        { ...first, id: 'same-name' },
        { ...first, id: 'no-such', region: 'atlantis', database: { name: 'other' } },
        'nonsense',
      ],
      '?dryRun=true',
    )
    assert.deepEqual(
      outcomes.map(({ outcome, problem }: Outcome) => outcome ?? problem.code),
      [...users.map(() => 'would-be-sent'), 'DATABASE_NAME_TAKEN', 'INVALID_REQUEST', 'INVALID_REQUEST'],
    )
    assert.deepEqual([await lab.tokenCalls(), await lab.apiCalls(), await countGrants()], calls)
  })

  test('gives one outcome a line; what is wrong with one line stops no other', async () => {
    const outcomes = await send([
      ...lines.slice(0, 5),
      '',
      '{"id":"broken"',
      { ...lines[5], platform: 'gold' },
      { ...lines[5], surprise: true },
      ...lines.slice(5, 8),
    ])
    assert.deepEqual(
      outcomes.map(({ line, status }: Outcome) => [line, status]),
      [
        ...[1, 2, 3, 4, 5].map((line) => [line, 201]),
        ...[7, 8, 9].map((line) => [line, 400]),
        ...[10, 11, 12].map((line) => [line, 201]),
      ],
    )
    assert.deepEqual(
      [outcomes[0].id, outcomes[0].grant.state, outcomes[0].database],
      ['customer-0', 'active', 'batch-0'],
    )
    assert.equal(outcomes[7].id, 'customer-5')
  })

  test('that is sent again resumes: what was taken is the same grant and nothing is spent twice', async () => {
    const before = await lab.tokenCalls()
    const first = await send(lines)
    assert.deepEqual(
      first.map(({ status }: Outcome) => status),
      users.map((_, index) => (index < 8 ? 200 : 201)),
    )
    const second = await send(lines)
    assert.deepEqual(new Set(second.map(({ outcome }: Outcome) => outcome)), new Set(['repeated']))
    assert.deepEqual(
      second.map(({ grant }: Outcome) => grant.id),
      first.map(({ grant }: Outcome) => grant.id),
    )
    assert.equal(await lab.tokenCalls(), before)
    const { body } = await lab.call('POST', '/databases/batch-11/query', { sql: 'SELECT 1 AS one' })
    assert.deepEqual(body.rows, [[1]])
  })

  test('is refused without the scope, and a line is refused that lacks its own', async () => {
    const { body: key } = await lab.call('POST', '/keys', { name: 'x', scopes: ['handover:write'] })
    const ndjson = { 'content-type': 'application/x-ndjson' }
    const { text: answer } = await lab.call(
      'POST',
      '/handovers/batch?dryRun=true',
      JSON.stringify({ ...lines[0], database: { name: 'forbidden' } }),
      { key: key.key, headers: ndjson },
    )
    assert.equal(JSON.parse(answer).problem.code, 'FORBIDDEN')
    const { body: other } = await lab.call('POST', '/keys', { name: 'y', scopes: ['query'] })
    const { status } = await lab.call('POST', '/handovers/batch', '{}', { key: other.key, headers: ndjson })
    assert.equal(status, 403)
  })

  test('by the command line prints each outcome, and fails when a line did', async () => {
    const keyFile = join(lab.home, 'api-key')
    writeFileSync(keyFile, labKey, { mode: 0o600 })
    const file = join(lab.home, 'batch.ndjson')
    const run = async (args: readonly string[]) => {
      const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
      const child = spawn(process.execPath, [main, 'handover', '--batch', file, ...args], {
        env: { PATH: process.env.PATH, SLUIS_URL: lab.url, SLUIS_API_KEY_FILE: keyFile },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const [output, errors, [status]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit'),
      ])
      return { output, errors, status }
    }
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const good = await run([])
    assert.equal(good.status, 0, good.errors)
    assert.match(good.output, /customer-3: repeated grt_\w+ active database batch-3\n/)
    assert.match(good.output, /\n12 repeated\n$/)
    writeFileSync(file, `${JSON.stringify({ ...lines[0], region: 'atlantis' })}\n`)
    const bad = await run(['--dry-run', '--json'])
    assert.equal(bad.status, 2)
    assert.equal(JSON.parse(bad.output).problem.code, 'INVALID_REQUEST')
    assert.match(bad.errors, /line 1/)
    assert.doesNotMatch(bad.output + bad.errors + good.output, /canary/)
  })
})

describe('webhooks and sealing keys over HTTP', () => {
  test('a webhook is made, shown without its secret, rotated and ended', async () => {
    const refused = await lab.call('POST', '/webhooks', { url: 'http://127.0.0.1:1/' })
    assert.deepEqual([refused.status, refused.body.code], [400, 'INVALID_REQUEST'])
    const made = await lab.call('POST', '/webhooks', {
      url: 'https://partner.example/hook',
      events: ['grant.needs_consent'],
    })
    assert.equal(made.status, 201)
    assert.match(made.body.secret, /^whsec_/)
    const { id } = made.body
    const shown = await lab.call('GET', `/webhooks/${id}`)
    assert.deepEqual([shown.body.events, shown.body.secret], [['grant.needs_consent'], undefined])
    const rotated = await lab.call('POST', `/webhooks/${id}/rotate`)
    assert.notEqual(rotated.body.secret, made.body.secret)
    assert.ok(rotated.body.previousSecretUntil)
    assert.deepEqual((await lab.call('GET', `/webhooks/${id}/deliveries`)).body, { deliveries: [] })
    const replay = await lab.call('POST', `/webhooks/${id}/deliveries/replay`)
    assert.deepEqual([replay.status, replay.body], [202, { replayed: 0 }])
    assert.equal((await lab.call('DELETE', `/webhooks/${id}`)).status, 204)
    assert.equal((await lab.call('GET', `/webhooks/${id}`)).status, 404)
    assert.equal(
      (await lab.call('POST', '/webhooks', { url: 'https://x.example', events: ['gold'] })).status,
      400,
    )
  })

  test('keys rotate, and a grant that was sealed before is leased after', async () => {
    const { accessToken, refreshToken } = await lab.tokens('rotation@example.com')
    const { body: grant } = await lab.call(
      'POST',
      '/grants',
      lab.handover({ kind: 'tokens', accessToken, refreshToken }),
    )
    const { body: before } = await lab.call('GET', '/handover-key')
    const { status, body } = await lab.call('POST', '/keys/rotate', { keys: ['kek', 'data', 'handover'] })
    assert.equal(status, 200)
    assert.ok(body.moved.kek >= 3 && body.moved.data >= 1, JSON.stringify(body))
    assert.notEqual((await lab.call('GET', '/handover-key')).body.kid, before.kid)
    await lab.restart()
    const lease = await lab.call('POST', `/grants/${grant.id}/lease`)
    assert.deepEqual([lease.status, lease.body.accessToken], [200, accessToken])
  })
})
