import assert from 'node:assert/strict'
import { Browser, tokenIn } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import type { Visit, VisitedPage, WebLab } from './web-lab.ts'

export const password = 'a sentence that nobody guesses'

/** Logs in on the page that is open. */
export async function fillLogIn(page: Page, email: string, typed = password): Promise<void> {
  await page.getByLabel(/^E-?mail/).fill(email)
  await page.locator('input[type=password]').first().fill(typed)
  await page.getByRole('button', { name: /^(Log in|Inloggen)$/ }).click()
}

/** The people of a lab: its first owner, and whom she invites. */
export function peopleOf(lab: () => WebLab) {
  const olga = new Browser(() => lab().url)
  return {
    olga,

    /** Makes Olga the first owner, by the API. */
    async begin(): Promise<void> {
      const made = await olga.call('POST', '/setup', {
        token: tokenIn(lab().setupUrl),
        name: 'Olga Owner',
        email: 'olga@example.com',
        password,
      })
      assert.equal(made.status, 201, made.text)
    },

    /** A page at this address, logged in as this person. */
    async visitAs(email: string, path: string, visit: Visit = {}): Promise<VisitedPage> {
      const arrived = await lab().arrive(path, visit)
      await fillLogIn(arrived.page, email)
      return arrived
    },

    /** A new member, by the API. */
    async join(email: string, role: string, name: string, organisation?: string) {
      const invited = await olga.call(
        'POST',
        '/members',
        { email, role },
        organisation ? { organisation } : {},
      )
      const browser = new Browser(() => lab().url)
      const joined = await browser.call('POST', '/invitations/accept', {
        token: tokenIn(invited.body.link),
        name,
        password,
      })
      assert.equal(joined.status, 201, joined.text)
      return { browser, id: joined.body.person.id as string }
    },
  }
}
