import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
/** Never the bundled browser's own list: its `--single-process` breaks closing a context. */
const flags = ['--headless=shell', '--disable-gpu', '--font-render-hinting=none']

export interface TestBrowser {
  /** A page in a context of its own: no cookies of another test. Faults in the page's scripts end up in `faults`. */
  open(options?: BrowserContextOptions): Promise<{ readonly page: Page; readonly faults: string[] }>
  close(): Promise<void>
}

/** A real browser for tests: the machine's Chromium or Chrome where there is one, else the one from npm. */
export async function startTestBrowser(): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'sluis-browser-'))
  const system = systemBrowsers.find((path) => existsSync(path))
  const browser = await launch(folder, system)
  return {
    async open(options = {}) {
      const context = await browser.newContext(options)
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
          faults.push(message.text())
      })
      return { page, faults }
    },
    async close() {
      await browser.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function launch(folder: string, system: string | undefined): Promise<Browser> {
  // Chromium refuses its sandbox to root; an ordinary user keeps it where the system offers one.
  const args = [...flags, '--no-sandbox', '--disable-dev-shm-usage']
  const before = { TMPDIR: process.env.TMPDIR, AWS_EXECUTION_ENV: process.env.AWS_EXECUTION_ENV }
  try {
    // A private folder: the package takes any `$TMPDIR/chromium` that it finds, also a half-unpacked one.
    process.env.TMPDIR = folder
    if (system !== undefined) return await chromium.launch({ executablePath: system, args })
    // Makes the package bring the libraries (nss and others) that a bare machine lacks. Only there: beside the system's
    // own ones its font library ends the browser ("SkFontMgr_FontConfigInterface: Not implemented").
    if (!hasSystemLibraries()) process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs24.x'
    const { default: bundled } = await import('@sparticuz/chromium')
    const executablePath = await bundled.executablePath()
    return await chromium.launch({
      executablePath,
      args,
      env: { ...(process.env as Record<string, string>), HOME: folder },
    })
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

function hasSystemLibraries(): boolean {
  const folders = ['/lib', '/usr/lib', '/lib64', '/usr/lib64'].flatMap((folder) => [
    folder,
    `${folder}/x86_64-linux-gnu`,
    `${folder}/aarch64-linux-gnu`,
  ])
  return folders.some((folder) => existsSync(join(folder, 'libnss3.so')))
}
