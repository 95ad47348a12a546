import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startTestServer } from '@sluis/store/testing'
import type { Page } from 'playwright-core'
import { pictureLab } from './screenshot-lab.ts'
import { firstShots, type Shot, shots } from './screenshot-pages.ts'

// `npm run screenshots`: every page in both languages, themes and sizes into screenshots/, to be looked at; words after
// it choose pages by name. `npm run screenshots -- docs` makes the few pictures that the docs show.
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const words = process.argv.slice(2)
const languages = ['en-GB', 'nl-NL'] as const

interface Picture {
  readonly shot: string
  readonly locales: readonly (typeof languages)[number][]
  /** Text above which it begins; without one it begins at the top. */
  readonly from?: RegExp
  readonly height: number
}
/** Above it all of the header stands in one row. */
const pictureWidth = 1040
/** The few pictures of the docs. */
const pictures: readonly Picture[] = [
  { shot: 'sql', locales: ['en-GB'], height: 900 },
  { shot: 'sql-explain', locales: ['en-GB'], height: 760 },
  { shot: 'overview', locales: ['en-GB'], height: 660 },
  { shot: 'wizard-country', locales: languages, height: 560 },
  {
    shot: 'wizard-client',
    locales: languages,
    from: /^(Way of authentication|Manier van authenticeren)$/,
    height: 550,
  },
  { shot: 'wizard-tokens', locales: languages, from: /^(What you have|Wat je hebt)$/, height: 690 },
  { shot: 'connect', locales: languages, height: 620 },
  { shot: 'connect-links', locales: languages, height: 620 },
  { shot: 'connect-settings', locales: languages, height: 960 },
  { shot: 'preauthentication-new', locales: ['en-GB'], height: 760 },
  { shot: 'preauthentications', locales: ['en-GB'], height: 400 },
]
const fileNames: Readonly<Record<string, string>> = { sql: 'sql-editor', 'sql-explain': 'expected-calls' }

const server = await startTestServer()
Object.assign(process.env, server.environment)
const { openWebLab } = await import('./web-lab.ts')
const lab = await openWebLab()

/** A page where the picture is taken, in a browser of its own. */
async function arrive({ path, until, asNobody }: Shot, locale: (typeof languages)[number]): Promise<Page> {
  const { page } = await (asNobody ? lab.arrive(path, { locale }) : lab.visit(path, { locale }))
  await until(page, locale === 'nl-NL')
  // Parts of a page that are loaded by themselves, such as the list of organisations, come after it.
  await page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => {})
  await page.mouse.move(0, 0)
  await page.evaluate('scrollTo(0, 0)')
  return page
}
const settled = (page: Page) =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')

/** One page in every look; says what was written. */
async function takeAll(shot: Shot, folder: string): Promise<string[]> {
  const files: string[] = []
  for (const locale of languages) {
    const page = await arrive(shot, locale)
    for (const width of [1280, 375])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme })
        await settled(page)
        const file = `${shot.name}-${width}-${locale.slice(0, 2)}-${colorScheme}.png`
        await page.screenshot({ path: join(folder, file), fullPage: true, animations: 'disabled' })
        files.push(file)
      }
    await page.context().close()
  }
  process.stdout.write(`${shot.name}\n`)
  return files
}

/** All pictures on one page, a row for each page of the application. */
const index = (rows: ReadonlyMap<string, readonly string[]>) =>
  `<!doctype html><style>section{display:flex;gap:12px;align-items:start;overflow-x:auto}img{width:560px;border:1px solid #888}img[src*="-375-"]{width:280px}</style>${[
    ...rows,
  ]
    .map(
      ([name, files]) =>
        `<h2 id="${name}">${name}</h2><section>${files.map((file) => `<img src="${file}" alt="${file}" loading="lazy">`).join('')}</section>`,
    )
    .join('\n')}`

try {
  if (words[0] === 'docs') {
    const all = shots(await pictureLab(lab))
    const isWanted = ({ shot }: Picture) => words.length === 1 || words.includes(shot)
    for (const { shot: name, locales, from, height } of pictures.filter(isWanted))
      for (const locale of locales) {
        const shot = all.find((one) => one.name === name)
        if (!shot) throw new TypeError(`there is no page ${name}`)
        const file = `${fileNames[name] ?? name}${locales.length > 1 ? `-${locale.slice(0, 2)}` : ''}.png`
        const page = await arrive(shot, locale)
        await page.setViewportSize({ width: pictureWidth, height: 900 })
        await settled(page)
        const box = from === undefined ? null : await page.getByText(from).first().boundingBox()
        const clip = { x: 0, y: box === null ? 0 : box.y - 14, width: pictureWidth, height }
        await page.screenshot({ path: join(root, 'docs/pictures', file), clip, fullPage: true })
        await page.context().close()
        process.stdout.write(`docs/pictures/${file}\n`)
      }
  } else {
    const folder = join(root, 'screenshots')
    mkdirSync(folder, { recursive: true })
    const isWanted = ({ name }: Shot) => words.length === 0 || words.some((word) => name.includes(word))
    const rows = new Map<string, readonly string[]>()
    // One page that cannot be reached leaves the others their pictures.
    const take = async (shot: Shot) => {
      if (!isWanted(shot)) return
      try {
        rows.set(shot.name, await takeAll(shot, folder))
      } catch (error) {
        process.stderr.write(`${shot.name}: ${(error as Error).message}\n`)
        process.exitCode = 1
      }
    }
    for (const shot of firstShots(lab.setupUrl ?? '')) await take(shot)
    for (const shot of shots(await pictureLab(lab))) await take(shot)
    writeFileSync(join(folder, 'index.html'), index(rows))
  }
} finally {
  await lab.close()
  await server.stop()
}
