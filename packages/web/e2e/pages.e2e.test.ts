import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { labKey } from '@sluis/server/testing'
import { openMenu, openWebLab, type WebLab } from './testing/web-lab.ts'

interface Fetched {
  readonly url: string
  readonly kind: string
  readonly bytes: number
}

let lab: WebLab
let grant: string
before(async () => {
  lab = await openWebLab()
  const pair = await lab.tokens()
  const { body } = await lab.call('POST', '/databases', {
    name: 'bakery',
    title: 'The Bakery',
    ...lab.handover({ kind: 'tokens', ...pair }),
  })
  grant = body.grant.id
  await lab.call('POST', '/databases/bakery/query', { sql: 'SELECT count(*) FROM crm.Accounts' })
})
after(() => lab?.close())

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

describe('how the web application is served', () => {
  test('a deep link is a page without inline scripts, under a policy that allows none', async () => {
    const response = await fetch(`${lab.url}/app/setup/databases/new/exactonline`)
    assert.equal(response.status, 200)
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'; script-src 'self';/)
    assert.doesNotMatch(policy, /unsafe/)
    const html = await response.text()
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/)
    const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1] ?? 'none'
    assert.ok(html.includes(nonce))
    const again = await fetch(`${lab.url}/app/`)
    assert.ok(!again.headers.get('content-security-policy')?.includes(nonce), 'a nonce is used once')
    assert.equal(response.headers.get('x-frame-options'), 'DENY')
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
  })

  test('a script that is no longer there is not answered with a page, and no path leaves the folder', async () => {
    assert.equal((await fetch(`${lab.url}/app/assets/gone.js`)).status, 404)
    const outside = await fetch(`${lab.url}/app/..%2f..%2fpackage.json`)
    assert.doesNotMatch(await outside.text(), /"@sluis\/web"/)
  })

  test('the wizard’s first load is under 250 kB of compressed script', () => {
    type Chunk = { file: string; imports?: string[]; isEntry?: boolean }
    const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>
    const needed = new Set<string>()
    const add = (name: string) => {
      if (needed.has(name)) return
      needed.add(name)
      for (const other of manifest[name]?.imports ?? []) add(other)
    }
    for (const [name, { isEntry }] of Object.entries(manifest))
      if (isEntry || name.endsWith('wizard-page.tsx')) add(name)
    assert.ok(needed.size >= 2)
    const bytes = [...needed].reduce(
      (sum, name) => sum + gzipSync(readFileSync(`${dist}${manifest[name]?.file}`)).length,
      0,
    )
    assert.ok(bytes < 250_000, `${bytes} bytes`)
  })

  test('a browser that comes to the wizard for the first time fetches little, in few requests, from here alone', async () => {
    const { page } = await lab.arrive('/healthz')
    const sizes: Promise<Fetched>[] = []
    page.on('requestfinished', (request) =>
      sizes.push(
        request.sizes().then(({ responseBodySize }) => ({
          url: request.url(),
          kind: request.resourceType(),
          bytes: responseBodySize,
        })),
      ),
    )
    await page.goto(`${lab.url}/app/setup/databases/new/exactonline`)
    await page.getByLabel('API key').fill(labKey)
    await page.keyboard.press('Enter')
    await page.getByRole('radio', { name: 'Netherlands' }).waitFor()
    const fetched = await Promise.all(sizes)
    const sum = (kind: string) =>
      fetched.filter((one) => one.kind === kind).reduce((total, { bytes }) => total + bytes, 0)
    assert.ok(
      fetched.every(({ url }) => url.startsWith(`${lab.url}/`)),
      'nothing comes from elsewhere',
    )
    // As it went over the line: compressed.
    assert.ok(sum('script') < 250_000, `${sum('script')} bytes of script`)
    assert.ok(sum('stylesheet') < 50_000, `${sum('stylesheet')} bytes of style`)
    assert.ok(fetched.length <= 60, `${fetched.length} requests`)
    assert.ok(!fetched.some(({ url }) => url.includes('sql-page')), 'the editor is loaded on demand')
    assert.equal(globSync('assets/sql-page-*.js', { cwd: dist }).length, 1, 'it is called so')
  })
})

describe('people', () => {
  test('the first owner comes in by the set-up link, logs out, and in again with the password', async () => {
    const link = new URL(lab.setupUrl ?? '')
    const { page, check } = await lab.arrive(`${link.pathname}${link.hash}`, { width: 375 })
    await page.getByLabel('Your name').fill('Olga Owner')
    await page.getByLabel('E-mail address').fill('olga@example.com')
    await page.locator('input[type=password]').first().fill('a sentence that nobody guesses')
    assert.equal(await page.evaluate('location.hash'), '', 'the secret leaves the address')
    await check('setup')
    await page.getByRole('button', { name: 'Become owner' }).click()
    await page.getByRole('link', { name: 'The Bakery' }).waitFor()
    await openMenu(page)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('E-mail address').fill('olga@example.com')
    await page.locator('input[type=password]').first().fill('not it, not at all')
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByText('That was not right.', { exact: false }).waitFor()
    await page.locator('input[type=password]').first().fill('a sentence that nobody guesses')
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByRole('link', { name: 'The Bakery' }).waitFor()
    await page.reload()
    await page.getByRole('link', { name: 'The Bakery' }).waitFor()
  })
})

describe('databases and grants', () => {
  for (const visit of [
    { width: 1280, locale: 'en-GB', isDark: true },
    { width: 375, locale: 'nl-NL', isDark: false },
  ] as const) {
    test(`every page fits and is accessible at ${visit.width} px in ${visit.locale}`, async () => {
      const pages = [
        ['databases', '/app/', 'The Bakery'],
        ['database', '/app/databases/bakery', 'SELECT count(*) FROM crm.Accounts'],
        ['grants', '/app/grants', 'bakery'],
        ['grant', `/app/grants/${grant}`, 'bakery'],
        ['platforms', '/app/setup/databases/new', 'Exact Online'],
      ] as const
      for (const [name, path, sign] of pages) {
        const { page, check } = await lab.visit(path, visit)
        await page.getByText(sign, { exact: true }).first().waitFor()
        await check(name)
        await page.context().close()
      }
    })
  }

  test('a key that is wrong says so, and the log-in is accessible', async () => {
    const { page, check } = await lab.visit('/app/grants')
    await page.getByRole('heading', { name: 'Grants' }).waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('API key').fill('wrong')
    await page.getByRole('button', { name: 'Log in with the key' }).click()
    await page.getByText('The server does not know this key.').waitFor()
    await check('login')
  })

  test('companies are chosen, and all again', async () => {
    const { page, check } = await lab.visit('/app/databases/bakery')
    await page.getByRole('button', { name: 'Choose companies' }).click()
    await page.getByRole('switch', { name: 'All, new ones too' }).click()
    await page.getByRole('region', { name: 'eol' }).getByRole('button', { name: 'Save' }).click()
    await page.getByText('Choose at least one company.').waitFor()
    await page.getByRole('checkbox').first().check()
    await check('partitions')
    await page.getByRole('region', { name: 'eol' }).getByRole('button', { name: 'Save' }).click()
    await page.getByText('1 chosen').waitFor()
    assert.equal((await lab.call('GET', '/databases/bakery')).body.sources[0].partitions.length, 1)
  })

  test('a database is deleted only after its name is typed; its grant stays and can then be forgotten', async () => {
    const { page } = await lab.visit('/app/databases/bakery')
    const button = page.getByRole('button', { name: 'Delete the database' })
    assert.equal(await button.isDisabled(), true)
    await page.getByLabel('Type the name bakery').fill('bakery')
    await button.click()
    await page.getByText('No database yet.').waitFor()
    assert.equal((await lab.call('GET', `/grants/${grant}`)).status, 200)
    await page.getByRole('link', { name: 'Grants' }).click()
    await page.getByRole('table').getByRole('link').first().click()
    await page.getByRole('button', { name: 'Forget the grant' }).click()
    await page.getByRole('button', { name: 'Forget it for good' }).click()
    await page.getByText('No grant yet.', { exact: false }).waitFor()
  })
})
