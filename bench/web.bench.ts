import type { Page } from 'playwright-core'
import { startTestBrowser, type TestBrowser } from '../scripts/testing/browser.ts'
import { type Benchmark, quantile, type Report } from './benchmark.ts'
import { owner, WebServer } from './web-server.ts'

const small = process.env.SLUIS_BENCH_SCALE === 'small'
const loads = small ? 3 : 11
const databases = small ? 5 : 200

interface Place {
  readonly name: string
  readonly path: string
  /** Waits until what somebody came for is there. */
  readonly until: (page: Page) => Promise<void>
}
const places: readonly Place[] = [
  {
    name: 'wizard',
    path: '/app/setup/databases/new/exactonline',
    until: (page) => page.getByRole('radio', { name: 'Netherlands' }).waitFor(),
  },
  {
    name: 'databases',
    path: '/app',
    until: (page) => page.getByRole('link', { name: 'Customer 1', exact: true }).waitFor(),
  },
]

export const benchmark: Benchmark = {
  title: `the built web application from a server as \`npm start\` starts it, in a real Chromium; median of ${loads} loads`,
  async run(report) {
    const server = await WebServer.start(databases)
    const browser = await startTestBrowser()
    try {
      const session = await logIn(browser, server.url)
      for (const place of places) await measure(place, server.url, browser, session, report)
    } finally {
      await browser.close()
      await server.stop()
    }
  },
}

type Session = Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>

async function logIn(browser: TestBrowser, url: string): Promise<Session> {
  const { page } = await browser.open({ locale: 'en-GB' })
  await page.goto(`${url}/app`)
  await page.getByLabel('E-mail address').fill(owner.email)
  await page.getByLabel('Password').first().fill(owner.password)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.getByRole('link', { name: 'Customer 1', exact: true }).waitFor()
  const state = await page.context().storageState()
  await page.context().close()
  return state
}

interface Load {
  /** Milliseconds from the navigation to the largest contentful paint. */
  readonly paint: number
  readonly scriptBytes: number
}

/** Loads as somebody who is logged in and comes for the first time, and then once more. */
async function measure(
  place: Place,
  url: string,
  browser: TestBrowser,
  session: Session,
  report: Report,
): Promise<void> {
  const first: Load[] = []
  const again: Load[] = []
  // The first one is not counted: Chromium and the server compile what they run.
  for (let turn = 0; turn <= loads; turn++) {
    const { page } = await browser.open({
      locale: 'en-GB',
      viewport: { width: 1280, height: 900 },
      storageState: session,
    })
    // Painting is told to whoever asks before it happens.
    await page.addInitScript(
      `window.paints = []; new PerformanceObserver((list) => paints.push(...list.getEntries())).observe({ type: 'largest-contentful-paint', buffered: true })`,
    )
    const cold = await load(page, url, place)
    const warm = await load(page, url, place)
    if (turn > 0) {
      first.push(cold)
      again.push(warm)
    }
    await page.context().close()
  }
  const median = (loads: readonly Load[], of: (load: Load) => number) => quantile(loads.map(of), 0.5)
  const { name } = place
  const paint = ({ paint }: Load) => paint
  report({ name: `${name}.lcp`, value: median(first, paint), unit: 'ms', goal: '< 1,500' })
  report({ name: `${name}.lcp.p90`, value: quantile(first.map(paint), 0.9), unit: 'ms' })
  report({ name: `${name}.lcp.again`, value: median(again, paint), unit: 'ms', goal: '< 1,500' })
  report({
    name: `${name}.script`,
    value: median(first, ({ scriptBytes }) => scriptBytes) / 1000,
    unit: 'kB gzip',
    goal: '< 250',
  })
}

async function load(page: Page, url: string, { path, until }: Place): Promise<Load> {
  await page.goto(`${url}${path}`)
  await until(page)
  // What was drawn last is told after it is on the screen.
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))',
  )
  const [paint, scriptBytes] = (await page.evaluate(
    `[paints.at(-1)?.startTime, performance.getEntriesByType('resource').filter(({ name }) => new URL(name).pathname.endsWith('.js')).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)]`,
  )) as [number | null, number]
  if (paint === null) throw new Error(`${path} told of no largest contentful paint`)
  return { paint, scriptBytes }
}
