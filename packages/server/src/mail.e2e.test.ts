import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openSmtpReceiver, type SmtpReceiver, textOf } from '@sluis/people/testing'
import { openTestStore } from '@sluis/store/testing'
import { createLogTo } from './create-log.ts'
import { readServerOptions } from './server-options.ts'
import { type RunningServer, startServer } from './start-server.ts'
import { Browser, tokenIn } from './testing/browser.ts'
import { totp } from './testing/totp.ts'

const password = 'correct horse battery staple'
const home = mkdtempSync(join(tmpdir(), 'sluis-mail-'))
chmodSync(home, 0o711)
const logged: string[] = []
let store: Awaited<ReturnType<typeof openTestStore>>
let receiver: SmtpReceiver
let server: RunningServer
let owner: Browser
before(async () => {
  store = await openTestStore()
  receiver = await openSmtpReceiver()
  server = await startServer(
    readServerOptions({
      SLUIS_HOME: home,
      SLUIS_PORT: '0',
      DATABASE_URL: store.databaseUrl,
      SLUIS_SMTP_URL: receiver.url,
      SLUIS_MAIL_FROM: 'post@sluis.example',
    }),
    createLogTo({ write: (text) => logged.push(text) }, 'debug'),
  )
  owner = new Browser(() => server.url)
  const token = tokenIn(server.setupUrl)
  const made = await owner.call('POST', '/setup', { token, name: 'O', email: 'o@example.com', password })
  assert.equal(made.status, 201, made.text)
})
after(async () => {
  await server?.close()
  await receiver?.close()
  await store?.close()
  rmSync(home, { recursive: true, force: true })
})
const tokenOf = (raw: string | undefined) => /#token=([\w-]{43})/.exec(textOf(raw ?? ''))?.[1] ?? ''

test('an invitation is mailed, in Dutch where that is asked, and its link works', async () => {
  const invitation = { email: 'nina@example.com', role: 'analyst', language: 'nl' }
  // Whoever asks could name another server as the one that was asked.
  const { body } = await owner.call('POST', '/members', invitation)
  assert.equal(body.isMailed, true)
  const [letter] = receiver.letters
  assert.deepEqual(letter?.to, ['nina@example.com'])
  assert.match(letter?.raw ?? '', /^From: Sluis <post@sluis\.example>/m)
  assert.match(textOf(letter?.raw ?? ''), /Je bent uitgenodigd voor Default, als analist\./)
  const browser = new Browser(() => server.url)
  const accepting = { token: tokenOf(letter?.raw), name: 'Nina', password }
  const joined = await browser.call('POST', '/invitations/accept', accepting)
  assert.equal(joined.status, 201, joined.text)
})

test('a forgotten password: a link by mail, to nobody who is not there, and not again at once', async () => {
  receiver.letters.splice(0)
  const ask = (email: string) =>
    new Browser(() => server.url).call(
      'POST',
      '/password-resets',
      { email },
      { headers: { host: 'evil.example' } },
    )
  const coming = receiver.next()
  const nobody = await ask('nobody@example.com')
  const first = await ask('O@example.com')
  assert.equal(first.status, 202, first.text)
  assert.deepEqual([first.text, first.body], [nobody.text, { isMailed: true }])
  await coming
  await ask('o@example.com')
  await owner.call('POST', '/members', { email: 'last@example.com', role: 'analyst' })
  assert.deepEqual(
    receiver.letters.map(({ to }) => to[0]),
    ['o@example.com', 'last@example.com'],
  )
  const text = textOf(receiver.letters[0]?.raw ?? '')
  assert.match(text, /http:\/\/localhost:\d+\/app\/reset#token=/, 'never the address that the asker names')
  const token = tokenOf(receiver.letters[0]?.raw)
  const reset = { token, newPassword: 'another password entirely' }
  const changed = await new Browser(() => server.url).call('POST', '/api/auth/reset-password', reset)
  assert.equal(changed.status, 200, changed.text)
  assert.ok(!logged.join('').includes(token))
  assert.equal((await owner.logIn('o@example.com', reset.newPassword)).status, 200)
  const { rows } = await store.pool.query('SELECT t::text AS row FROM person_verification t')
  assert.ok(!JSON.stringify(rows).includes(token), 'only a hash of it is kept')
})

test('who had taken an address beforehand kept a passkey and a second factor after its holder had come', async () => {
  receiver.letters.splice(0)
  const { body } = await owner.call('POST', '/members', { email: 'boss@example.com', role: 'analyst' })
  const rival = new Browser(() => server.url)
  const taking = { token: tokenIn(body.link), name: 'Not the boss', password }
  assert.equal((await rival.call('POST', '/invitations/accept', taking)).status, 201)
  assert.equal((await rival.logIn('boss@example.com', password)).status, 200)
  const begun = await rival.call('POST', '/api/auth/two-factor/enable', { password })
  const confirmed = await rival.call('POST', '/api/auth/two-factor/verify-totp', {
    code: totp(begun.body.totpURI),
  })
  assert.equal(confirmed.status, 200, confirmed.text)

  const coming = receiver.next()
  const boss = new Browser(() => server.url)
  await boss.call('POST', '/password-resets', { email: 'boss@example.com' })
  await coming
  const token = tokenOf(receiver.letters.at(-1)?.raw)
  const newPassword = 'what the boss alone knows'
  const reset = await boss.call('POST', '/api/auth/reset-password', { token, newPassword })
  assert.equal(reset.status, 200, reset.text)
  assert.equal((await rival.call('GET', '/session')).status, 401)
  const entered = await boss.logIn('boss@example.com', newPassword)
  assert.deepEqual([entered.status, entered.body.twoFactorRedirect], [200, undefined])
  assert.equal((await boss.call('GET', '/session')).status, 200)

  // What is theirs from now on stays at the next link, and a link that an owner makes shows nothing.
  const own = await boss.call('POST', '/api/auth/two-factor/enable', { password: newPassword })
  await boss.call('POST', '/api/auth/two-factor/verify-totp', { code: totp(own.body.totpURI) })
  const { rows } = await store.pool.query<{ id: string }>(
    "SELECT id FROM person WHERE email = 'boss@example.com'",
  )
  const { body: made } = await owner.call('POST', `/members/${rows[0]?.id}/reset-link`)
  const again = { token: tokenIn(made.link), newPassword: 'and another one, once more' }
  assert.equal((await boss.call('POST', '/api/auth/reset-password', again)).status, 200)
  const asked = await new Browser(() => server.url).logIn('boss@example.com', again.newPassword)
  assert.equal(asked.body.twoFactorRedirect, true, asked.text)
})

test('a line break in an address or a name begins no header', async () => {
  const { status } = await owner.call('POST', '/members', {
    email: 'x@example.com\r\nBcc: y@example.com',
    role: 'analyst',
  })
  assert.equal(status, 400)
  const [{ id }] = (await owner.call('GET', '/organisations')).body.organisations
  await owner.call('PATCH', `/organisations/${id}`, { name: 'A\r\nBcc: y@example.com' })
  receiver.letters.splice(0)
  assert.equal(
    (await owner.call('POST', '/members', { email: 'x@example.com', role: 'analyst' })).body.isMailed,
    true,
  )
  assert.deepEqual(receiver.letters[0]?.to, ['x@example.com'])
  assert.doesNotMatch(receiver.letters[0]?.raw ?? '', /^Bcc:/im)
})
