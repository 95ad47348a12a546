import { labClient } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import { fillLogIn, password } from './people-of-lab.ts'
import type { PicturedLab } from './screenshot-lab.ts'

/** One page at a moment that is worth a picture. */
export interface Shot {
  readonly name: string
  readonly path: string
  /** Without it, with the owner's key. */
  readonly asNobody?: true
  /** Brings the page there. */
  readonly until: (page: Page, isDutch: boolean) => Promise<unknown>
}

const ready = (page: Page) => page.getByRole('heading', { level: 1 }).waitFor()
const pathOf = (url: string) => url.slice(new URL(url).origin.length)
const button = (page: Page, name: RegExp) => page.getByRole('button', { name })

type Way = 'client' | 'code' | 'tokens'
const fillWizard = async (page: Page, way: Way, isDutch: boolean, client = 'a secret that nobody sees') => {
  await page.getByRole('radio', { name: 'Lab' }).click()
  await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
  const isReal = client === labClient.clientSecret
  await page.getByLabel('Client ID').fill(isReal ? labClient.clientId : '6f1c0e5a-2d1b-4c55-9c0e-partner-app')
  await page.getByLabel('Client secret').fill(client)
  await page.getByLabel('Redirect URL').fill(isReal ? labClient.redirectUri : 'https://partner.example/cb')
  if (way === 'client') return
  const code = isDutch ? 'Autorisatiecode' : 'Authorization code'
  await page.getByRole('radio', { name: way === 'code' ? code : 'Access token / refresh token' }).click()
  if (isReal) return
  if (way === 'tokens') await page.getByLabel('Refresh token', { exact: true }).fill('stampNL001.gAAA…')
  else
    await page
      .getByLabel(isDutch ? /^Autorisatiecode, of/ : /^Authorization code, or/)
      .fill('stampNL001.xKk4…')
}

export async function runSql(page: Page, sql: string, isDutch: boolean, names: readonly [string, string]) {
  await page.getByRole('textbox', { name: /^SQL: / }).focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText(sql)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: names[isDutch ? 1 : 0], exact: true }).click()
}
const run = ['Run', 'Uitvoeren'] as const
const invoicesByCustomer = `SELECT a.Name, a.City, count(*) AS invoices, sum(i.AmountDC) AS amount
FROM crm.Accounts a
JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID
WHERE a.City = 'Delft'
GROUP BY ALL
ORDER BY amount DESC`
const invoicesByMonth = `SELECT date_trunc('month', InvoiceDate)::DATE AS month, sum(AmountDC) AS amount
FROM salesinvoice.SalesInvoices
GROUP BY ALL
ORDER BY month`

/** Before there is an owner. */
export const firstShots = (setupUrl: string): readonly Shot[] => [
  {
    name: 'setup',
    path: pathOf(setupUrl),
    asNobody: true,
    until: (page) => page.locator('input[type=password]').first().waitFor(),
  },
]

export const shots = (lab: PicturedLab): readonly Shot[] => [
  {
    name: 'log-in',
    path: '/app/',
    asNobody: true,
    until: (page) => button(page, /passkey/).waitFor(),
  },
  {
    name: 'log-in-refused',
    path: '/app/',
    asNobody: true,
    async until(page) {
      await fillLogIn(page, lab.olga.email, 'not her password')
      await page.getByRole('alert').first().waitFor()
    },
  },
  {
    name: 'log-in-code',
    path: '/app/',
    asNobody: true,
    async until(page) {
      await fillLogIn(page, lab.tim.email)
      await page.getByLabel(/authenticator/).waitFor()
    },
  },
  {
    name: 'forgot-password',
    path: '/app/',
    asNobody: true,
    async until(page) {
      await button(page, /vergeten|Forgot/).click()
      await page.getByRole('heading', { level: 2 }).waitFor()
    },
  },
  {
    name: 'invitation',
    path: pathOf(lab.invitation),
    asNobody: true,
    until: (page) => page.locator('input[type=password]').first().waitFor(),
  },
  {
    name: 'reset',
    path: pathOf(lab.reset),
    asNobody: true,
    until: (page) => page.locator('input[type=password]').first().waitFor(),
  },
  { name: 'refused', path: '/app/refused?error=NOT_INVITED', asNobody: true, until: ready },
  {
    name: 'account',
    // Passkeys know no numeric addresses.
    path: '/app/',
    asNobody: true,
    async until(page) {
      const cdp = await page.context().newCDPSession(page)
      await cdp.send('WebAuthn.enable')
      await cdp.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      })
      await page.goto(`${lab.url.replace('127.0.0.1', 'localhost')}/app/account`)
      await fillLogIn(page, lab.olga.email)
      await page.getByLabel(/Name of the passkey|Naam van de passkey/).fill('Laptop')
      await button(page, /Add a passkey|Voeg een passkey toe/).click()
      await page.getByRole('cell', { name: 'Laptop', exact: true }).first().waitFor()
    },
  },
  {
    name: 'two-factor',
    path: '/app/account',
    asNobody: true,
    async until(page) {
      await fillLogIn(page, lab.olga.email)
      await page
        .getByLabel(/^(Your password|Je wachtwoord)/)
        .first()
        .fill(password)
      await button(page, /^(Set it up|Instellen)$/).click()
      await page.getByRole('img').first().waitFor()
    },
  },
  { name: 'empty', path: `/app/databases?organisation=${lab.empty}`, until: ready },
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
      await runSql(page, invoicesByCustomer, isDutch, run)
      await page.getByRole('grid').waitFor()
      await page.getByRole('gridcell').first().waitFor()
    },
  },
  {
    name: 'sql-chart',
    path: '/app/databases/bakery/sql',
    async until(page, isDutch) {
      await runSql(page, invoicesByMonth, isDutch, run)
      await page.getByRole('grid').waitFor()
      await page.getByText(isDutch ? 'Grafiek' : 'Chart', { exact: true }).click()
      await page.getByRole('slider').focus()
      await page.keyboard.press('End')
    },
  },
  {
    name: 'sql-saved',
    path: '/app/databases/bakery/sql',
    async until(page, isDutch) {
      await runSql(page, invoicesByCustomer, isDutch, ['Save…', 'Opslaan…'])
      await page.getByRole('row').nth(2).waitFor()
    },
  },
  {
    name: 'sql-error',
    path: '/app/databases/bakery/sql',
    async until(page, isDutch) {
      await runSql(page, 'SELECT Nmae, City\nFROM crm.Accounts', isDutch, run)
      await page.getByRole('alert').waitFor()
    },
  },
  {
    name: 'sql-explain',
    path: '/app/databases/bakery/sql',
    async until(page, isDutch) {
      await runSql(page, invoicesByCustomer, isDutch, ['Expected calls', 'Verwachte aanroepen'])
      await page.locator('svg.explain').waitFor()
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
    path: `/app/grants/${lab.grant}`,
    until: (page) => page.getByText('bakery').first().waitFor(),
  },
  { name: 'grant-renew', path: `/app/grants/${lab.grant}/renew`, until: ready },
  { name: 'connect', path: pathOf(lab.connect), asNobody: true, until: ready },
  {
    name: 'connect-links',
    path: '/app/connect-links',
    until: (page) => page.getByRole('row').nth(3).waitFor(),
  },
  {
    name: 'connect-link-new',
    path: '/app/connect-links/new',
    async until(page, isDutch) {
      await page.getByLabel('Platform').selectOption({ label: 'Exact Online' })
      await page.getByLabel(isDutch ? 'Land' : 'Country').selectOption('nl')
      await page.getByLabel('App', { exact: true }).waitFor()
    },
  },
  {
    name: 'connect-settings',
    path: '/app/connect-links/settings',
    until: (page) => page.getByRole('heading', { level: 2 }).waitFor(),
  },
  { name: 'clients', path: '/app/clients', until: (page) => page.getByRole('row').nth(1).waitFor() },
  { name: 'client', path: `/app/clients/${lab.client}`, until: ready },
  {
    name: 'preauthentications',
    path: '/app/preauthentications',
    until: (page) => page.getByRole('row').nth(1).waitFor(),
  },
  {
    name: 'preauthentication-waiting',
    path: `/app/preauthentications/${lab.asked}`,
    until: ready,
  },
  {
    name: 'preauthentication-new',
    path: '/app/preauthentications/new?platform=exact-online&region=lab',
    until: (page) => page.getByRole('radio').nth(3).waitFor(),
  },
  {
    name: 'consent',
    path: pathOf(lab.consent),
    asNobody: true,
    until: (page) => button(page, /Exact/).waitFor(),
  },
  {
    name: 'members',
    path: '/app/organisation/members',
    until: (page) => page.getByRole('row').nth(3).waitFor(),
  },
  { name: 'keys', path: '/app/organisation/keys', until: (page) => page.getByRole('row').nth(2).waitFor() },
  {
    name: 'organisations',
    path: '/app/organisation/below',
    until: (page) => page.getByText('Bakkerij Bos').first().waitFor(),
  },
  {
    name: 'audit',
    path: '/app/organisation/audit',
    until: (page) => page.getByRole('row').nth(5).waitFor(),
  },
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
    until: (page, isDutch) => fillWizard(page, 'client', isDutch),
  },
  {
    name: 'wizard-code',
    path: '/app/setup/databases/new/exactonline',
    until: (page, isDutch) => fillWizard(page, 'code', isDutch),
  },
  {
    name: 'wizard-tokens',
    path: '/app/setup/databases/new/exactonline',
    until: (page, isDutch) => fillWizard(page, 'tokens', isDutch),
  },
  {
    name: 'wizard-failed',
    path: '/app/setup/databases/new/exactonline',
    async until(page, isDutch) {
      await fillWizard(page, 'tokens', isDutch, labClient.clientSecret)
      await page.getByLabel('Refresh token', { exact: true }).fill('stampNL001.nobody-gave-this-one')
      await button(page, /^(Continue|Doorgaan)$/).click()
      await page
        .getByText(/HANDOVER_/)
        .first()
        .waitFor()
    },
  },
  {
    name: 'wizard-done',
    path: '/app/setup/databases/new/exactonline',
    async until(page, isDutch) {
      const { accessToken, refreshToken } = await lab.tokens(
        isDutch ? 'piet@example.com' : 'pete@example.com',
      )
      await fillWizard(page, 'tokens', isDutch, labClient.clientSecret)
      await page.getByLabel('Access token', { exact: true }).fill(accessToken)
      await page.getByLabel('Refresh token', { exact: true }).fill(refreshToken)
      await button(page, /^(Continue|Doorgaan)$/).click()
      await page.getByRole('cell').first().waitFor()
    },
  },
  { name: 'not-found', path: '/app/nowhere', until: (page) => page.getByText('404').waitFor() },
]
