import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type HttpLab, labKey, openHttpLab } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import { startTestBrowser } from '../../../../scripts/testing/browser.ts'

/** `SCREENSHOTS=folder` keeps what the tests saw. */
const screenshots = process.env.SCREENSHOTS
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface Visit {
  readonly width?: 375 | 1280
  readonly locale?: 'en-GB' | 'nl-NL'
  readonly isDark?: boolean
}

export interface VisitedPage {
  readonly page: Page
  /** What the page's own scripts and its security policy complained of. */
  readonly faults: string[]
  /** WCAG 2.2 AA by axe, nothing wider than the window, and a picture where wanted. */
  check(name: string): Promise<void>
}

export interface WebLab extends HttpLab {
  /** A page at this address, as anybody. */
  arrive(path: string, options?: Visit): Promise<VisitedPage>
  /** A page at this address, logged in with the owner's key. */
  visit(path: string, options?: Visit): Promise<VisitedPage>
}

/** On a narrow window the way through the pages, and out, is behind a button. */
export const openMenu = (page: Page) => page.getByRole('banner').getByRole('button', { name: 'Menu' }).click()

/** A real server on PostgreSQL with the emulator beside it, and a real browser. */
export async function openWebLab(
  environment?: Readonly<Record<string, string>>,
  moreRegions?: Readonly<Record<string, object>>,
): Promise<WebLab> {
  const lab = await openHttpLab(environment, moreRegions)
  const browser = await startTestBrowser()
  const arrive = async (path: string, options: Visit = {}): Promise<VisitedPage> => {
    const { width = 1280, locale = 'en-GB', isDark = false } = options
    const { page, faults } = await browser.open({
      viewport: { width, height: 900 },
      locale,
      colorScheme: isDark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    })
    await page.goto(`${lab.url}${path}`)
    return {
      page,
      faults,
      async check(name) {
        if (screenshots) {
          const tone = isDark ? 'dark' : 'light'
          await page.screenshot({
            path: `${screenshots}/${name}-${width}-${locale.slice(0, 2)}-${tone}.png`,
            fullPage: true,
          })
        }
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth > innerWidth'),
          false,
          `${name} is wider than ${width} px`,
        )
        // By evaluation: the security policy lets no script in that is not ours.
        await page.evaluate(axe)
        const violations = (await page.evaluate(
          `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
            .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary).join(' | ')))`,
        )) as string[]
        assert.deepEqual(violations, [], `${name} at ${width} px`)
        assert.deepEqual(faults, [], name)
      },
    }
  }
  const visit = async (path: string, options?: Visit) => {
    const arrived = await arrive(path, options)
    await arrived.page.getByLabel(/^API-?[ ]?(key|sleutel)/).fill(labKey)
    await arrived.page.getByRole('button', { name: /met de sleutel|with the key/ }).click()
    return arrived
  }
  return Object.assign(Object.create(lab) as HttpLab, {
    arrive,
    visit,
    async close() {
      await browser.close()
      await lab.close()
    },
  })
}
