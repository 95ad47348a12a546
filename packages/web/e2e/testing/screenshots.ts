import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startTestServer } from '@sluis/store/testing'
import type { Page } from 'playwright-core'
import type { Visit, WebLab } from './web-lab.ts'

// `npm run screenshots`: every page in both languages, themes and sizes into screenshots/, to be looked at.
// `npm run screenshots -- docs` makes the few pictures that the docs show.
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const words = process.argv.slice(2)

interface Shot {
  readonly name: string
  readonly path: string
  /** Brings the page to where it is worth a picture. */
  readonly until: (page: Page, isDutch: boolean) => Promise<unknown>
}

const ready = (page: Page) => page.getByRole('heading', { level: 1 }).waitFor()
const fillWizard = async (page: Page, tokens: boolean) => {
  await page.getByRole('radio', { name: 'Lab' }).click()
  await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
  await page.getByLabel('Client ID').fill('6f1c0e5a-2d1b-4c55-9c0e-partner-app')
  await page.getByLabel('Client secret').fill('a secret that nobody sees')
  await page.getByLabel('Redirect URL').fill('https://partner.example/cb')
  if (!tokens) return
  await page.getByRole('radio', { name: 'Access token / refresh token' }).click()
  await page.getByLabel('Refresh token', { exact: true }).fill('stampNL001.gAAA…')
}
const runSql = async (page: Page, sql: string, isDutch: boolean, button: readonly [string, string]) => {
  await page.getByRole('textbox', { name: /^SQL: / }).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText(sql)
  await page.getByRole('button', { name: button[isDutch ? 1 : 0], exact: true }).click()
}
const invoicesByCustomer = `SELECT a.Name, a.City, count(*) AS invoices, sum(i.AmountDC) AS amount
FROM crm.Accounts a
JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID
WHERE a.City = 'Delft'
GROUP BY ALL
ORDER BY amount DESC`

const shots = ({ grant, client, asked }: Prepared): Shot[] => [
  {
    name: 'databases',
    path: '/app/databases',
    until: (page) => page.getByText('De Bakkerij').first().waitFor(),
  },
  {
    name: 'database',
    path: '/app/databases/bakery',
    until: (page) => page.getByText('De Bakkerij').first().waitFor(),
  },
  {
    name: 'sql',
    path: '/app/databases/bakery/sql',
    async until(page, isDutch) {
      await runSql(page, invoicesByCustomer, isDutch, ['Run', 'Uitvoeren'])
      await page.getByRole('grid').waitFor()
      await page.getByRole('gridcell').first().waitFor()
    },
  },
  {
    name: 'sql-explain',
    path: '/app/databases/bakery/sql',
    async until(page, isDutch) {
      await runSql(page, invoicesByCustomer, isDutch, ['Expected calls', 'Verwachte aanroepen'])
      await page.getByRole('img').waitFor()
    },
  },
  {
    name: 'tables',
    path: '/app/databases/bakery/tables?table=crm.Contacts',
    until: (page) => page.getByRole('heading', { name: 'crm.Contacts' }).waitFor(),
  },
  {
    name: 'activity',
    path: '/app/databases/bakery/activity',
    until: (page) => page.getByRole('row').nth(3).waitFor(),
  },
  { name: 'overview', path: '/app/overview', until: (page) => page.getByRole('figure').first().waitFor() },
  { name: 'grants', path: '/app/grants', until: (page) => page.getByText('bakery').first().waitFor() },
  {
    name: 'grant',
    path: `/app/grants/${grant}`,
    until: (page) => page.getByText('bakery').first().waitFor(),
  },
  { name: 'grant-renew', path: `/app/grants/${grant}/renew`, until: ready },
  { name: 'clients', path: '/app/clients', until: ready },
  { name: 'client', path: `/app/clients/${client}`, until: ready },
  { name: 'preauthentication-waiting', path: `/app/preauthentications/${asked}`, until: ready },
  { name: 'preauthentications', path: '/app/preauthentications', until: ready },
  {
    name: 'preauthentication-new',
    path: '/app/preauthentications/new?platform=exact-online&region=lab',
    until: (page) => page.getByRole('radio').nth(3).waitFor(),
  },
  { name: 'members', path: '/app/organisation/members', until: ready },
  { name: 'keys', path: '/app/organisation/keys', until: ready },
  { name: 'organisations', path: '/app/organisation/below', until: ready },
  { name: 'audit', path: '/app/organisation/audit', until: ready },
  {
    name: 'platforms',
    path: '/app/setup/databases/new',
    until: (page) => page.getByText('Exact Online').first().waitFor(),
  },
  {
    name: 'wizard-country',
    path: '/app/setup/databases/new/exactonline',
    until: (page) => page.getByRole('radio').nth(7).waitFor(),
  },
  {
    name: 'wizard-client',
    path: '/app/setup/databases/new/exactonline',
    until: (page) => fillWizard(page, false),
  },
  {
    name: 'wizard-tokens',
    path: '/app/setup/databases/new/exactonline',
    until: (page) => fillWizard(page, true),
  },
]

/** Pictures of the docs: name, how it is visited, and how much of its height is shown. */
const pictures: readonly (readonly [shot: string, file: string, visit: Visit, height: number])[] = [
  ['sql', 'sql-editor', {}, 900],
  ['sql-explain', 'expected-calls', {}, 760],
  ['overview', 'overview', {}, 700],
  ...(['en-GB', 'nl-NL'] as const).flatMap((locale) =>
    (
      [
        ['wizard-country', 560],
        ['wizard-client', 900],
        ['wizard-tokens', 1500],
      ] as const
    ).map(([shot, height]) => [shot, `${shot}-${locale.slice(0, 2)}`, { locale }, height] as const),
  ),
]

interface Prepared {
  readonly grant: string
  readonly client: string
  readonly asked: string
}

async function prepare(lab: WebLab): Promise<Prepared> {
  const must = async (method: string, path: string, body: object) => {
    const answer = await lab.call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`)
    return answer.body
  }
  const pair = await lab.tokens()
  const { grant } = await must('POST', '/databases', {
    name: 'bakery',
    title: 'De Bakkerij',
    ...lab.handover({ kind: 'tokens', ...pair }),
  })
  await must('POST', '/databases/bakery/query', { sql: 'SELECT count(*) FROM crm.Accounts' })
  await must('POST', '/databases/bakery/query', { sql: 'SELECT Name FROM crm.Contacts LIMIT 10' }).catch(
    () => {},
  )
  await lab.call('POST', '/databases/bakery/query', { sql: 'SELECT Nmae FROM crm.Accounts' })
  // Of another country than the wizard's pictures, which are of an organisation that keeps no client.
  const place = { platform: 'exact-online', region: 'nl' }
  const redirectUris = [`${lab.url}/app/consent/return`]
  const app = { clientId: '6f1c0e5a-2d1b-4c55-9c0e', clientSecret: 'a secret that nobody sees', redirectUris }
  const client = await must('POST', '/clients', { ...place, ...app, label: 'Boeken van onze klanten' })
  const ask = (label: string) => must('POST', '/preauthentications', { ...place, client: client.id, label })
  const cancelled = await ask('Slagerij De Vries')
  await lab.call('DELETE', `/preauthentications/${cancelled.id}`)
  const asked = await ask('Bakkerij Bos')
  return { grant: grant.id, client: client.id, asked: asked.id }
}

const server = await startTestServer()
Object.assign(process.env, server.environment)
const { openWebLab } = await import('./web-lab.ts')
const lab = await openWebLab()
try {
  const all = shots(await prepare(lab))
  const take = async ({ path, until }: Shot, visit: Visit, file: string, height: number | null) => {
    const { page } = await lab.visit(path, visit)
    await until(page, visit.locale === 'nl-NL')
    await page.mouse.move(0, 0)
    await page.evaluate('scrollTo(0, 0)')
    const options = height === null ? { fullPage: true } : {}
    if (height !== null) await page.setViewportSize({ width: 1000, height })
    await page.screenshot({ path: file, ...options })
    await page.context().close()
    process.stdout.write(`${file.slice(root.length)}\n`)
  }
  if (words[0] === 'docs') {
    for (const [name, file, visit, height] of pictures) {
      const shot = all.find((one) => one.name === name)
      if (shot) await take(shot, visit, join(root, `docs/pictures/${file}.png`), height)
    }
  } else {
    const folder = join(root, 'screenshots')
    mkdirSync(folder, { recursive: true })
    const wanted = all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
    const files: string[] = []
    for (const shot of wanted)
      for (const width of [1280, 375] as const)
        for (const locale of ['en-GB', 'nl-NL'] as const)
          for (const isDark of [false, true]) {
            const file = `${shot.name}-${width}-${locale.slice(0, 2)}-${isDark ? 'dark' : 'light'}.png`
            await take(shot, { width, locale, isDark }, join(folder, file), null)
            files.push(file)
          }
    // One page to look at them all.
    writeFileSync(
      join(folder, 'index.html'),
      files
        .map((file) => `<figure><figcaption>${file}</figcaption><img src="${file}" loading="lazy"></figure>`)
        .join('\n'),
    )
  }
} finally {
  await lab.close()
  await server.stop()
}
