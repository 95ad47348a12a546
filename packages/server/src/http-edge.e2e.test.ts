import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type HttpLab, labKey, openHttpLab } from './testing/http-lab.ts'

let lab: HttpLab
before(async () => {
  lab = await openHttpLab()
})
after(() => lab.close())

/** What comes back on a bare connection. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(lab.url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

test('who may not is told so before what is wrong with the body', async () => {
  const { body } = await lab.call('POST', '/keys', { name: 'reader', scopes: ['grants:read'] })
  for (const sent of [{ nonsense: true }, '{"not json', {}]) {
    const answer = await lab.call('POST', '/grants', sent, { key: body.key })
    assert.equal(answer.status, 403, answer.text)
    assert.deepEqual(answer.body.missing, ['handover:write'])
  }
  assert.equal((await lab.call('POST', '/grants', { nonsense: true })).status, 400)
})

test('a compressed body and another charset are refused, and UTF-8 in any spelling is not', async () => {
  const send = (headers: Record<string, string>) =>
    lab.call('POST', '/keys', { name: 'é', scopes: ['query'] }, { headers })
  for (const headers of [
    { 'content-encoding': 'gzip' },
    { 'content-type': 'application/json; charset=iso-8859-1' },
    { 'content-type': 'application/json;charset="UTF-16"' },
  ]) {
    const answer = await send(headers as Record<string, string>)
    assert.equal(answer.status, 400, JSON.stringify(headers))
    assert.equal(answer.body.code, 'INVALID_REQUEST')
  }
  for (const headers of [
    { 'content-encoding': 'identity' },
    { 'content-type': 'application/json; charset=utf-8' },
    { 'content-type': 'application/json; charset="UTF-8"' },
  ]) {
    const answer = await send(headers as Record<string, string>)
    assert.equal(answer.status, 201, JSON.stringify(headers))
    assert.equal(answer.body.name, 'é')
  }
})

test('what is no HTTP, and a path that cannot be read, are answered as problems that end with a line', async () => {
  const head = `Host: x\r\nAuthorization: Bearer ${labKey}\r\nConnection: close\r\n`
  for (const text of [
    'nonsense\r\n\r\n',
    `GET /api/v1/grants HTTP/1.1\r\n${head}X: ${'x'.repeat(20_000)}\r\n\r\n`,
    `GET /api/v1/grants/%zz HTTP/1.1\r\n${head}\r\n`,
  ]) {
    const answer = await raw(text)
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /content-type: application\/problem\+json/i)
    assert.match(answer, /"code":"INVALID_REQUEST".*\}\n/)
    assert.ok(answer.trimEnd().endsWith('}') || /\}\n\r\n0/.test(answer), answer.slice(-40))
  }
})

test('statements come in pages, newest first, each once', async () => {
  const made = await lab.call('POST', '/databases', {
    name: 'paged',
    ...lab.handover({ kind: 'tokens', ...(await lab.tokens()) }),
  })
  assert.equal(made.status, 201, made.text)
  const ran: string[] = []
  for (let index = 0; index < 5; index++) {
    const { headers } = await lab.call('POST', '/databases/paged/query', { sql: `SELECT ${index}` })
    ran.unshift(headers.get('sluis-statement') ?? '')
  }
  const seen: string[] = []
  let after = ''
  for (let page = 0; page < 5; page++) {
    const { body } = await lab.call('GET', `/databases/paged/statements?limit=2${after}`)
    seen.push(...body.statements.map(({ id }: { id: string }) => id))
    if (body.after === undefined) break
    after = `&after=${body.after}`
  }
  assert.deepEqual(seen, ran)
  assert.equal((await lab.call('GET', '/databases/paged/statements?after=nonsense')).status, 400)
})
