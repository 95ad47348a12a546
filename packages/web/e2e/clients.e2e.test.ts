import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { labClient, labKey } from '@sluis/server/testing'
import { openWebLab, type WebLab } from './testing/web-lab.ts'

// App registrations that are kept: one story, from the first to its end.

let lab: WebLab
let below: string
before(async () => {
  lab = await openWebLab()
  below = (await lab.call('POST', '/organisations', { name: 'Customer' })).body.id
})
after(() => lab?.close())

const kept = async () => (await lab.call('GET', '/clients')).body.clients[0]

test('a client is kept for the organisations below too, and its secret is shown to nobody again', async () => {
  const { page, check } = await lab.visit('/app/grants')
  await page.getByRole('link', { name: 'Clients' }).click()
  await page.getByText('No client is kept yet.').waitFor()
  const form = page.getByRole('region', { name: 'Keep a client' })
  await form.getByLabel('Platform').selectOption({ label: 'Exact Online' })
  await form.getByLabel('Country').selectOption({ label: 'Lab' })
  await form.getByLabel('Name').fill('Books of our customers')
  await form.getByLabel('Client ID').fill(labClient.clientId)
  await form.getByLabel('Client secret').fill(labClient.clientSecret)
  await form.getByLabel('Redirect URLs').fill(`${labClient.redirectUri}\n\n  ${lab.url}/app/consent/return\n`)
  await form.getByRole('switch', { name: 'Organisations below may use it' }).click()
  await check('clients-form')
  await form.getByRole('button', { name: 'Keep it' }).click()
  await page.getByText('Books of our customers is kept.').waitFor()
  await page.getByRole('cell', { name: 'Exact Online · Lab' }).waitFor()
  await check('clients')
  const html = await page.content()
  assert.ok(!html.includes(labClient.clientSecret), 'the page forgets what it sent')
  assert.deepEqual((await kept()).redirectUris, [labClient.redirectUri, `${lab.url}/app/consent/return`])

  await form.getByLabel('Platform').selectOption({ label: 'Exact Online' })
  await form.getByLabel('Country').selectOption({ label: 'Lab' })
  await form.getByLabel('Client ID').fill(labClient.clientId)
  await form.getByLabel('Client secret').fill('another secret')
  await form.getByLabel('Redirect URLs').fill(labClient.redirectUri)
  await form.getByRole('button', { name: 'Keep it' }).click()
  await page.getByText(/This client ID is stored already/).waitFor()
})

test('the wizard takes it in the place of an ID, a secret and an address; a typed one stays possible', async () => {
  const { page, check, faults } = await lab.visit('/app/setup/databases/new/exactonline')
  await page.getByRole('radio', { name: 'Lab' }).click()
  await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
  await page.getByLabel('Client ID').waitFor()
  await page.getByLabel('App', { exact: true }).selectOption({ label: 'Books of our customers · lab' })
  assert.equal(await page.getByLabel('Client secret').count(), 0)
  await page.getByLabel('Redirect URL').selectOption(labClient.redirectUri)
  await page.getByRole('radio', { name: 'Authorization code' }).click()
  await page.getByLabel('Authorization code, or the whole address').fill(await lab.code('kees@example.com'))
  await check('wizard-kept-client')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'The database is ready' }).waitFor()
  assert.equal((await kept()).grants, 1)
  await page.getByRole('button', { name: 'Another database' }).click()
  await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
  assert.equal(await page.getByLabel('Client ID').count(), 0, 'the client is still chosen')
  await page.getByLabel('App', { exact: true }).selectOption('typed')
  await page.getByLabel('Client ID').waitFor()
  assert.deepEqual(faults, [])
})

test('a new secret waits until it has worked, and one that is refused ends nothing', async () => {
  const { id } = await kept()
  const [grant] = (await lab.call('GET', '/grants')).body.grants
  const spend = async () => {
    // Past the wait that follows a refusal, too.
    await lab.moveClock({ advanceSeconds: 1200 })
    await lab.call('POST', `/grants/${grant.id}/refresh`)
  }
  const { page, check } = await lab.visit(`/app/clients/${id}`, { width: 375, locale: 'nl-NL', isDark: true })
  await page.getByText('Levende toestemmingen op deze client ID, hier en', { exact: false }).waitFor()
  await check('client')
  await page.getByLabel('Nieuw secret').fill('mistyped')
  await page.getByRole('button', { name: 'Geef het nieuwe secret' }).click()
  await page.getByText('is een nieuw secret gegeven', { exact: false }).waitFor()
  assert.equal(await page.getByLabel('Nieuw secret').inputValue(), '')
  await check('client-secret-waits')
  await spend()
  const again = await lab.visit(`/app/clients/${id}`)
  await again.page.getByText('The platform refused the new secret of', { exact: false }).waitFor()
  await again.check('client-secret-refused')
  await again.page.getByLabel('New secret').fill(labClient.clientSecret)
  await again.page.getByRole('button', { name: 'Give the new secret' }).click()
  await again.page.getByText('The next refresh of a grant tries it', { exact: false }).waitFor()
  await spend()
  assert.equal((await kept()).newSecret, null)
  assert.equal((await lab.call('GET', `/grants/${grant.id}`)).body.state, 'active')
})

test('an organisation below sees it and cannot change it, nor can who only reads', async () => {
  const { page, check } = await lab.visit(`/app/clients?organisation=${below}`, {
    width: 375,
    locale: 'nl-NL',
  })
  await page.getByText('van hierboven').waitFor()
  await check('clients-inherited')
  await page.getByRole('link', { name: 'Books of our customers' }).click()
  await page.getByText('Deze client is van een organisatie hierboven.', { exact: false }).waitFor()
  await page.getByText(labClient.redirectUri).waitFor()
  assert.equal(await page.getByLabel('Nieuw secret').count(), 0)
  await check('client-inherited')

  const { body } = await lab.call('POST', '/keys', { name: 'reads', scopes: ['clients:read'] })
  const reader = await lab.arrive('/app/clients')
  await reader.page.getByLabel('API key').fill(body.key)
  await reader.page.keyboard.press('Enter')
  await reader.page.getByRole('link', { name: 'Books of our customers' }).click()
  await reader.page.getByRole('heading', { name: 'Books of our customers' }).waitFor()
  assert.equal(await reader.page.getByRole('button', { name: 'Save' }).count(), 0)
  assert.equal(await reader.page.getByRole('link', { name: 'Grants', exact: true }).count(), 1)
})

test('it is renamed, and forgotten once no grant uses it, which the refusal names', async () => {
  const { id } = await kept()
  const [grant] = (await lab.call('GET', '/grants')).body.grants
  const { page, check } = await lab.visit(`/app/clients/${id}`)
  await page.getByLabel('Name').fill('')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: labClient.clientId, exact: true }).waitFor()
  await page.getByText('Saved.').waitFor()
  const forget = async () => {
    await page.getByRole('button', { name: 'Forget the client' }).click()
    await page.keyboard.press('Enter')
  }
  await forget()
  await page.getByText('Grants use this client.', { exact: false }).waitFor()
  await page.getByRole('link', { name: grant.id }).waitFor()
  await check('client-in-use')
  for (const name of grant.databases) await lab.call('DELETE', `/databases/${name}`)
  await lab.call('DELETE', `/grants/${grant.id}`)
  await forget()
  await page.getByText('No client is kept yet.').waitFor()
  const [last] = (await lab.call('GET', '/audit?limit=1')).body.events
  assert.equal(last.action, 'client.deleted')
  assert.ok(!lab.logged.some((line) => line.includes(labClient.clientSecret) || line.includes(labKey)))
})
